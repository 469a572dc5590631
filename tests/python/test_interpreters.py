# SPDX-License-Identifier: Apache-2.0
"""Interpreters that end while everything is in use, and several of them in one process."""
import importlib.util
import os
import sys

import pytest

# ---- shutdown ----

EVERYTHING = """
import atexit, sys, threading, time
import coffer

store = coffer.open(sys.argv[1], sync=False)
registry = coffer.Registry()
with store.task("Flow/1/step/1", mode="w") as task:
    task["x"] = list(range(100))
done = store.task("Flow/1/step/1")
writer = store.task("Flow/1/step/2", mode="w")
writer["x"] = 1
data = done.load_bytes("x")
view = memoryview(data)
ARRAY = (b"\\x80\\x04\\x95\\x80\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x8c\\x16numpy._core.multiarray\\x94\\x8c\\x0c_reconstruct\\x94\\x93\\x94"
         b"\\x8c\\x05numpy\\x94\\x8c\\x07ndarray\\x94\\x93\\x94K\\x00\\x85\\x94C\\x01b\\x94\\x87\\x94R\\x94(K\\x01K\\x02\\x85\\x94h\\x03\\x8c\\x05dtype\\x94"
         b"\\x93\\x94\\x8c\\x02u1\\x94\\x89\\x88\\x87\\x94R\\x94(K\\x03\\x8c\\x01|\\x94NNNJ\\xff\\xff\\xff\\xffJ\\xff\\xff\\xff\\xffK\\x00t\\x94b\\x89C\\x02\\x01\\x02"
         b"\\x94t\\x94b.")
tensor = coffer.inspect(ARRAY)
assert isinstance(tensor, coffer.Tensor) and bytes(tensor) == b"\\x01\\x02", tensor
tensor_view = memoryview(tensor)
"""


def test_everything_may_be_alive_at_the_end(run_python, tmp_path):
    assert run_python(EVERYTHING + "print('ended')", tmp_path) == "ended\n"


@pytest.mark.parametrize("end", ["sys.exit(0)", "raise SystemExit", "coffer.extra = done; sys.modules['kept'] = writer"])
def test_ways_to_end(run_python, tmp_path, end):
    run_python(EVERYTHING + end, tmp_path)


def test_handles_in_cycles_and_in_each_other(run_python, tmp_path):
    program = """
class Node:
    pass
node = Node()
node.node, node.all = node, [store, registry, done, writer, data, view, tensor, tensor_view]
store.__class__.kept = node
def function(default=(node, store)):
    return default
sys.excepthook_kept = function
"""
    run_python(EVERYTHING + program, tmp_path)


def test_use_while_the_interpreter_ends(run_python, tmp_path):
    program = """
class Late:
    def __init__(self):
        self.store, self.task, self.serialize = store, done, coffer.serialize
    def __del__(self):
        try:
            self.task["x"], self.store.runs("Flow"), self.serialize([1]), self.task.close()
        except BaseException as error:
            assert isinstance(error, (coffer_error, ImportError, RuntimeError, TypeError, AttributeError)), error
coffer_error = coffer.Error
late = Late()
atexit.register(lambda: print(store.runs("Flow"), done["x"][:2]))
"""
    assert run_python(EVERYTHING + program, tmp_path) == "['1'] [0, 1]\n"


def test_daemon_threads_in_the_library_at_the_end(run_python, tmp_path):
    program = """
def save(number):
    i = 0
    while True:
        with store.task(f"Flow/2/step{number}/{i}", mode="w") as task:
            task["x"] = bytes(200_000)
            task["y"] = [number, i]
        store.task(f"Flow/2/step{number}/{i}")["y"]
        coffer.inspect(data)
        i += 1
for number in range(4):
    threading.Thread(target=save, args=(number,), daemon=True).start()
time.sleep(0.3)
"""
    for number in range(3):
        run_python(EVERYTHING + program, tmp_path / str(number))


def test_threads_that_are_waited_for(run_python, tmp_path):
    program = """
def save():
    time.sleep(0.2)
    with store.task("Flow/3/step/1", mode="w") as task:
        task["x"] = 1
    print(store.task("Flow/3/step/1")["x"])
threading.Thread(target=save).start()
"""
    assert run_python(EVERYTHING + program, tmp_path) == "1\n"


def test_the_module_may_be_thrown_out_and_imported_anew(run_python, tmp_path):
    program = """
import gc
for _ in range(5):
    old = coffer
    for name in [name for name in sys.modules if name.split(".")[0] == "coffer"]:
        del sys.modules[name]
    import coffer
    assert coffer is not old and coffer.Task is not old.Task
    assert coffer.open(sys.argv[1]).task("Flow/1/step/1")["x"] == done["x"]
    try:
        coffer.open(sys.argv[1], registry=registry)
    except TypeError:
        pass  # a handle of the other module
    else:
        raise AssertionError
    del old
    gc.collect()
"""
    run_python(EVERYTHING + program, tmp_path)


