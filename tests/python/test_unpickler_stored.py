# SPDX-License-Identifier: Apache-2.0
"""Pickles that are unpickled while they are read from a store: the same objects, the errors of the store, flat memory."""
import gzip
import os
import pickle
import random

import pytest

import coffer
from coffer._coffer import Blobs

from specimens import Failing

MIB = 1 << 20
LARGE = 16 * MIB + 1  # from here on a stream is read
VERIFY = {"auto": 0, "key": 1, "crc": 2}


@pytest.fixture
def root(tmp_path):
    return tmp_path


@pytest.fixture
def blobs(root):
    return Blobs("local", root, "Flow/data", sync=False)


def file_of(root, key):
    return root / "Flow" / "data" / key[:2] / key


def streamed(blobs, obj, protocol=4, raw=False):
    """The object saved and loaded by way of a stream, whatever its size."""
    data = pickle.dumps(obj, protocol)
    return blobs.load_pickle(blobs.save(data, raw=raw), max(LARGE, len(data)))


def noise(count, seed=1):
    return random.Random(seed).randbytes(count)


def texts(count):
    generator = random.Random(2)
    return [f"customer-{generator.randrange(5000)}" for _ in range(count)]


OBJECTS = {
    "nothing": None,
    "small": {"a": [1, 2.5, "é"]},
    "many small": [{"number": number, "name": str(number), "pair": (number, -number)} for number in range(20_000)],
    "texts": texts(100_000),
    "bytes around the buffer": [noise(count) for count in (65_535, 65_536, 65_537, (256 << 10) - 1, 256 << 10, (256 << 10) + 1, MIB, 3 * MIB + 7)],
    "bytes": noise(5 * MIB),
    "bytearray": [bytearray(noise(5 * MIB)), bytearray(70_000), bytearray()],
    "ascii": "plain text " * 500_000,
    "latin": "na\u00efve text " * 500_000,
    "two bytes a character": "\u0416\u0443\u043a \u20ac x" * 400_000,
    "four bytes a character": "x" * 3_000_000 + "\U0001f600",
    "emoji": "\U0001f600\u20ac\xe9e" * 300_000,
    "lone surrogates": "\ud800a\udfff" * 200_000,
    "large number": 7 ** 800_000,
    "lines": [10**4000, "a\nb" * 200_000, 1.5, "x" * 400_000],
}


@pytest.mark.parametrize("raw", [False, True], ids=["framed", "raw"])
@pytest.mark.parametrize("name", OBJECTS)
def test_objects_come_back(blobs, name, raw):
    obj = OBJECTS[name]
    for protocol in (0, 2, 4, 5) if name not in ("large number", "bytes around the buffer") else (2, 4):
        loaded = streamed(blobs, obj, protocol, raw)
        assert type(loaded) is type(obj) and loaded == obj


def test_blobs_that_metaflow_wrote(blobs, root):
    for obj in (OBJECTS["many small"], OBJECTS["bytes"], OBJECTS["emoji"]):
        data = pickle.dumps(obj, 4)
        key = blobs.save(data)
        file_of(root, key).write_bytes(gzip.compress(data, 3))
        assert blobs.load_pickle(key, LARGE) == obj


def test_sharing_and_cycles(blobs):
    part = [b"x" * 100_000]
    items = [part, part]
    items.append(items)
    loaded = streamed(blobs, items)
    assert loaded[0] is loaded[1] and loaded[2] is loaded and loaded[0] == part


def test_an_array_lies_in_the_memory_that_was_read_into(blobs):
    np = pytest.importorskip("numpy")
    numbers = np.random.default_rng(1).random((1 << 20, 3))
    for each in (numbers, np.asfortranarray(numbers), numbers.astype(">f8"), numbers[:0]):
        loaded = streamed(blobs, each)
        assert loaded.shape == each.shape and (loaded == each).all() and loaded.flags.writeable and loaded.flags.aligned
    assert type(streamed(blobs, numbers).base) is bytes


