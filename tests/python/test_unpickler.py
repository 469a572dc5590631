# SPDX-License-Identifier: Apache-2.0
"""The own unpickler against pickle.loads: the same objects, the same exceptions."""
import array
import collections
import copyreg
import datetime
import decimal
import fractions
import functools
import gc
import itertools
import pathlib
import pickle
import pickletools
import random
import re
import sys
import types
import uuid
import warnings
import weakref

import pytest

from coffer._coffer import unpickle

from specimens import (
    Colour,
    Custom,
    DictOfMine,
    Flags,
    Frozen,
    IntOfMine,
    ListOfMine,
    Pair,
    Record,
    SetOfMine,
    Slots,
    SlotsAndDict,
    StrOfMine,
    cyclic_list,
    throw,
)

CORPUS = pathlib.Path(__file__).resolve().parents[2] / "fuzz/corpus"
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


# ---- comparing ----


def form(value):
    """What tells two results apart: type, contents, and what in them is one and the same object."""
    try:
        return type(value), pickle.dumps(value, 4)
    except RecursionError:
        return type(value), "deep"
    except Exception:
        return type(value), re.sub("0x[0-9a-f]+", "", repr(value))


def outcome(load, data):
    try:
        value = load(data)
    except Exception as error:
        return type(error), text_of(error)
    return form(value)


def text_of(error):
    """What is said, without what differs between versions of Python."""
    return re.sub(r"0x[0-9a-f]+", "", str(error).replace(",\nbut", ", but").replace("Can't pickle local", "Can't get local"))


# Of pickles that end after empty bytes pickle.loads says that they are truncated there, of others that the next opcode is missing.
ENDS_AFTER_EMPTY_BYTES = re.compile(rb"(C\0|B\0{4}|[\x8e\x96]\0{8})\Z")


def same(data):
    """Asserts that both do the same, and gives what pickle.loads does."""
    expected, found = outcome(pickle.loads, data), outcome(unpickle, data)
    if ENDS_AFTER_EMPTY_BYTES.search(data) or expected[0] is MemoryError:  # which we don't run into
        assert issubclass(expected[0], Exception) and issubclass(found[0], Exception)
    elif found[0] is pickle.UnpicklingError and "persistent" in found[1]:  # later versions look at the id first
        assert expected[0] is pickle.UnpicklingError
    elif expected[1] == "STACK_GLOBAL requires str":  # which older Pythons say also where nothing is
        assert found[0] is pickle.UnpicklingError
    else:
        assert found == expected, data
    return expected


# ---- objects ----

class WithSetstate:
    def __init__(self):
        self.seen = []

    def __getstate__(self):
        return {"state": [1, 2]}

    def __setstate__(self, state):
        self.seen = ["set", state]


class FalsyState(WithSetstate):
    def __getstate__(self):
        return ()


class NewArgs:
    def __new__(cls, *args, **kwargs):
        self = super().__new__(cls)
        self.args, self.kwargs = args, kwargs
        return self

    def __getnewargs_ex__(self):
        return self.args, self.kwargs


class Outer:
    class Inner:
        class Innermost:
            pass

    def method(self):
        return 1


class Appends(list):
    """Has no extend that pickle could call."""

    extend = property(lambda self: (_ for _ in ()).throw(AttributeError("extend")))

    def append(self, item):
        super().append(("appended", item))


class Adds:
    def __init__(self):
        self.items = []

    def add(self, item):
        self.items.append(item)


class Registered:
    def __eq__(self, other):
        return type(other) is type(self)


def function(*args):
    return Pair(args, None)


def cyclic_object():
    record = Record("cyclic")
    record.data = [record, (record,)]
    return record


def cyclic_tuple():
    items = []
    both = (items, items)
    items.append(both)
    return both


def cyclic_set():
    key = SlotsAndDictKey()
    key.owner = {key}
    return key.owner


class SlotsAndDictKey:
    pass


def shared():
    part = [1]
    return [part, part, (part, {"part": part})]


def deep(levels):
    return functools.reduce(lambda inner, _: [inner], range(levels), [])


