# SPDX-License-Identifier: Apache-2.0
"""The objects whose pickles the reader must read. `OBJECTS` lists (name, object)."""

import array
import collections
import copyreg
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import ipaddress
import itertools
import operator
import pathlib
import random
import re
import types
import uuid
import zoneinfo

import corpus_scientific

OBJECTS = []


def add(name, *values):
    for value in values:
        OBJECTS.append((f"{name}-{len(OBJECTS)}", value))


# ---- plain values ----

add("constant", None, True, False)
add(
    "int",
    *(
        sign * (2**bits + step)
        for bits in (0, 1, 7, 8, 15, 16, 31, 32, 63, 64, 100)
        for sign in (1, -1)
        for step in (-1, 0, 1)
    ),
)
add("big-int", *(sign * 2**bits for bits in (2030, 2039, 2040, 5000) for sign in (1, -1)), -(255**255), 10**1000)
add(
    "float",
    0.0,
    -0.0,
    1.5,
    -2.5e-300,
    5e-324,
    1.7976931348623157e308,
    float("inf"),
    float("-inf"),
    float("nan"),
    1 / 3,
    1e16,
    1e22,
)
add("complex", 0j, 1 - 2j, complex(-0.0, float("inf")), complex(float("nan"), 1))
add(
    "str",
    "",
    "a",
    "é",
    "€",
    "😀",
    "\ud800",
    "\udfff\ud800",
    "\0",
    "line\nfeed\r",
    "back\\slash \\u0041",
    "\x1a\x7f\x80\xff",
    "'\"",
)
add("str", *("x" * size for size in (255, 256, 65535, 65536, 70000)), "é" * 40000)
add("bytes", b"", b"a", b"\0\xff", bytes(range(256)), *(b"x" * size for size in (255, 256, 65536, 70000)))
add("bytearray", bytearray(), bytearray(b"a\xff"), bytearray(300), bytearray(70000))

# ---- containers ----

add(
    "list",
    [],
    [1],
    [[]],
    [1, "a", None, [2.5, (3,)]],
    list(range(999)),
    list(range(1000)),
    list(range(1001)),
    list(range(2500)),
)
add("tuple", (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), ((),), ((1,), ((2,),)), tuple(range(2000)))
add(
    "dict",
    {},
    {1: 2},
    {"a": {"b": {}}},
    {None: 0, True: 1, 2.5: 2, "x": 3, b"y": 4, (1, 2): 5},
    {i: str(i) for i in range(1001)},
)
add("set", set(), {1}, {None, "a", b"a", 1.5, (1,), frozenset([2])}, set(range(1001)), {"a" * n for n in range(50)})
add("frozenset", frozenset(), frozenset([1]), frozenset(["a", ("b",)]), frozenset(range(1500)))
add(
    "nested",
    functools.reduce(lambda inner, _: [inner], range(60), 0),
    functools.reduce(lambda inner, _: {0: (inner,)}, range(30), 0),
)


def cycles():
    in_list = []
    in_list.append(in_list)
    in_dict = {}
    in_dict["self"] = in_dict
    in_tuple = ([],)
    in_tuple[0].append(in_tuple)
    mutual = [[], []]
    mutual[0].append(mutual[1])
    mutual[1].append(mutual[0])
    return in_list, in_dict, in_tuple, mutual


shared = [1, 2]
add("cycle", *cycles())
add(
    "shared",
    [shared, shared],
    {"a": shared, "b": (shared,)},
    [(1, 2), [shared], shared],
    [bytearray(b"z")] * 2,
    [frozenset([7])] * 2,
)

# ---- a tree of random plain values for each seed ----