@pytest.mark.parametrize("size", [0, 1, 5, LARGE, 1 << 40, (1 << 63) - 1, -1])
def test_the_size_that_is_told_may_be_wrong(blobs, size):
    for obj in (OBJECTS["bytes"], OBJECTS["ascii"], OBJECTS["emoji"], OBJECTS["bytearray"], 5):
        assert blobs.load_pickle(blobs.save(pickle.dumps(obj, 4)), size) == obj


@pytest.mark.parametrize("opcode", [b"\x8e", b"\x8d", b"\x96"])
@pytest.mark.parametrize("length", [5 * MIB, 1 << 32, 1 << 47, 1 << 62])
def test_lengths_that_are_not_true(blobs, opcode, length):
    key = blobs.save(opcode + length.to_bytes(8, "little") + b"a" * 3 * MIB)
    with pytest.raises(coffer.SerializerFailed) as caught:
        blobs.load_pickle(key, LARGE)
    assert type(caught.value.__cause__) is pickle.UnpicklingError and "truncated" in str(caught.value)


def test_a_false_length_allocates_what_has_come(run_python, tmp_path):
    """In 1 GiB of address space a pickle may claim to hold much more."""
    run_python(
        "import resource, sys, coffer; from coffer._coffer import Blobs\n"
        "blobs = Blobs('local', sys.argv[1], 'Flow/data', sync=False)\n"
        "keys = [blobs.save(opcode + (1 << 40).to_bytes(8, 'little') + b'a' * (3 << 20)) for opcode in (b'\\x8e', b'\\x8d', b'\\x96')]\n"
        "keys.append(blobs.save(b'\\x8b\\xff\\xff\\xff\\x7f' + b'a' * (3 << 20)))\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
        "for key in keys:\n"
        "    try: blobs.load_pickle(key, 17 << 20)\n"
        "    except coffer.SerializerFailed as error: assert 'truncated' in str(error), error\n"
        "    else: raise AssertionError\n",
        tmp_path,
        dev=False,
    )


# ---- what can't be unpickled ----


@pytest.mark.parametrize("size", [0, LARGE], ids=["whole", "streamed"])
@pytest.mark.parametrize("error", [ValueError("no", 1), coffer.Corrupt("not of the store"), coffer.SerializerFailed("neither"), MemoryError("yes")], ids=repr)
def test_what_unpickling_raises_is_the_cause(blobs, error, size):
    key = blobs.save(pickle.dumps([b"x" * MIB, Failing(error), b"y" * MIB], 4))
    with pytest.raises(coffer.SerializerFailed) as caught:
        blobs.load_pickle(key, size)
    assert type(caught.value.__cause__) is type(error) and caught.value.__cause__.args == error.args


@pytest.mark.parametrize("size", [0, LARGE], ids=["whole", "streamed"])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)], ids=repr)
def test_interrupts_are_left_alone(blobs, error, size):
    key = blobs.save(pickle.dumps(Failing(error), 4))
    with pytest.raises(type(error)) as caught:
        blobs.load_pickle(key, size)
    assert caught.value.args == error.args


@pytest.mark.parametrize("data", [b"", b"N", b"]" + b"a" * 10, b"\x80\x09.", b"hello", b"\x95" + (9 << 20).to_bytes(8, "little") + b"N."])
def test_what_is_no_pickle(blobs, data):
    key = blobs.save(data)
    with pytest.raises(Exception) as plain:
        pickle.loads(data)
    for size in (0, LARGE):
        with pytest.raises(coffer.SerializerFailed) as caught:
            blobs.load_pickle(key, size)
        assert type(caught.value.__cause__) is type(plain.value) and str(caught.value.__cause__) == str(plain.value)


