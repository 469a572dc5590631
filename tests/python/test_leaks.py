# SPDX-License-Identifier: Apache-2.0
"""Nothing is left behind: 10,000 rounds of each kind (or COFFER_TEST_ROUNDS) hold memory, objects and reference counts flat, each in
a process of its own."""
import os

import pytest

COMMON = """
import gc, os, pickle, sys, warnings
import coffer
from coffer._coffer import Blobs, find_key, pack, pickle_artifact, unpack, unpack_pickle, unpickle

class Point:
    def __init__(self):
        self.x, self.y = 1, [2]

class Failing:
    def __reduce__(self):
        raise ValueError("no")

class Absent:
    def __reduce__(self):
        return "absent"

VALUE = {"text": "é", "list": [1, 2.5, None, (3, b"x")], "point": Point()}
PICKLE = pickle.dumps(VALUE, 4)
DAMAGED = PICKLE[:-20]
METADATA = coffer.Metadata("<class 'dict'>", len(PICKLE), "pickle-v4", {"source": "metaflow"})

NAMES = b"\\x80\\x04\\x8c\\x08builtins\\x8c\\x07int.foo\\x93."
STATE = b"]}b."
blobs = Blobs("local", "blobs", "Flow/data", sync=False)
KEY, BAD = blobs.save(pickle.dumps([VALUE, b"x" * 100_000, "\u20ac" * 50_000], 4)), blobs.save(DAMAGED)

PACKED_KEY, packed, FRAMED = pack(PICKLE)
with open("brought", "wb") as file:
    file.write(bytes(packed))

store = coffer.open("store", sync=False)
with store.task("Flow/1/step/1", mode="w") as task:
    task["x"] = VALUE
done = store.task("Flow/1/step/1")
open_task = store.task("Flow/1/step/2", mode="w")
open_task.save_metadata("m", {"a": 1})
half_done = store.task("Flow/1/step/2", allow_not_done=True)

def expect(error, call, *arguments):
    try:
        call(*arguments)
    except error:
        return
    raise AssertionError("it must fail")

def resident_bytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
"""

MEASURE = """
def rounds(count):
    for _ in range(count):
        once()

def counts():
    gc.collect()
    watched = [VALUE, PICKLE, METADATA, None, coffer.Task, coffer.Store, coffer.Registry, coffer.Tensor, coffer.Object]
    references = [sys.getrefcount(one) for one in watched]
    # A wheel for the usual build, as NumPy's is, does not keep a debug build's total.
    keeps_total = hasattr(sys, "gettotalrefcount") and "numpy" not in sys.modules
    total = sys.gettotalrefcount() if keeps_total else 0
    return references, len(gc.get_objects()), total

WARM_UP = ROUNDS // 5
rounds(WARM_UP)
gc.collect()
before, resident = counts(), resident_bytes()
rounds(ROUNDS - WARM_UP)
after, grown = counts(), resident_bytes() - resident
SLACK = (ROUNDS - WARM_UP) // 4  # caches come and go; a leak is at least one a round
assert all(abs(a - b) <= SLACK for a, b in zip(before[0], after[0])), (before[0], after[0])
assert abs(after[1] - before[1]) <= SLACK, (before[1], after[1])
assert abs(after[2] - before[2]) <= SLACK, (before[2], after[2])
assert grown <= 512 << 10, f"{grown} bytes more"
"""