NUMBERS = [0, 1, -1, 127, 128, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**63, -(2**63), 2**64, 10**100, -(10**700), 2**2040 - 1]
FLOATS = [0.0, -0.0, 1.5, -1e300, 5e-324, float("inf"), -float("inf"), float("nan")]
TEXTS = ["", "a", "é", "\x00\n\r\\'\"", "\ud800", "\U0001f600", "é" * 255, "a" * 255, "a" * 256, "é" * 70_000, "a" * 70_000, "x" * 70_000 + "\U0001f600"]
BYTES = [b"", b"\x00", b"\xff" * 255, b"a" * 256, bytes(70_000), bytearray(b""), bytearray(b"abc"), bytearray(70_000)]
CONTAINERS = [
    *([], [1], list(range(5000)), (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), tuple(range(3000)), {}, {"a": 1}, {i: str(i) for i in range(3000)}),
    *(set(), {1, "a"}, frozenset(), frozenset({1, (2, 3)}), [[], [[]], {}], {"nested": {"dict": [1, (2, {3})]}}, [None, True, False]),
    *([[1] * 3] * 4, shared(), deep(150), [f"customer-{i % 300}" for i in range(3000)]),
]
INSTANCES = [
    *(Pair(1, [2]), Colour.RED, Flags.A | Flags.B, Record("r", [1], {"k": 2}), Frozen(3), Slots(1, [2]), SlotsAndDict("a", "b"), WithSetstate()),
    *(FalsyState(), NewArgs(1, 2), NewArgs(1, key="word"), ListOfMine([1, 2]), DictOfMine(a=1), SetOfMine({1}), IntOfMine(7), StrOfMine("s"), Outer.Inner()),
    *(Outer.Inner.Innermost(), Appends([1]), Registered(), uuid.UUID(int=5), decimal.Decimal("1.50"), fractions.Fraction(1, 3), 1 + 2j, range(3)),
    *(datetime.datetime(2026, 1, 2, 3, tzinfo=datetime.timezone.utc), datetime.date(2026, 1, 2), datetime.timedelta(days=1), re.compile("a+", re.I)),
    *(collections.OrderedDict(b=1, a=2), collections.Counter("hello"), collections.defaultdict(list, {1: [2]}), collections.deque([1, 2], 5)),
    *(array.array("d", [1.0, 2.0]), slice(1, 2, None), ValueError("text", 1), types.SimpleNamespace(a=1), collections.ChainMap({1: 2}), Ellipsis),
    *(int, len, function, Outer, Outer.Inner, Outer.method, [].append, functools.partial(function, 1, key=2), itertools.count(3), random.Random(5)),
]
REDUCTIONS = [
    Custom((function, (1, 2))),
    Custom((function, ())),
    Custom((Custom, (3,), {"reduction": None, "x": 1})),
    Custom((Slots, (1, 2), (None, {"a": 5, "b": 6}))),
    Custom((SlotsAndDict, (1, 2), ({"d": 1}, {"a": 5}))),
    Custom((list, (), None, iter([1, 2, 3]))),
    Custom((collections.deque, (), None, iter(range(2000)))),
    Custom((dict, (), None, None, iter([("a", 1), ("b", [2])]))),
    Custom((collections.OrderedDict, (), None, None, iter([(1, 2)]))),
    Custom((Adds, (), {"items": [1]})),
]
CYCLES = [cyclic_list(), cyclic_object(), cyclic_tuple(), cyclic_set()]
OBJECTS = [*NUMBERS, *FLOATS, *TEXTS, *BYTES, *CONTAINERS, *INSTANCES, *REDUCTIONS, *CYCLES]


def pickles_of(obj):
    for protocol in PROTOCOLS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # not all can be pickled for ever
            try:
                data = pickle.dumps(obj, protocol)
            except Exception:  # some need a later protocol, and iterators are used up by the first
                continue
        yield data


PICKLES = {data: None for obj in OBJECTS for data in pickles_of(obj)}


def test_objects_of_all_kinds_and_protocols():
    assert len(PICKLES) > 500
    for data in PICKLES:
        kind, _ = same(data)
        assert not issubclass(kind, BaseException) or kind is ValueError, data


def test_optimized_pickles_and_those_of_the_pickler_in_python():
    for data in PICKLES:
        if len(data) < 50_000:
            same(pickletools.optimize(data))
    for obj in [*CONTAINERS, *CYCLES]:
        for protocol in PROTOCOLS:
            same(pickle._dumps(obj, protocol))


