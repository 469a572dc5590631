# SPDX-License-Identifier: Apache-2.0
"""Pickles written by CPython, read and written by us: the same bytes for plain values, equal objects for all else."""
import collections
import copyreg
import datetime
import decimal
import enum
import fractions
import io
import ipaddress
import json
import pathlib
import pickle
import random
import re
import types
import uuid
import warnings

import numpy
import pandas
import pytest

PROTOCOLS = [2, 4]


def assert_same_bytes(pickle_tool, objects, protocol):
    """CPython's pickle of each object at protocol 4, rewritten at `protocol`, is CPython's pickle at that protocol."""
    written = pickle_tool.rewrite([pickle.dumps(each, 4) for each in objects], protocol)
    for each, got in zip(objects, written):
        assert got == pickle.dumps(each, protocol), repr(each)[:200]


# ---- plain values ----

INTS = [0, 1, -1, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**63, -(2**63), 2**64]
BIG_INTS = [sign * 2**bits + step for sign in (1, -1) for bits in (7, 8, 15, 16, 64, 127, 2039, 2040, 5000) for step in (-1, 0, 1)]
FLOATS = [0.0, -0.0, 1.5, float("inf"), float("-inf"), float("nan"), 5e-324, 1.7976931348623157e308]
TEXTS = ["", "a", "é", "€", "\U0001f600", "\ud800", "x\0y", "a" * 255, "a" * 256, "é" * 200, "line\nline"]
DATA = [b"", b"a", b"\xff", b"ab", b"a" * 255, b"a" * 256, bytes(range(256)), bytearray(), bytearray(b"a"), bytearray(300)]
CONTAINERS = [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], [1], {}, {1: 2}, set(), {1}, frozenset(), frozenset([1, 2])]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_plain_values(pickle_tool, protocol):
    objects = [None, True, False, 1j, -0.0 + 2.5j, *INTS, *BIG_INTS, *FLOATS, *TEXTS, *DATA, *CONTAINERS]
    assert_same_bytes(pickle_tool, [*objects, *([each, each] for each in objects)], protocol)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("count", [999, 1000, 1001, 1999, 2000, 2001, 3500])
def test_batches(pickle_tool, count, protocol):
    numbers = range(count)
    deque = collections.deque(numbers)
    ordered = collections.OrderedDict.fromkeys(numbers)
    assert_same_bytes(
        pickle_tool,
        [list(numbers), dict.fromkeys(numbers), set(numbers), frozenset(numbers), tuple(numbers), deque, ordered],
        protocol,
    )


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_sizes_around_the_end_of_a_frame(pickle_tool, protocol):
    edges = [2**16 + step for step in range(-24, 8)]
    objects = [["a" * size, "b"] for size in edges]
    objects += [[b"a" * size, b"b"] for size in edges]
    objects += [[list(range(100)), "a" * (size - 300), 1, 2] for size in edges]
    objects += [[1 << 8 * size] for size in edges]
    assert_same_bytes(pickle_tool, objects, protocol)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_many_frames(pickle_tool, protocol):
    texts = [f"text {number}" for number in range(40000)]
    mixed = [[text, number, {text: number / 3}] for number, text in enumerate(texts)]
    assert_same_bytes(pickle_tool, [texts, mixed, [texts[7], "x" * 70000, texts[7], b"y" * 200000, "z"]], protocol)


def cycles():
    in_list = []
    in_list.append(in_list)
    in_dict = {}
    in_dict["self"] = in_dict
    for filling in ((), (1,), (1, 2), (1, 2, 3)):
        in_tuple = ([], *filling)
        in_tuple[0].append(in_tuple)
        yield in_tuple
        yield in_tuple[0]
        twice = ([], [], *filling)
        twice[0].append(twice)
        twice[1].append(twice)
        yield twice
    yield in_list
    yield in_dict


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_cycles(pickle_tool, protocol):
    assert_same_bytes(pickle_tool, list(cycles()), protocol)


class Node:
    """Equal to none, so that it can hold itself in a frozenset."""