KINDS = {
    "save": "open_task['x'] = VALUE",
    "save that fails": "expect(coffer.SerializerFailed, open_task.__setitem__, 'x', Failing())",
    "save bytes": "open_task.save_bytes('x', PICKLE, METADATA)",
    "load": "assert done['x']['text'] == VALUE['text']",
    "load that fails": "expect(KeyError, done.__getitem__, 'absent')",
    "load bytes": "assert len(bytes(done.load_bytes('x'))) == len(PICKLE)",
    "info": "done.info('x'), done.names(), 'x' in done, done.metadata('x')",
    "pickle": "pickle_artifact([VALUE, Point, len, Point(), {1}, frozenset('a'), 1 << 99, bytearray(b'xy'), 'x' * 70_000, bytearray(1 << 20)])",
    "pickle that fails": "expect(ValueError, pickle_artifact, [VALUE, Failing()])",
    "pickle that is left to Python": "expect(pickle.PicklingError, pickle_artifact, [VALUE, Absent()])",
    "serialize": "assert coffer.serialize(VALUE)[0] == [PICKLE]",
    "serialize that fails": "expect(coffer.SerializerFailed, coffer.serialize, Failing())",
    "deserialize": "coffer.deserialize([PICKLE], METADATA)",
    "deserialize that fails": "expect(coffer.SerializerFailed, coffer.deserialize, [DAMAGED], METADATA)",
    "inspect": "assert coffer.inspect(PICKLE)['point'].type.endswith('Point')",
    "inspect that fails": "expect(coffer.Malformed, coffer.inspect, DAMAGED)",
    "unpickle": "assert unpickle(PICKLE)['text'] == VALUE['text']",
    "unpickle that fails": "expect(Exception, unpickle, DAMAGED), expect(Exception, unpickle, NAMES), expect(Exception, unpickle, STATE)",
    "unpickle from a stream": "blobs.load_pickle(KEY, 1 << 30)",
    "unpickle from a stream that fails": "expect(coffer.SerializerFailed, blobs.load_pickle, BAD, 1 << 30), expect(coffer.NotFound, blobs.load_pickle, '0' * 40, 1 << 30)",
    "pack": "assert pack(bytearray(PICKLE), key=find_key(PICKLE))[0] == PACKED_KEY; pack(PICKLE, raw=True)",
    "unpack": "assert len(unpack(PACKED_KEY, 'x', 'brought', FRAMED)) == len(PICKLE)",
    "unpack that fails": "expect(coffer.Corrupt, unpack, KEY, 'x', 'brought', FRAMED), expect(coffer.NotFound, unpack, KEY, 'x', 'absent', FRAMED)",
    "unpack a pickle": "unpack_pickle(PACKED_KEY, 'x', 'brought', FRAMED, 1 << 30)",
    "scan": "assert coffer.scan(PICKLE).findings",
    "scan of damage": "coffer.scan(DAMAGED)",
    "registry": "assert coffer.Registry().status()",
    "store": "assert coffer.open('store', sync=False).runs('Flow') == ['1']",
    "task": "assert len(store.task('Flow/1/step/1')) == 1",
    "task that fails": "expect(coffer.NotFound, store.task, 'Flow/1/step/99')",
    "task to write": "store.task('Flow/1/step/3', mode='w', provider=False).close()",
    "metadata and logs": "open_task.save_metadata('m', {'a': 1}), open_task.save_log('task', 'stdout', b'x'), half_done.load_metadata('m'),"
    " half_done.load_log('task', 'stdout')",
    "verify": "assert store.verify('Flow').ok",
    "attempts": "assert store.attempts('Flow/1/step/1')[0].done",
}
WITH_NUMPY = {
    "save an array": "open_task['a'] = ARRAY",
    "load an array": "assert arrays['a'].shape == ARRAY.shape",
    "pickle arrays": "pickle_artifact([LARGE, OBJECTS, VALUE])",
    "serialize an array": "coffer.serialize(ARRAY, registry=npy)",
    "deserialize an array": "coffer.deserialize([BLOB], ARRAY_METADATA, registry=npy)",
    "inspect an array": "numpy.asarray(coffer.inspect(ARRAY_PICKLE)).sum(), memoryview(coffer.inspect(ARRAY_PICKLE)).nbytes",
}
ARRAYS = """
import numpy
npy = coffer.Registry(toggles="+npy")
ARRAY = numpy.arange(1000.0).reshape(10, 100)
(BLOB,), ARRAY_METADATA = coffer.serialize(ARRAY, registry=npy)
ARRAY_PICKLE = pickle.dumps(ARRAY, 4)
LARGE = numpy.zeros(10_000)
OBJECTS = numpy.array(["a", 1, None, b"b"] * 2500, object)
other = coffer.open("store", registry=npy, sync=False)
with other.task("Flow/2/step/1", mode="w") as task:
    task["a"] = ARRAY
arrays = other.task("Flow/2/step/1")
open_task = other.task("Flow/2/step/2", mode="w")
"""