def random_value(choose, depth):
    leaves = [
        lambda: choose.choice([None, True, False]),
        lambda: choose.randrange(-(2 ** choose.randrange(1, 80)), 2**40),
        lambda: choose.uniform(-1e9, 1e9),
        lambda: "".join(
            chr(choose.choice([choose.randrange(1, 128), choose.randrange(0x100, 0x2000), 0x1F600]))
            for _ in range(choose.randrange(20))
        ),
        lambda: choose.randbytes(choose.randrange(40)),
    ]
    if depth == 0 or choose.random() < 0.2:
        return choose.choice(leaves)()
    size = choose.randrange(6)
    kind = choose.choice([list, tuple, dict, set, frozenset])
    if kind is dict:
        return {choose.choice(leaves)(): random_value(choose, depth - 1) for _ in range(size)}
    if kind in (set, frozenset):
        return kind(choose.choice(leaves)() for _ in range(size))
    return kind(random_value(choose, depth - 1) for _ in range(size))


add("random", *(random_value(random.Random(seed), 4) for seed in range(250)))

# ---- classes and functions ----


class Plain:
    def __init__(self, **attributes):
        self.__dict__.update(attributes)

    class Inner:
        pass


class Slots:
    __slots__ = ("left", "right")

    def __init__(self, left, right):
        self.left, self.right = left, right


class SlotsAndDict(Slots):
    pass


class Stateful:
    def __init__(self, state):
        self.state = state

    def __getstate__(self):
        return self.state

    def __setstate__(self, state):
        self.state = state


class WithArguments:
    def __new__(cls, one, two):
        return super().__new__(cls)

    def __getnewargs__(self):
        return 1, [2]


class WithKeywords:
    def __new__(cls, one, *, two):
        return super().__new__(cls)

    def __getnewargs_ex__(self):
        return (1,), {"two": {"deep": (2,)}}


class Reduced:
    def __init__(self, *parts):
        self.parts = parts

    def __reduce__(self):
        return self.parts


class Listing(list):
    pass


class Mapping(dict):
    pass


class Setting(set):
    pass


class Number(int):
    pass


class Text(str):
    pass


class Data(bytes):
    pass


class Pair(tuple):
    pass


def set_state(made, state):
    made.__dict__.update(state)


Point = collections.namedtuple("Point", "x y")


@dataclasses.dataclass
class Record:
    name: str
    values: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Frozen:
    one: int


class Colour(enum.Enum):
    RED = 1
    BLUE = "blue"


class Flags(enum.Flag):
    A = 1
    B = 2


class Level(enum.IntEnum):
    LOW = 1


itself = Plain()
itself.me = itself
parent = Plain(children=[])
parent.children += [Plain(parent=parent), Plain(parent=parent)]
holder = Listing([1])
holder.append(holder)

add(
    "class",
    int,
    type,
    object,
    Plain,
    Plain.Inner,
    collections.OrderedDict,
    type(None),
    type(...),
    type(NotImplemented),
    Exception,
)
add("function", len, print, set_state, random_value, operator.add, dict.fromkeys, "".join, [].append, Plain.__init__)
add("singleton", ..., NotImplemented)
add(
    "plain",
    Plain(),
    Plain(a=1, b=[2]),
    itself,
    parent,
    Plain(inner=Plain(x=Plain())),
    Plain.Inner(),
    [Plain(), Plain()],
)
add(
    "slots",
    Slots(1, [2]),
    SlotsAndDict({}, "r"),
    Stateful(None),
    Stateful(7),
    Stateful({"a": 1}),
    Stateful((1, 2)),
    Stateful(False),
)
add("new", WithArguments(1, 2), WithKeywords(1, two=2))
add(
    "subclass",
    Listing([1, 2]),
    Mapping(a=1),
    Setting([1]),
    Number(5),
    Text("t"),
    Data(b"d"),
    Pair((1, 2)),
    holder,
    Listing(range(1500)),
)
add(
    "reduced",
    Reduced(Plain, ()),
    Reduced(list, ([1],), None, iter([2, 3])),
    Reduced(dict, (), None, None, iter({1: 2}.items())),
)
add(
    "reduced",
    Reduced(Plain, (), {"a": 1}, None, None, set_state),
    Reduced(Listing, (), {"a": 1}, iter([1]), None),
    Reduced(complex, (1,)),
)
add("namedtuple", Point(1, 2), Point([], ()), [Point(1, 2)] * 2)
add("dataclass", Record("a"), Record("b", [1, 2]), Frozen(3))
add("enum", Colour.RED, Colour.BLUE, Flags.A, Flags.A | Flags.B, Level.LOW, [Colour.RED, Colour.RED], re.IGNORECASE)