# ---- several interpreters ----

HELPERS = """
import sys
if sys.version_info >= (3, 13):
    import _interpreters as interpreters
    def create(own_lock):
        return interpreters.create("isolated" if own_lock else "legacy")
    def run(which, program):
        failure = interpreters.run_string(which, program)
        assert failure is None, failure
else:
    import _xxsubinterpreters as interpreters
    def create(own_lock):
        return interpreters.create(isolated=own_lock)
    def run(which, program):
        interpreters.run_string(which, program)
"""
WORK = """
import coffer
store = coffer.open(ROOT, sync=False)
for i in range(10):
    with store.task(f"Flow/1/{STEP}/{i}", mode="w") as task:
        task["x"] = [i, "text"]
    task = store.task(f"Flow/1/{STEP}/{i}")
    assert task["x"] == [i, "text"]
blobs, metadata = coffer.serialize({"a": 1})
assert coffer.deserialize(blobs, metadata) == coffer.inspect(blobs[0]) == {"a": 1}
class Failing:
    def __reduce__(self):
        raise KeyError("no")
try:
    coffer.serialize(Failing())
except coffer.SerializerFailed as error:
    assert type(error.__cause__) is KeyError
else:
    raise AssertionError
"""

if all(importlib.util.find_spec(name) is None for name in ("_interpreters", "_xxsubinterpreters")):
    pytest.skip("this Python has no subinterpreters", allow_module_level=True)

OWN_LOCK = [False, True] if sys.version_info >= (3, 12) else [False]


def work(root, step):
    return f"ROOT, STEP = {str(root)!r}, {step!r}\n{WORK}"


@pytest.mark.parametrize("own_lock", OWN_LOCK)
def test_one_after_another(run_python, tmp_path, own_lock):
    program = f"""{HELPERS}
exec({work(tmp_path, 'main')!r})
for number in range(5):
    which = create({own_lock})
    run(which, {work(tmp_path, 'sub')!r}.replace("sub", f"sub{{number}}"))
    interpreters.destroy(which)
    assert store.task("Flow/1/main/3")["x"] == [3, "text"]
print(store.steps("Flow/1"))
"""
    assert run_python(program) == str(["main", *(f"sub{number}" for number in range(5))]) + "\n"


@pytest.mark.parametrize("own_lock", OWN_LOCK)
def test_at_the_same_time(run_python, tmp_path, own_lock):
    program = f"""{HELPERS}
import threading
failures = []
def work(number):
    try:
        which = create({own_lock})
        run(which, {work(tmp_path, 'sub')!r}.replace("sub", f"sub{{number}}"))
        interpreters.destroy(which)
    except BaseException as error:
        failures.append(error)
threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
exec({work(tmp_path, 'main')!r})
for thread in threads:
    thread.join()
assert not failures, failures
print(len(store.steps("Flow/1")), store.verify().ok)
"""
    assert run_python(program) == "5 True\n"


@pytest.mark.parametrize("own_lock", OWN_LOCK)
def test_handles_alive_when_one_ends(run_python, tmp_path, own_lock):
    inner = f"import sys; sys.argv = ['', {str(tmp_path)!r}]\n{EVERYTHING}\nsys.modules['kept'] = [store, writer, view]"
    program = f"""{HELPERS}
for _ in range(3):
    which = create({own_lock})
    run(which, {inner!r}.replace("step/1", f"step/1{{_}}").replace("step/2", f"step/2{{_}}"))
    interpreters.destroy(which)
exec({work(tmp_path, 'main')!r})
"""
    run_python(program)


def test_classes_are_each_interpreter_s_own(run_python):
    program = f"""{HELPERS}
import coffer, os
reader, writer = os.pipe()
which = create(False)
run(which, f"import coffer, os; os.write({{writer}}, str((id(coffer.Task), id(coffer.NotFound))).encode())")
print(str((id(coffer.Task), id(coffer.NotFound))) != os.read(reader, 100).decode())
interpreters.destroy(which)
"""
    assert run_python(program) == "True\n"


def test_an_interpreter_ends_the_process_while_others_live(run_python, tmp_path):
    program = f"""{HELPERS}
which = create(False)
run(which, {work(tmp_path, 'sub')!r})
exec({work(tmp_path, 'main')!r})
"""
    run_python(program, env=dict(os.environ, PYTHONFAULTHANDLER="1"))