def node_cycles():
    node = Node()
    node.me = node
    yield node
    node = Node()
    node.held = frozenset([node, 1])
    yield node.held
    yield node


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_cycles_through_objects(pickle_tool, protocol):
    assert_same_bytes(pickle_tool, list(node_cycles()), protocol)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_deep_nesting(pickle_tool, protocol):
    def nest(make, depth):
        value = 1
        for _ in range(depth):
            value = make(value)
        return value

    makers = [lambda value: [value], lambda value: {"k": value}, lambda value: (value,), lambda value: (0, value, 1, 2)]
    assert_same_bytes(pickle_tool, [nest(make, 300) for make in makers], protocol)


class Generator:
    """Random plain values that share parts and hold themselves now and then."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.made = []

    def atom(self):
        pick = self.random
        return pick.choice(
            [
                lambda: None,
                lambda: pick.random() < 0.5,
                lambda: pick.choice(INTS) + pick.randrange(-2, 3),
                lambda: pick.randrange(-(2**80), 2**80),
                lambda: pick.uniform(-1e6, 1e6),
                lambda: complex(pick.random(), pick.random()),
                lambda: "".join(pick.choices("abcé€\U0001f600\0 ", k=pick.randrange(2, 40))),
                lambda: pick.randbytes(pick.randrange(2, 400)),
                lambda: bytearray(pick.randbytes(pick.randrange(0, 30))),
            ]
        )()

    def key(self):
        return self.random.choice([lambda: self.random.randrange(10**6), lambda: f"key {self.random.randrange(50)}"])()

    def container(self, depth):
        count = self.random.choice([0, 1, 2, 3, 4, 7])
        kind = self.random.choice(["list", "tuple", "dict", "set", "frozenset"])
        if kind == "dict":
            return {self.key(): self.value(depth - 1) for _ in range(count)}
        if kind in ("set", "frozenset"):
            return (set if kind == "set" else frozenset)(self.key() for _ in range(count))
        if kind == "tuple":
            return tuple(self.value(depth - 1) for _ in range(count))
        made = [self.value(depth - 1) for _ in range(count)]
        if self.random.random() < 0.1:
            made.append(made)
        return made

    def value(self, depth=6):
        if self.made and self.random.random() < 0.15:
            return self.random.choice(self.made)
        made = self.container(depth) if depth > 0 and self.random.random() < 0.6 else self.atom()
        self.made.append(made)
        return made


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_random_plain_values(pickle_tool, protocol):
    assert_same_bytes(pickle_tool, [[Generator(seed).value() for _ in range(5)] for seed in range(1500)], protocol)


def test_long_list_of_random_plain_values(pickle_tool):
    generator = Generator(0)
    assert_same_bytes(pickle_tool, [[generator.value(3) for _ in range(5000)]], 4)


# ---- values of JSON ----


def test_json_is_pickled_as_python_pickles_what_it_loads(pickle_tool):
    texts = [
        json.dumps(each)
        for each in (
            None,
            [True, False, 1, -(2**70), 0.1, "", "a", "é", "€", ["a", "", "é"]],
            {"a": "a", "b": {"a": "b"}},
            [{"name": f"n{i % 3}", "value": i, "x": [i]} for i in range(2500)],
            {f"key {i}": {"key 1": i, "other": None} for i in range(1500)},
        )
    ]
    for text, got in zip(texts, pickle_tool.from_json(texts)):
        assert got == pickle.dumps(json.loads(text), 4)


# ---- objects ----


class Colour(enum.Enum):
    RED = 1


class Point(collections.namedtuple("Point", "x y")):
    pass


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self):
        self.a, self.b = 1, [2]

    def __eq__(self, other):
        return (self.a, self.b) == (other.a, other.b)


class WithKeywords:
    def __new__(cls, *args, **kwargs):
        made = object.__new__(cls)
        made.args, made.kwargs = args, kwargs
        return made

    def __getnewargs_ex__(self):
        return (1, [2]), {"key": "value"}

    def __eq__(self, other):
        return vars(self) == vars(other)


class SubDict(dict):
    pass


class SubList(list):
    pass


class Nested:
    class Inner:
        def method(self):
            pass


class Set:
    """Gets its state through a function."""

    def __reduce__(self):
        return Set, (), {"key": 1}, None, None, set_state

    def __eq__(self, other):
        return vars(self) == vars(other)


def set_state(made, state):
    made.__dict__.update(state)


def filled(made, *items):
    made.extra = "state"
    made.update(items) if isinstance(made, dict) else made.extend(items)
    return made


OBJECTS = [
    datetime.datetime(2024, 1, 2, 3, 4, 5, 6),
    datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=1))),
    [datetime.date(2024, 1, 2), datetime.time(1, 2), datetime.timedelta(3, 4, 5), datetime.timezone.utc],
    [decimal.Decimal("1.50"), fractions.Fraction(1, 3), uuid.UUID(int=5)],
    [pathlib.PurePosixPath("/a/b"), ipaddress.ip_network("10.0.0.0/8"), range(3), slice(1, None, 2), Ellipsis],
    collections.OrderedDict(b=1, a=2),
    collections.defaultdict(list, {"a": [1]}),
    collections.Counter("abca"),
    collections.deque([1, 2], 5),
    types.SimpleNamespace(a=1),
    [Colour.RED, Colour.RED, Colour],
    Point(1, 2),
    Slotted(),
    WithKeywords(1, [2], key="value"),
    filled(SubList(), *range(1001)),
    filled(SubDict(), *((number, str(number)) for number in range(1001))),
    [Nested.Inner, Nested.Inner.method, Nested],
    Set(),
    [ValueError("no"), KeyError, OSError(2, "no file", "name"), UnicodeDecodeError("utf-8", b"x", 0, 1, "why")],
    re.compile("a.b", re.IGNORECASE),
    [len, int, json.loads, collections.OrderedDict.fromkeys],
    [complex, bytearray(b"x"), bytearray, set, frozenset],
]


def assert_equal(got, wanted):
    assert repr(got) == repr(wanted) or got == wanted


@pytest.mark.parametrize("value", OBJECTS, ids=lambda value: type(value).__name__)
def test_objects_have_the_bytes_of_cpython(pickle_tool, value):
    assert_same_bytes(pickle_tool, [value, [value, value]], 4)


@pytest.mark.parametrize("value", OBJECTS, ids=lambda value: type(value).__name__)
def test_objects_load_equal_at_protocol_2(pickle_tool, value):
    wanted = pickle.loads(pickle.dumps(value, 2))
    assert_equal(pickle.loads(pickle_tool.rewrite([pickle.dumps(value, 4)], 2)[0]), wanted)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 5])
def test_pickles_of_other_protocols_load_equal_when_rewritten(pickle_tool, protocol):
    values = [value for value in OBJECTS if protocol >= 2 or not isinstance(value, (Slotted, WithKeywords))]
    pickles = [pickle.dumps(value, protocol) for value in values]
    for before, after in zip(pickles, pickle_tool.rewrite(pickles, 4)):
        assert_equal(pickle.loads(after), pickle.loads(before))


class WithPersistentIds(pickle.Pickler):
    def persistent_id(self, value):
        return ("node", 7) if isinstance(value, Node) else None


def test_persistent_ids(pickle_tool):
    file = io.BytesIO()
    node = Node()
    WithPersistentIds(file, 4).dump([node, node, 1])
    assert pickle_tool.rewrite([file.getvalue()], 4) == [file.getvalue()]


@pytest.mark.parametrize("code", [1, 255, 256, 65535, 65536, 2**31 - 1])
def test_extension_codes(pickle_tool, code):
    copyreg.add_extension(__name__, "Node", code)
    try:
        assert_same_bytes(pickle_tool, [[Node, Node]], 4)
        assert_same_bytes(pickle_tool, [[Node, Node]], 2)
    finally:
        copyreg.remove_extension(__name__, "Node", code)


# ---- NumPy and pandas ----

DTYPES = [
    *"? i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 g c8 c16 G S3 U3 V3".split(),
    *">i2 >i8 >f4 >c16 >U2 >M8[s]".split(),
    *"M8[ns] M8[25s] m8[D] M8 m8".split(),
    [("a", "f8"), ("b", "i4")],
    [("a", ">f8"), ("b", "S2"), ("c", "U1"), ("d", "M8[us]")],
    [("matrix", "i2", (2, 3)), ("inner", [("x", "i1"), ("y", "f4", 2)])],
    numpy.dtype([("a", "i1"), ("b", "f8")], align=True),
    numpy.dtype({"names": ["x", "y"], "formats": ["i4", "u1"], "offsets": [4, 0], "itemsize": 12}),
    numpy.dtype([(("title", "name"), "i4"), ("b", "i1")]),
]


def sample(dtype, shape=(2, 3)):
    dtype = numpy.dtype(dtype)
    data = random.Random(str(dtype)).randbytes(dtype.itemsize * int(numpy.prod(shape)))
    if dtype.kind == "U" or "U" in str(dtype):
        data = bytes(len(data))
    return numpy.frombuffer(data, dtype).reshape(shape)


def assert_same_array(got, wanted):
    assert type(got) is type(wanted)
    assert got.dtype == wanted.dtype and got.shape == wanted.shape
    assert got.flags.f_contiguous == wanted.flags.f_contiguous
    if got.dtype.names is None:
        assert got.tobytes() == wanted.tobytes()
    else:  # padding between fields is nobody's
        assert repr(got.tolist()) == repr(wanted.tolist())
    assert got.flags.writeable == wanted.flags.writeable


def arrays():
    for dtype in DTYPES:
        yield sample(dtype)
        yield numpy.asfortranarray(sample(dtype))
        yield sample(dtype, ())
        yield sample(dtype, (0, 2))
    yield numpy.array([1, "a", None, [2]], dtype=object)
    yield numpy.arange(100000.0)


@pytest.mark.parametrize("protocol", range(2, 6))
def test_numpy_arrays_load_equal_when_rewritten(pickle_tool, protocol):
    wanted = list(arrays())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for array, got in zip(wanted, pickle_tool.rewrite([pickle.dumps(array, protocol) for array in wanted], 4)):
            assert protocol != 4 or got == pickle.dumps(array, 4)
            if array.dtype == object:
                assert pickle.loads(got).tolist() == array.tolist()
            else:
                assert_same_array(pickle.loads(got), pickle.loads(pickle.dumps(array, protocol)))


def npy_of(array):
    file = io.BytesIO()
    numpy.lib.format.write_array(file, array, allow_pickle=False)
    return file.getvalue()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_tensors_load_as_numpy_arrays(pickle_tool, protocol):
    wanted = [array for array in arrays() if array.dtype != object and array.dtype.names != ("x", "y")]
    written = pickle_tool.from_npy([npy_of(array) for array in wanted], protocol)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for array, got in zip(wanted, written):
            read_back = numpy.lib.format.read_array(io.BytesIO(npy_of(array)))
            assert_same_array(pickle.loads(got), pickle.loads(pickle.dumps(read_back, protocol)))


def test_tensors_have_the_bytes_of_numpy_but_for_the_module_of_its_function(pickle_tool):
    wanted = [array for array in arrays() if array.dtype != object and array.dtype.names is None and array.size != 0]
    for array, got in zip(wanted, pickle_tool.from_npy([npy_of(array) for array in wanted], 2)):
        ours = got.replace(b"cnumpy.core.multiarray\n", b"cnumpy._core.multiarray\n")
        assert ours == pickle.dumps(array, 2).replace(b"cnumpy.core.multiarray\n", b"cnumpy._core.multiarray\n")


def test_numpy_scalars_and_dtypes_have_the_bytes_of_numpy(pickle_tool):
    scalars = [sample(dtype, (1,))[0] for dtype in DTYPES if dtype != "O"]
    assert_same_bytes(pickle_tool, [*scalars, *(numpy.dtype(dtype) for dtype in DTYPES), numpy.float64, numpy.sin], 4)


def test_pandas_objects_have_the_bytes_of_pandas(pickle_tool):
    frame = pandas.DataFrame(
        {"int": [1, 2], "float": [0.5, None], "text": ["x", "é"], "time": pandas.date_range("2024", periods=2, tz="UTC")}
    )
    frame["category"] = pandas.Categorical(["u", "v"])
    objects = [frame, frame["text"], frame.index, frame.set_index(["int", "text"]), pandas.Timestamp("2024"), pandas.NA]
    assert_same_bytes(pickle_tool, objects, 4)