def test_arrays_and_tables():
    np = pytest.importorskip("numpy")
    arrays = [np.arange(10), np.arange(20_000.0).reshape(4, -1), np.asfortranarray(np.ones((3, 5))), np.array(["a", None], dtype=object), np.float32(1.5)]
    arrays += [np.zeros(0), np.array("2026-01-01", "M8[D]"), np.zeros(3, [("a", "i4"), ("b", "U3")]), np.dtype("f8"), np.random.default_rng(3), np.arange(5)[::2]]
    for obj in arrays:
        for protocol in PROTOCOLS:
            same(pickle.dumps(obj, protocol))
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": pd.to_datetime(["2026-01-01", None])})
    for protocol in PROTOCOLS:
        data = pickle.dumps(frame, protocol)
        pd.testing.assert_frame_equal(unpickle(data), pickle.loads(data))


def test_an_array_lies_in_the_bytes_of_its_pickle_and_can_be_written_to():
    np = pytest.importorskip("numpy")
    for dtype in ("f8", "f4", "c16", "g", "i1", "M8[s]"):
        numbers = np.arange(300_000).astype(dtype)
        loaded = unpickle(pickle.dumps(numbers, 4))
        assert isinstance(loaded.base, bytes) and loaded.flags.aligned and loaded.flags.writeable
        assert (loaded == numbers).all()
        loaded[0] = numbers[1]
        assert loaded[0] == numbers[1]


def test_data_may_be_any_buffer():
    data = pickle.dumps([1, "two"])
    for each in (data, bytearray(data), memoryview(data), memoryview(b"xx" + data)[2:], array.array("B", data)):
        assert unpickle(each) == [1, "two"]
    with pytest.raises(TypeError):
        unpickle("text")
    with pytest.raises(BufferError):
        unpickle(memoryview(data)[::2])


def test_what_follows_the_pickle_does_not_matter():
    assert unpickle(pickle.dumps(1) + b"\xff\xff") == 1


# ---- one opcode at a time ----