# ---- the standard library ----

utc = datetime.timezone.utc
east = datetime.timezone(datetime.timedelta(hours=5, minutes=30), "EAST")
add(
    "date",
    datetime.date(2024, 2, 29),
    datetime.date.min,
    datetime.date.max,
    datetime.time(1, 2, 3, 4),
    datetime.time(23, tzinfo=utc),
)
add(
    "datetime",
    datetime.datetime(2024, 1, 2),
    datetime.datetime(1, 1, 1, tzinfo=east),
    datetime.datetime(2024, 1, 2, fold=1),
)
add(
    "delta",
    datetime.timedelta(),
    datetime.timedelta(-1, 2, 3),
    datetime.timedelta.max,
    utc,
    east,
    zoneinfo.ZoneInfo("Europe/Paris"),
)
add(
    "decimal",
    *map(decimal.Decimal, ["0", "-0", "1.50", "1E+1000", "NaN", "sNaN123", "-Infinity"]),
    decimal.Context(prec=5),
)
add("fraction", fractions.Fraction(1, 3), fractions.Fraction(-(10**30), 7))
add("uuid", uuid.UUID(int=0), uuid.UUID("12345678-1234-5678-1234-567812345678"))
add(
    "path",
    pathlib.PurePosixPath("/a/b"),
    pathlib.PureWindowsPath("C:/x"),
    pathlib.Path("relative"),
    pathlib.PurePosixPath("."),
)
add(
    "address",
    *map(ipaddress.ip_address, ["127.0.0.1", "::1"]),
    ipaddress.ip_network("10.0.0.0/8"),
    ipaddress.ip_interface("10.0.0.1/8"),
)
add(
    "collections",
    collections.OrderedDict(a=1, b=2),
    collections.Counter("hello"),
    collections.deque([1, 2]),
    collections.deque([1], 5),
)
add(
    "collections",
    collections.defaultdict(list, a=[1]),
    collections.defaultdict(),
    collections.ChainMap({1: 2}, {}),
    collections.UserDict(a=1),
)
add(
    "collections",
    collections.UserList([1]),
    collections.UserString("u"),
    collections.OrderedDict(),
    collections.deque(range(1500)),
)
add("array", *(array.array(code, [1, 2, 3]) for code in "bBhHiIlLqQfd"), array.array("u", "text"), array.array("d"))
add("slice", slice(None), slice(1, 2, 3), slice("a", (1,)), range(5), range(1, 10, 2), range(-(10**20), 10**20))
add(
    "iterator",
    iter([1, 2]),
    iter((1, 2)),
    iter("ab"),
    iter({}),
    iter(range(3)),
    enumerate([1]),
    zip([1], [2]),
    reversed([1, 2]),
    map(len, ["a"]),
)
add(
    "partial",
    functools.partial(int, base=2),
    functools.partial(len),
    operator.itemgetter(1, 2),
    operator.attrgetter("a.b"),
    operator.methodcaller("f", 1, x=2),
)
add(
    "error",
    Exception(),
    ValueError("no"),
    KeyError("k", 1),
    OSError(2, "gone", "file"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
)
add(
    "error",
    StopIteration(3),
    SystemExit(2),
    ImportError("no", name="m"),
    ExceptionGroup("all", [ValueError(1)]),
    AttributeError("a", name="b"),
)
add("namespace", types.SimpleNamespace(a=1, b=[2]), types.MappingProxyType)
add("random", random.Random(1))
add("pattern", re.compile("a+", re.IGNORECASE), re.compile(b"\xff"))

# ---- NumPy and pandas, where they are installed ----

for kind, values in corpus_scientific.objects():
    add(kind, *values)

copyreg.add_extension(Frozen.__module__, "Frozen", 200)
copyreg.add_extension(Record.__module__, "Record", 60000)
copyreg.add_extension(Slots.__module__, "Slots", 2**31 - 2)
