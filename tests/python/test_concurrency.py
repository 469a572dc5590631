# SPDX-License-Identifier: Apache-2.0
"""Several threads, and processes that fork, in one store at once."""
import concurrent.futures
import multiprocessing
import os
import pathlib
import pickle
import signal
import threading
import time

import pytest

import coffer

# The parent has threads when it forks: newer Pythons warn of just what is tested here.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
THREADS = 8


def together(work, count=THREADS):
    """Runs work(0), work(1), ... in threads that start at the same moment; the first exception is raised."""
    barrier = threading.Barrier(count)

    def start(number):
        barrier.wait(timeout=60)
        return work(number)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(start, range(count), timeout=120))


def save_and_load(store, number, rounds=20):
    for i in range(rounds):
        pathspec = f"Flow/1/step/{number * rounds + i}"
        mine, shared = {"number": number, "round": i, "data": bytes(2000)}, list(range(500))
        with store.task(pathspec, mode="w") as task:
            task.update(mine=mine, shared=shared)
        task = store.task(pathspec)
        assert task["mine"] == mine and task["shared"] == shared


def test_threads_save_and_load_in_one_store(store):
    together(lambda number: save_and_load(store, number))
    assert len(store.tasks("Flow/1/step")) == THREADS * 20
    assert store.verify().ok


def test_threads_open_the_same_place_for_themselves(tmp_path):
    together(lambda number: save_and_load(coffer.open(tmp_path, sync=False), number, rounds=5))
    assert coffer.open(tmp_path).verify().ok


def test_threads_share_a_task(store):
    """One thread at a time works on it; none of what they save is lost."""
    with store.task("Flow/1/step/1", mode="w") as task:
        together(lambda number: [task.save({f"a{number}_{i}": [number, i]}) for i in range(20)])
    task = store.task("Flow/1/step/1")
    assert dict(task) == {f"a{number}_{i}": [number, i] for number in range(THREADS) for i in range(20)}
    assert together(lambda number: [task[name] for name in task]) == [list(task.values())] * THREADS


def test_of_several_writers_of_one_attempt_one_completes_it(store):
    def write(number):
        try:
            with store.task("Flow/1/step/1", mode="w") as task:
                task["x"] = number
        except coffer.WrongState:
            return None
        return number

    done = [number for number in together(write) if number is not None]
    assert len(done) >= 1 and store.task("Flow/1/step/1")["x"] in done


def test_a_task_may_be_closed_under_another_thread(store):
    for number in range(20):
        task = store.task(f"Flow/1/step/{number}", mode="w")

        def work(which, task=task):
            try:
                for i in range(50):
                    task[f"a{which}_{i}"] = i
                    if which == 0 and i == 25:
                        task.close()
            except coffer.WrongState as error:
                return str(error)

        assert any("closed" in (said or "") for said in together(work, 3))


def test_threads_make_and_ask_registries():
    value = {"a": list(range(100))}

    def work(number):
        registry = coffer.Registry()
        for _ in range(50):
            blobs, metadata = coffer.serialize(value, registry=registry if number % 2 else None)
            assert coffer.deserialize(blobs, metadata) == value
            assert coffer.inspect(blobs[0]) == value and not coffer.scan(blobs[0]).findings
            assert registry.status() and coffer.serializers()

    together(work)


@pytest.mark.alone
def test_other_threads_run_while_one_is_saving(store):
    """The lock of the interpreter is given away around hashing and compression."""
    data = os.urandom(1 << 20) * 48
    ticks, stop = [], threading.Event()

    def tick():
        while not stop.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    ticker = threading.Thread(target=tick)
    ticker.start()
    with store.task("Flow/1/step/1", mode="w") as task:
        started = time.perf_counter()
        task["x"] = data
        ended = time.perf_counter()
    stop.set()
    ticker.join()
    longest = max((b - a for a, b in zip(ticks, ticks[1:]) if started <= b and a <= ended), default=0)
    assert sum(started < moment < ended for moment in ticks) >= 5
    assert longest < 0.7 * (ended - started), "the ticking thread had to wait for nearly all of the save"


# ---- processes ----


def in_child(work):
    """Runs work() in a forked child, and gives its exit status; a child that hangs is killed."""
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        try:
            work()
            os._exit(0)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_forked_child_goes_on_with_what_it_has(store, write):
    task = write(x=[1])
    writer = store.task("Flow/2/step/1", mode="w")
    writer["before"] = 1

    def work():
        assert task["x"] == [1]
        save_and_load(store, 7, rounds=3)
        writer["child"] = 2
        assert coffer.deserialize(*coffer.serialize([3])) == [3]

    assert in_child(work) == 0
    writer["after"] = 3
    writer.done()
    assert dict(store.task("Flow/2/step/1")) == {"before": 1, "after": 3}
    assert store.verify().ok


def test_a_child_forked_while_an_object_is_saved(store):
    """In the middle of a call into the library, in a callback from it."""

    class Forking:
        def __reduce__(self):
            statuses.append(in_child(lambda: save_and_load(store, 9, rounds=2)))
            return (int, ())

    statuses = []
    with store.task("Flow/1/step/999", mode="w") as task:
        task["x"] = Forking()
    assert statuses == [0] and store.task("Flow/1/step/999")["x"] == 0


def test_children_forked_while_other_threads_save(store):
    """Locks that another thread holds at that moment do not stay locked in the child."""
    stop = threading.Event()

    def keep_busy(number):
        i = 0
        while not stop.is_set():
            with store.task(f"Busy/1/step{number}/{i}", mode="w") as task:
                task["x"] = [number, i]
            coffer.Registry().status()
            coffer.serialize([i])
            i += 1

    threads = [threading.Thread(target=keep_busy, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        for number in range(30):
            assert in_child(lambda: save_and_load(store, 100 + number, rounds=1)) == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert store.verify().ok


def save_in_process(root, number):
    save_and_load(coffer.open(root, sync=False), number, rounds=5)
    return number


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_pools_of_processes(tmp_path, method):
    context = multiprocessing.get_context(method)
    with context.Pool(4) as pool:
        assert pool.starmap(save_in_process, [(str(tmp_path), number) for number in range(6)]) == list(range(6))
    store = coffer.open(tmp_path)
    assert len(store.tasks("Flow/1/step")) == 30 and store.verify().ok


def test_handles_do_not_travel_between_processes(store, write):
    for handle in (store, write(x=1), coffer.default_registry()):
        with pytest.raises(TypeError):
            pickle.dumps(handle)


def test_a_killed_writer_leaves_a_task_that_is_not_done(store):
    reader, ready = os.pipe()
    child = os.fork()
    if child == 0:
        task = store.task("Flow/1/step/1", mode="w")
        task["x"] = 1
        os.write(ready, b".")
        signal.pause()
        os._exit(1)
    os.read(reader, 1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert [attempt.done for attempt in store.attempts("Flow/1/step/1")] == [False]
    with store.task("Flow/1/step/1", mode="w") as task:
        task["x"] = 2
    assert store.task("Flow/1/step/1")["x"] == 2
    assert not list(pathlib.Path(store.root).rglob("*DONE*1*"))