BIG = (2**62).to_bytes(8, "little")
HUGE = b"\xff" * 8
PROGRAMS = [
    *(b"", b"I", b"I1", b"I1\n", b"\x00", b"q", b"Nq\x05h\x06.", b"Ng6\n.", b"g6\n.", b"(.", b".", b"t.", b"N(0.", b"(0.", b"N00.", b"(0N."),
    *(b"X\xff\xff\xff\xff", b"\x8e" + HUGE, b"\x8d" + HUGE, b"\x96" + HUGE, b"\x95" + HUGE, b"\x8d" + BIG),
    *(b"\x95\x7f" + bytes(7), b"\x95" + BIG, b"\x95\x02" + bytes(7) + b"N.", b"\x95\x01" + bytes(7) + b"N.", b"\x95\x00" + bytes(7) + b"N."),
    *(b"\x8a\x01", b"\x8a\x00.", b"\x8a\x01\xff.", b"\x8a\x09" + HUGE + b"\x00.", b"\x8b\xff\xff\xff\xff", b"\x8b\x00\x00\x00\x00.", b"\x8b\xff\xff\xff\x7f"),
    *(b"\x80\x06", b"\x80\xff", b"\x80\x02N.", b"\x80\x05\x80\x02N.", b"N\x80\x00."),
    *(b"NN\x81.", b"N)\x81.", b"cbuiltins\nint\nN\x81.", b"cbuiltins\nint\n)\x81.", b"cbuiltins\nint\n))\x92.", b"cbuiltins\nint\nN}\x92.", b"N)}\x92."),
    *(b"cbuiltins\nint\n)}\x92.", b"cbuiltins\ndict\n)}U\x01a" + b"Ns\x92.", b")\x81.", b"\x81.", b")}\x92."),
    *(b"cbuiltins\nfoo\n.", b"cno_such_module\nfoo\n.", b"c\n\n.", b"cbuiltins\n\n.", b"c\nint\n.", b"cbuiltins\nint", b"cb\xff\nint\n.", b"cbuiltins\nint\n."),
    *(b"c__builtin__\nunicode\n.", b"\x80\x03c__builtin__\nunicode\n.", b"c__builtin__\nxrange\n.", b"ccopy_reg\n_reconstructor\n.", b"cexceptions\nStandardError\n."),
    *(b"\x80\x04\x8c\x08builtins\x8c\x07foo.bar\x93.", b"\x80\x04\x8c\x08builtins\x8c\x0cx.<locals>.x\x93.", b"\x80\x04\x8c\x08builtins\x8c\x0estr.__add__.__d\x93."),
    *(b"\x80\x04\x8c\x08builtins\x8c\x07str.add\x93.", b"\x80\x03\x8c\x08builtins\x8c\x0bstr.__add__\x93.", b"\x80\x04\x8c\x08builtins\x8c\x0bstr.__add__\x93."),
    *(b"N\x8c\x01a\x93.", b"\x8c\x01aN\x93.", b"\x8c\x01a\x93.", b"\x93.", b"\x80\x04\x8c\x00\x8c\x03int\x93.", b"\x80\x04\x8c\x08builtins\x8c\x00\x93."),
    *(b"Pa\n.", b"NQ.", b"\x97.", b"N\x98.", b"C\x02ab\x98.", b"\x96\x02" + bytes(7) + b"ab\x98.", b"\x98."),
    *(b"\x82\x00.", b"\x82U.", b"\x83\x01\x02.", b"\x84\xff\xff\xff\xff.", b"\x84\xff\xff\xff\x7f.", b"\x84\x00"),
    *(b"NNb.", b"NN\x86b.", b"Nb.", b"}}b.", b"}]b.", b"N}b.", b"]N}\x86b.", b"]N]\x86b.", b"]}}\x86b.", b"N}U\x01aNsb.", b"}(NNb.", b"N(b.", b"b."),
    *(b"cbuiltins\nValueError\n)R}U\x01aNsb.", b"cbuiltins\nValueError\n)RN}U\x01aNs\x86b.", b"cbuiltins\nValueError\n)R}NNsb."),
    *(b"]Na.", b"NNa.", b"N(Ne.", b"](e.", b"N(e.", b"(e.", b"](NNe.", b"(ed.", b"e.", b"a.", b"Na.", b"N(Na.", b"cbuiltins\nbytearray\n)RK\x01a."),
    *(b"(Nd.", b"(d.", b"(NNd.", b"(]Nd.", b"d.", b"](Nu.", b"N(NNu.", b"}(u.", b"N(u.", b"(u.", b"}(NNu.", b"}NNs.", b"}Ns.", b"s.", b"]NNs.", b"}(NNs."),
    *(b"]K\x00Ns.", b"]Na" + b"K\x00Ks" + b"s.", b"}]Ns.", b"ccollections\nOrderedDict\n)RNNs."),
    *(b"\x8f(]\x90.", b"N(N\x90.", b"\x8f(\x90.", b"N(\x90.", b"(N\x90.", b"\x8f(NK\x01\x90.", b"\x90.", b"\x91.", b"(\x91.", b"(]\x91.", b"(NN\x91."),
    *(b"cbuiltins\nint\nNR.", b"cbuiltins\nint\n)R.", b"N)R.", b"R.", b")R.", b"cbuiltins\nint\n)(R.", b"cbuiltins\nlen\n]\x85R."),
    *(b"FNan\n.", b"F1.0x\n.", b"F1e999\n.", b"F\n.", b"F1.5\n.", b"F 1\n.", b"F-1\n.", b"F1\x002\n.", b"G\x00", b"G?\xf8" + bytes(6) + b".", b"GINFINITY."),
    *(b"L1\n.", b"L1L\n.", b"LL\n.", b"Lx\n.", b"L\n.", b"L010\n.", b"L0x1fL\n.", b"L-5L\n.", b"L1_0L\n.", b"L" + b"9" * 30 + b"L\n.", b"L1\x00L\n."),
    *(b"I010\n.", b"I1_0\n.", b"I00\n.", b"I01\n.", b"I02\n.", b"I001\n.", b"I\n.", b"I 1\n.", b"I1 \n.", b"I-1\n.", b"I99999999999999999999\n.", b"Iabc\n."),
    *(b"I0x1f\n.", b"I0b1\n.", b"I1\x00\n.", b"I1\r\n.", b"J\x00\x00", b"J\xff\xff\xff\xff.", b"K", b"K\xff.", b"M\xff\xff.", b"M\xff"),
    *(b"S'a'\n.", b'S"a"\n.', b"Sa\n.", b"S'a\"\n.", b"S'\xff'\n.", b"S'\n.", b"S''\n.", b"S\n.", b"S'\\x41\\n\\''\n.", b"S'\\q'\n.", b"S'\\x'\n.", b"S'a' \n."),
    *(b"U\x01\xff.", b"U\x01a.", b"U\x02a.", b"T\xff\xff\xff\xffa", b"T\x01\x00\x00\x00a.", b"V\\u12\n.", b"V\\u1234\n.", b"V\n.", b"Vab", b"V\xe9\n.", b"V\\U0001f600\n."),
    *(b"\x8c\x02\xed\xa0.", b"\x8c\x03\xed\xa0\x80.", b"\x8c\x01\xff.", b"X\x01\x00\x00\x00a.", b"\x8d\x01" + bytes(7) + b"a.", b"C\x05a", b"B\xff\xff\xff\xff"),
    *(b"Np-1\n.", b"Np0\n0g0\n.", b"Np\n.", b"Npx\n.", b"Ng-1\n.", b"p0\n.", b"gx\n.", b"Np99999999999999999999\n.", b"r\xff\xff\xff\x7f", b"Nj\x00\x00\x00\x00."),
    *(b"N\x94N\x94h\x00h\x01\x86.", b"Nq\x05K\x01\x94h\x01.", b"Nq\x00K\x01q\x00h\x00.", b"\x94.", b"q\x00.", b"(\x94.", b"N(q\x00."),
    *(b"i\nb\n", b"(ibuiltins\nlist\n.", b"(K\x01ibuiltins\nstr\n.", b"(ibuiltins\n\n.", b"(i\nlist\n.", b"(ib\xff\nlist\n.", b"(ibuiltins\nlen\n.", b"(ibuiltins\nlist"),
    *(b"(o.", b"(cbuiltins\nlist\no.", b"(cbuiltins\nstr\nK\x01o.", b"(NNo.", b"(No.", b"o.", b"(cbuiltins\nlen\no."),
    *(b"(\x85.", b"N(\x85.", b"N\x85.", b"NN\x86.", b"NNN\x87.", b"N\x86.", b"NN\x87.", b"(NNt.", b"(t.", b"((tt.", b"(NNt", b")t."),
    *(b"N(2.", b"N2\x86.", b"2.", b"1.", b"N(NN1.", b"0.", b"(N1", b"l.", b"(l.", b"(NNl.", b"\xffT", b"'", b"\\", b"\x7f", b" ", b"~"),
]