def test_pickles_cut_off(blobs):
    """At every place of a small one, and around pieces of a large one."""
    small = pickle.dumps({"a": [1, 2.5, "text", b"bytes", (None, True)], "b": {1, 2}}, 4)
    large = pickle.dumps([b"x" * 300_000, "y" * 300_000, "\u20ac" * 100_000, bytearray(300_000)], 5)
    places = [*range(3, 300_050, 60_007), *range(300_000, len(large), 99_991)]
    for data in [small[:length] for length in range(len(small))] + [large[:length] for length in places]:
        with pytest.raises(coffer.SerializerFailed) as caught:
            blobs.load_pickle(blobs.save(data), LARGE)
        assert type(caught.value.__cause__) in (pickle.UnpicklingError, EOFError)


# ---- what is damaged ----


def damages(stored):
    yield stored[:-9]
    yield stored[: len(stored) // 2]
    yield b""
    yield stored + b"x"
    generator = random.Random(3)
    for _ in range(15):
        changed = bytearray(stored)
        changed[generator.randrange(len(changed))] ^= 1 << generator.randrange(8)
        yield bytes(changed)


@pytest.mark.parametrize("verify", VERIFY)
@pytest.mark.parametrize("name", ["many small", "bytes", "ascii", "emoji"])
def test_damage_is_found_and_no_wrong_object_given_out(root, name, verify):
    blobs = Blobs("local", root, "Flow/data", sync=False, verify=VERIFY[verify])
    data = pickle.dumps(OBJECTS[name], 4)
    key = blobs.save(data)
    for stored in (file_of(root, key).read_bytes(), gzip.compress(data, 3)):
        for damaged in damages(stored):
            file_of(root, key).write_bytes(damaged)
            try:
                whole = blobs.load(key)
            except coffer.Error as error:
                expected = type(error), str(error)
            else:
                assert bytes(whole[0]) == data  # a bit of a gzip header that says nothing
                assert blobs.load_pickle(key, LARGE) == OBJECTS[name]
                continue
            with pytest.raises(expected[0]) as caught:
                blobs.load_pickle(key, LARGE)
            assert type(caught.value) is expected[0] and str(caught.value) == expected[1]


def test_a_wrong_key_is_found_where_keys_are_checked(root):
    contents = pickle.dumps(OBJECTS["bytes"], 4)
    for verify, is_found in (("key", True), ("crc", False)):
        blobs = Blobs("local", root, "Flow/data", sync=False, verify=VERIFY[verify])
        key = blobs.save(contents)
        other = blobs.save(pickle.dumps(5))
        file_of(root, key).write_bytes(file_of(root, other).read_bytes())
        if is_found:
            with pytest.raises(coffer.Corrupt, match=key):
                blobs.load_pickle(key, LARGE)
        else:
            assert blobs.load_pickle(key, LARGE) == 5
        file_of(root, key).unlink()


def test_what_is_not_there(blobs):
    for size in (0, LARGE):
        with pytest.raises(coffer.NotFound):
            blobs.load_pickle("0" * 40, size)
        with pytest.raises(coffer.Invalid):
            blobs.load_pickle("hello", size)


def test_a_sidecar_that_says_otherwise_does_not_matter(blobs, root):
    """As for other ways of loading: the way of reading that gives the key wins."""
    data = pickle.dumps(OBJECTS["bytes"], 4)
    key = blobs.save(data)
    sidecar = root / "Flow" / "data" / key[:2] / f"{key}_meta"
    assert sidecar.exists()
    sidecar.unlink()
    sidecar.write_text('{"cas_raw": true, "cas_version": 1}')
    assert bytes(blobs.load(key)[0]) == data
    assert blobs.load_pickle(key, LARGE) == OBJECTS["bytes"]


# ---- memory ----

SAVE = """
import os, pickle, sys
from coffer._coffer import Blobs
MAKE
object_mib = sys.getsizeof(obj) >> 20  # a text may later hold its UTF-8 too
data = pickle.dumps(obj, 5)
print(Blobs("local", sys.argv[1], "Flow/data", sync=False).save(data), len(data), object_mib)
"""
LOAD = """
import pickle, sys, coffer
from coffer._coffer import Blobs

def kib(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field))

_, root, key, size, object_mib = sys.argv
blobs = Blobs("local", root, "Flow/data", sync=False)
import IMPORT
blobs.load_pickle(blobs.save(pickle.dumps(b"warm" * 100_000)), 17 << 20)
with open("/proc/self/clear_refs", "w") as refs:
    refs.write("5")
before = kib("VmRSS")
loaded = blobs.load_pickle(key, int(size))
added_mib = (kib("VmHWM") - before) >> 10
# A debug build writes to all of a new text, before anything of what it is decoded from is given back.
more_mib = int(size) >> 20 if hasattr(sys, "gettotalrefcount") and isinstance(loaded, str) else 0
assert int(object_mib) - 1 <= added_mib <= int(object_mib) + 16 + more_mib, (object_mib, added_mib)
"""
MAKERS = {
    "bytes": "obj = os.urandom(64 << 20)",
    "bytearray": "obj = bytearray(os.urandom(64 << 20))",
    "ascii": "obj = 'plain text, again and again. ' * (2 << 20)",
    "latin": "obj = 'na\\xefve text, again and again. ' * (2 << 20)",
    "two bytes a character": "obj = '\\u0416\\u0443\\u043a ' * (8 << 20)",
    "four bytes a character": "obj = '\\U0001f600' * (16 << 20)",
    "array": "import numpy; obj = numpy.random.default_rng(1).random(8 << 20)",
    "array of zeros": "import numpy; obj = numpy.zeros(8 << 20, dtype='i8')",
}


@pytest.mark.parametrize("kind", MAKERS)
def test_a_load_takes_the_object_and_little_more(run_python, tmp_path, kind):
    needed = "numpy" if "numpy" in MAKERS[kind] else "sys"
    pytest.importorskip(needed)
    saved = run_python(SAVE.replace("MAKE", MAKERS[kind]), tmp_path, dev=False).split()
    # A debug build's usual allocator would write to all memory that is asked for.
    env = dict(os.environ, COFFER_THREADS="2", PYTHONMALLOC="pymalloc")
    run_python(LOAD.replace("IMPORT", needed), tmp_path, *saved, dev=False, env=env)


# ---- artifacts ----


def test_large_artifacts_of_a_task(store, write, tmp_path):
    obj = {"bytes": noise(17 * MIB), "text": "\u20ac" * MIB}
    task = write(large=obj, failing=[b"x" * 17 * MIB, Failing(ValueError("no"))], after=1)
    assert task["large"] == obj and task.load_many(["large", "after"]) == {"large": obj, "after": 1}
    with pytest.raises(coffer.SerializerFailed) as caught:
        task["failing"]
    assert str(caught.value) == "Serializer PickleSerializer failed on artifact 'failing': ValueError: no"
    assert type(caught.value.__cause__) is ValueError
    assert task["after"] == 1
    (file,) = (path for path in tmp_path.rglob(task.info("large").key))
    stored = file.read_bytes()
    for damaged in (stored[:-5], stored[: 5 * MIB] + b"x" + stored[5 * MIB + 1 :]):
        file.write_bytes(damaged)
        with pytest.raises(coffer.Corrupt, match="artifact 'large'"):
            task["large"]
    file.unlink()
    with pytest.raises(coffer.NotFound, match="artifact 'large'"):
        task["large"]


class UsesTheTask:
    task = None

    def __reduce__(self):
        return ask_the_task, ()


def ask_the_task():
    return UsesTheTask.task["after"]


def test_a_task_can_not_be_used_while_it_loads(write):
    task = UsesTheTask.task = write(large=[noise(17 * MIB), UsesTheTask()], after=1)
    with pytest.raises(coffer.SerializerFailed) as caught:
        task["large"]
    assert isinstance(caught.value.__cause__, coffer.WrongState)
    assert task["after"] == 1
    task.close()
    with pytest.raises(coffer.WrongState):
        task["large"]