TYPED = {
    "typed values": "types.Map[types.Text, types.List[types.Bytes]]({'a': [b'x', b'']}).serialize('wire')",
    "typed values that are none": "expect(coffer.Malformed, types.Json({'a': [1, 2.5, float('nan')]}).serialize)",
    "typed bytes that are none": "expect(coffer.Malformed, types.Int32.deserialize, b'x')",
    "a large int": "assert BIG.deserialize(BIG([10**100]).serialize()[0]).value == [10**100]",
    "a tensor": "assert types.Tensor.deserialize(types.Tensor(CELLS).serialize()[0]).value.shape == (100,)",
    "tensors in a list": "types.List[types.Tensor]([CELLS, CELLS]).serialize()",
    "a class of types": "types.Tensor['uint8', next(LENGTHS)], types.List[types.Int32]",
    "no type": "expect(coffer.Error, type_named, 'List[Nothing]')",
    "save and load typed": "open_task['x'] = types.Struct({'a': 1}); store_typed['x']",
}
TYPES = """
import array, itertools
from coffer import types
from coffer.types import type_named
BIG = types.Json["big"]
CELLS = array.array("d", range(100))
LENGTHS = itertools.count()
with store.task("Flow/3/step/1", mode="w") as task:
    task["x"] = types.Bytes(b"x")
store_typed = store.task("Flow/3/step/1")
"""

ROUNDS = int(os.environ.get("COFFER_TEST_ROUNDS", 10_000))
SLOW = {"unpack a pickle": 2_000, "unpickle from a stream": 2_000, "unpickle from a stream that fails": 2_000, "metadata and logs": 2_000, "task to write": 2_000, "verify": 2_000}  # a file system's work, mostly


def run_rounds(run_python, tmp_path, setup, statement, rounds=ROUNDS):
    program = f"{COMMON}{setup}\nROUNDS = {rounds}\ndef once():\n    {statement}\n{MEASURE}"
    # One arena and no trimming by surprise: what is measured is what is held.
    run_python(program, cwd=tmp_path, dev=False, env=dict(os.environ, MALLOC_ARENA_MAX="1", PYTHONWARNINGS="error"))


@pytest.mark.parametrize("kind", KINDS)
def test_rounds_leave_nothing_behind(run_python, tmp_path, kind):
    run_rounds(run_python, tmp_path, "", KINDS[kind], SLOW.get(kind, ROUNDS))


@pytest.mark.parametrize("kind", WITH_NUMPY)
def test_rounds_with_arrays_leave_nothing_behind(run_python, tmp_path, kind):
    pytest.importorskip("numpy")
    run_rounds(run_python, tmp_path, ARRAYS, WITH_NUMPY[kind])


@pytest.mark.parametrize("kind", TYPED)
def test_rounds_with_types_leave_nothing_behind(run_python, tmp_path, kind):
    run_rounds(run_python, tmp_path, TYPES, TYPED[kind])


@pytest.mark.parametrize("statement", ["kept.append(bytes(2000))", "kept.append(VALUE)", "kept.append([])"])
def test_the_measure_would_notice(run_python, tmp_path, statement):
    with pytest.raises(AssertionError, match="AssertionError: "):
        run_rounds(run_python, tmp_path, "kept = []", statement)