def test_programs_made_by_hand():
    failures = {same(program)[0] for program in PROGRAMS}
    assert {EOFError, pickle.UnpicklingError, ValueError, TypeError, AttributeError, OverflowError, UnicodeDecodeError} <= failures


@pytest.mark.parametrize("opcode", [b"\x8e", b"\x8d", b"\x96"])
@pytest.mark.parametrize("length", [1, 1 << 20, 1 << 40, 1 << 48, 1 << 62])
def test_lengths_that_are_not_true(opcode, length):
    with pytest.raises(pickle.UnpicklingError, match="truncated"):
        unpickle(opcode + length.to_bytes(8, "little"))


def test_every_opcode_is_in_a_program():
    used = {code for data in [*PROGRAMS, *PICKLES] for code in data}
    assert {ord(opcode.code) for opcode in pickletools.opcodes} <= used


def test_every_byte_as_an_opcode():
    for code in range(256):
        for before, after in itertools.product((b"", b"N", b"NNN", b"(NNN", b"](NN", b"}(NN"), (b"", b"\x00\x00\x00\x00\x00\x00\x00\x00N.", b"1\n1\n.")):
            data = before + bytes([code]) + after
            if not asks_for_a_huge_table(data):
                same(data)


ARGUMENTS = {
    "LONG1": lambda generator: bytes([2, generator.randrange(256), 0]),
    "BININT1": lambda generator: bytes([generator.randrange(3)]),
    "BINGET": lambda generator: bytes([generator.randrange(6)]),
    "BINPUT": lambda generator: bytes([generator.randrange(6)]),
    "LONG_BINGET": lambda generator: bytes([generator.randrange(6), 0, 0, 0]),
    "LONG_BINPUT": lambda generator: bytes([generator.randrange(6), generator.randrange(3) == 0, 0, 0]),
    "SHORT_BINUNICODE": lambda generator: b"\x01" + generator.choice([b"a", b"b"]),
    "SHORT_BINBYTES": lambda generator: b"\x02ab",
    "BYTEARRAY8": lambda generator: b"\x02" + bytes(7) + b"ab",
    "GLOBAL": lambda generator: generator.choice([b"builtins\nint\n", b"builtins\nlist\n", b"collections\nOrderedDict\n", b"types\nSimpleNamespace\n", b"builtins\nset\n"]),
    "PUT": lambda generator: b"%d\n" % generator.randrange(6),
    "GET": lambda generator: b"%d\n" % generator.randrange(6),
    "INT": lambda generator: b"7\n",
    "FRAME": lambda generator: b"\x01" + bytes(7),
    "PROTO": lambda generator: bytes([generator.randrange(6)]),
}
PLAIN = {opcode.name: opcode.code.encode("latin-1") for opcode in pickletools.opcodes if opcode.arg is None and opcode.name != "STOP"}


def random_program(generator):
    names = [*PLAIN, *ARGUMENTS, *["MARK"] * 3, *["EMPTY_LIST", "EMPTY_DICT", "EMPTY_TUPLE", "NONE", "BININT1", "SHORT_BINUNICODE", "MEMOIZE", "GLOBAL"] * 4]
    codes = {opcode.name: opcode.code.encode("latin-1") for opcode in pickletools.opcodes}
    chosen = (generator.choice(names) for _ in range(generator.randrange(1, 25)))
    return b"".join(codes[name] + (ARGUMENTS[name](generator) if name in ARGUMENTS else b"") for name in chosen) + b"."


def test_programs_by_chance():
    generator, kinds = random.Random(20261124), collections.Counter()
    for _ in range(20_000):
        kinds[same(random_program(generator))[0]] += 1
    assert kinds[pickle.UnpicklingError] > 1000 and kinds[list] > 100 and kinds[TypeError] > 100, kinds


# ---- damage ----

SMALL = [data for data in PICKLES if len(data) < 400]


def test_pickles_cut_off_at_every_byte():
    for data in SMALL:
        for length in range(len(data)):
            same(data[:length])


class Guard:
    """While it is on, pickles get no other classes and functions than those that the pickles of this file have."""

    allowed: set = set()
    is_on = False

    def hook(self, event, arguments):
        if self.is_on and event == "pickle.find_class" and arguments not in self.allowed:
            raise PermissionError(*arguments)


@pytest.fixture(scope="module")
def guard():
    made = Guard()

    def learn(event, arguments):
        if made.is_on is None and event == "pickle.find_class":
            made.allowed.add(arguments)
        made.hook(event, arguments)

    sys.addaudithook(learn)
    made.is_on = None
    for data in SMALL:
        outcome(pickle.loads, data)
    made.is_on = False
    return made


@pytest.fixture(autouse=True)
def without_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def asks_for_a_huge_table(data):
    """Whether pickle.loads would make a table of gigabytes for its memo."""
    try:
        return any(opcode.name in ("LONG_BINPUT", "PUT") and argument > 1 << 20 for opcode, argument, _ in pickletools.genops(data))
    except Exception:
        return bool(re.search(rb"r[^\n]{4}|p\d{7}", data, flags=re.S))


def mutated(data, generator):
    changed = bytearray(data)
    for _ in range(generator.randrange(1, 4)):
        place = generator.randrange(len(changed))
        action = generator.randrange(4)
        if action == 0:
            changed[place] = generator.randrange(256)
        elif action == 1:
            changed[place] ^= 1 << generator.randrange(8)
        elif action == 2:
            del changed[place : place + generator.randrange(1, 5)]
        else:
            changed[place:place] = bytes(generator.choice(data) for _ in range(generator.randrange(1, 5)))
        if not changed:
            break
    return bytes(changed)


def compare_guarded(guard, pickles):
    guard.is_on, kinds = True, collections.Counter()
    try:
        for data in pickles:
            if asks_for_a_huge_table(data):
                outcome(unpickle, data)
            else:
                kinds[same(data)[0]] += 1
    finally:
        guard.is_on = False
    return kinds


def test_mutated_pickles(guard):
    generator = random.Random(4)
    kinds = compare_guarded(guard, (mutated(SMALL[number % len(SMALL)], generator) for number in range(20_000)))
    assert sum(kinds.values()) > 15_000 and kinds[PermissionError] > 100 and len(kinds) > 50, kinds


def test_the_corpus_of_the_fuzzers(guard):
    kinds = compare_guarded(guard, (path.read_bytes() for path in CORPUS.glob("pickle_*/*")))
    assert sum(kinds.values()) > 50 and kinds[PermissionError] > 1, kinds


@pytest.mark.parametrize("index", [1 << 20, 1 << 31, (1 << 32) - 1])
def test_an_index_of_the_memo_far_away_costs_nothing(index):
    assert unpickle(b"Nr" + index.to_bytes(4, "little") + b"0j" + index.to_bytes(4, "little") + b".") is None
    assert unpickle(b"K\x05p%d\n0Nr\x00\x00\x10\x00r\x00\x00\x10\x00\x94g%d\n\x94h\x02\x86." % (index << 20, index << 20)) == (5, None)


def test_indexes_of_the_memo_near_and_far():
    generator = random.Random(8)
    for _ in range(200):
        indexes = [generator.choice([generator.randrange(50), generator.randrange(5000), generator.randrange(300_000)]) for _ in range(60)]
        program = b"".join(b"M" + number.to_bytes(2, "little") + b"r" + index.to_bytes(4, "little") for number, index in enumerate(indexes))
        same(b"(" + program + b"\x94".join(b"j" + index.to_bytes(4, "little") for index in indexes) + b"t.")


# ---- what is called and looked up ----


def test_find_class_is_audited(run_python):
    said = run_python(
        "import sys, pickle; from coffer._coffer import unpickle\n"
        "data = pickle.dumps(OSError, 4), b'c__builtin__\\nunicode\\n.'\n"
        "def hook(event, arguments):\n    if event == 'pickle.find_class': seen.append(arguments)\n"
        "sys.addaudithook(hook)\n"
        "for load in (pickle.loads, unpickle):\n    seen = []\n    for each in data: load(each)\n    print(seen)\n"
        "def veto(event, arguments):\n    if event == 'pickle.find_class': raise PermissionError(arguments)\n"
        "sys.addaudithook(veto)\n"
        "try: unpickle(data[0])\nexcept PermissionError as error: print(error)\n"
    ).splitlines()
    assert said[0] == said[1] == "[('builtins', 'OSError'), ('__builtin__', 'unicode')]" and said[2] == "('builtins', 'OSError')"


def test_modules_are_imported_when_they_are_needed(run_python):
    assert run_python(
        "import sys; from coffer._coffer import unpickle\n"
        "assert 'colorsys' not in sys.modules\n"
        "function = unpickle(b'ccolorsys\\nrgb_to_hsv\\n.')\n"
        "print(function is sys.modules['colorsys'].rgb_to_hsv)\n"
    ) == "True\n"


def test_what_sys_modules_has_counts(monkeypatch):
    module = types.ModuleType("module_of_mine")
    module.thing = object()
    monkeypatch.setitem(sys.modules, "module_of_mine", module)
    assert unpickle(b"cmodule_of_mine\nthing\n.") is module.thing
    module.__getattr__ = lambda name: name.upper()
    assert unpickle(b"cmodule_of_mine\nother\n.") == "OTHER"


def test_names_of_python_2(monkeypatch):
    import _compat_pickle

    for (module, name), target in _compat_pickle.NAME_MAPPING.items():
        if target[0] not in ("urllib.request", "dbm", "tkinter"):
            same(f"c{module}\n{name}\n.".encode())
    for bad in (("a",), ["a", "b"], 5, (1, 2)):
        monkeypatch.setitem(_compat_pickle.NAME_MAPPING, ("aa", "bb"), bad)
        assert outcome(unpickle, b"caa\nbb\n.")[0] is outcome(pickle.loads, b"caa\nbb\n.")[0] is RuntimeError
    monkeypatch.setitem(_compat_pickle.IMPORT_MAPPING, "aa", 5)
    assert outcome(unpickle, b"caa\ncc\n.")[0] is outcome(pickle.loads, b"caa\ncc\n.")[0] is RuntimeError


def test_registered_extensions():
    copyreg.add_extension(__name__, "Registered", 0x1234)
    try:
        data = pickle.dumps([Registered(), Registered], 2)
        assert b"\x834\x12" in data
        for _ in range(2):  # the second time from the cache
            assert unpickle(data) == [Registered(), Registered]
            same(data)
        copyreg.clear_extension_cache()
        assert unpickle(data) == [Registered(), Registered]
    finally:
        copyreg.remove_extension(__name__, "Registered", 0x1234)
        copyreg.clear_extension_cache()
    same(data)
    for pair in (("a",), (1, 2), ["a", "b"], "ab"):
        copyreg._inverted_registry[77] = pair
        try:
            assert outcome(unpickle, b"\x82M.")[0] is ValueError
            same(b"\x82M.")
        finally:
            del copyreg._inverted_registry[77]


def test_names_of_attributes_are_interned():
    record = Outer()
    record.some_name_here = 1
    (name,) = vars(unpickle(pickle.dumps(record, 4).replace(b"some_name_here", b"name_never_met")))
    assert name == "name_never_met" and name is sys.intern("".join(["name_", "never_met"]))


def test_what_objects_raise_arrives_as_it_is():
    for error in (KeyError("key"), ValueError(1, 2), KeyboardInterrupt(), SystemExit(3), MemoryError()):
        data = pickle.dumps(Custom((throw, (error,))), 4)
        with pytest.raises(type(error)) as caught:
            unpickle(data)
        assert caught.value.args == error.args


def test_unpickling_within_unpickling():
    inner = pickle.dumps([1, Pair(2, 3)], 4)
    outer = pickle.dumps([Custom((unpickle, (inner,))), "after"], 4)
    assert unpickle(outer) == [[1, Pair(2, 3)], "after"]


class Spoils:
    """Changes, when its state is set, what is being loaded."""

    victim: list = []

    def __setstate__(self, state):
        state["list"].clear()
        gc.collect()


def test_code_of_the_pickle_may_change_what_is_loaded():
    spoils = Spoils()
    items = ["x", spoils, "y"]
    spoils.__dict__["list"] = items
    loaded = unpickle(pickle.dumps(items, 4))
    assert loaded[-1] == "y" or loaded == []


def test_nothing_is_kept():
    for obj in (Record("r", [1]), ListOfMine([Record("s")]), Outer()):
        loaded = unpickle(pickle.dumps([obj, obj], 4))[0]
        gone = weakref.ref(loaded)
        del loaded
        gc.collect()
        assert gone() is None
    for data in (pickle.dumps([Record("t"), throw], 4)[:-1], pickle.dumps([Record("u"), Custom((throw, (KeyError(),)))], 4)):
        with pytest.raises((pickle.UnpicklingError, KeyError)):
            unpickle(data)
    gc.collect()
    assert not [each for each in gc.get_objects() if type(each) is Record and each.name in "tu"]


def test_nesting_as_deep_as_it_comes():
    for begin, end in ((b"]", b"a"), (b")", b"\x86"), (b"}N", b"s")):
        levels = 200_000
        assert unpickle(begin * levels + b"N" + end * levels + b".") is not None
    for data in (b"(" * 500_000 + b"N.", b"(" * 500_000, b"N" * 500_000 + b".", b"(" * 1000 + b"t" * 1000 + b"."):
        assert outcome(unpickle, data)[0] == outcome(pickle.loads, data)[0]


def test_many_entries_of_the_memo():
    items = [[number] for number in range(100_000)]
    for protocol in (0, 1, 4):
        loaded = unpickle(pickle.dumps(items + items, protocol))
        assert loaded == items + items and loaded[0] is loaded[100_000]
