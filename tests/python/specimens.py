# SPDX-License-Identifier: Apache-2.0
"""Classes whose instances the tests pickle, and objects of each kind."""
import abc
import array
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import io
import ipaddress
import math
import operator
import os
import pathlib
import random
import re
import string
import types
import typing
import uuid
import weakref

FRAME = 64 << 10  # how much pickle collects in a frame


class Plain:
    pass


class Hashed(Plain):
    def __hash__(self):
        return 5


class Recursive:
    """Its own arguments hold it."""

    def __reduce__(self):
        return (take_apart, ((self.parts if hasattr(self, "parts") else self.make()),))

    def make(self):
        self.parts = [Holder(self)]
        return self.parts


class Holder:
    def __init__(self, held):
        self.held = held


def take_apart(parts):
    return parts[0].held


class ListOfMine(list):
    pass


class DictOfMine(dict):
    pass


class SetOfMine(set):
    pass


class TupleOfMine(tuple):
    pass


class StrOfMine(str):
    pass


class BytesOfMine(bytes):
    pass


class IntOfMine(int):
    pass


class FloatOfMine(float):
    pass


class ByteArrayOfMine(bytearray):
    pass


class Colour(enum.Enum):
    RED = 1
    GREEN = "green"


class Number(enum.IntEnum):
    ONE = 1


class Flags(enum.Flag):
    A = 1
    B = 2


class Slots:
    __slots__ = ("a", "b", "__weakref__")

    def __init__(self, a, b):
        self.a, self.b = a, b

    def __eq__(self, other):
        return (self.a, self.b) == (other.a, other.b)


class SlotsAndDict(Slots):
    pass


class WithState:
    def __init__(self, state):
        self.state = state

    def __getstate__(self):
        return self.state

    def __setstate__(self, state):
        self.state = state


class WithArguments:
    def __new__(cls, *arguments, **keywords):
        made = super().__new__(cls)
        made.arguments, made.keywords = arguments, keywords
        return made

    def __getnewargs__(self):
        return self.arguments


class WithKeywords(WithArguments):
    def __getnewargs_ex__(self):
        return self.arguments, self.keywords


class Reduced:
    """Reduces to what it is given."""

    def __init__(self, *parts):
        self.parts = parts

    def __reduce__(self):
        return tuple(part() if callable(part) and getattr(part, "__name__", "") == "<lambda>" else part for part in self.parts)


class Custom:
    """Reduces to just what it is given, be it a reduction or not."""

    def __init__(self, reduction):
        self.reduction = reduction

    def __reduce__(self):
        return self.reduction


class Failing:
    """Raises when it is loaded."""

    def __init__(self, error):
        self.error = error

    def __reduce__(self):
        return throw, (self.error,)


def throw(error):
    raise error


class ByName:
    def __reduce__(self):
        return "THE_ONE"


THE_ONE = ByName()
LATER = ByName()


class Meta(type):
    pass


class OfMeta(metaclass=Meta):
    class Inner:
        class Innermost:
            def method(self):
                pass


class Abstract(abc.ABC):
    pass


class Generic(typing.Generic[typing.TypeVar("T")]):
    pass


class NoName:
    def __call__(self):
        return 5


@dataclasses.dataclass
class Record:
    name: str
    data: object = None
    more: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Frozen:
    number: int
    inner: "Frozen | None" = None


class Failure(Exception):
    def __init__(self, message, code):
        super().__init__(message, code)
        self.code = code


Pair = collections.namedtuple("Pair", "left right")


class Typed(typing.NamedTuple):
    x: int
    y: str = "y"


def function(a, b=1):
    return a


def set_state(obj, state):
    vars(obj).update(state)


def with_attributes(made, **attributes):
    vars(made).update(attributes)
    return made


def filled_slots(cls):
    made = cls([1], None)
    made.b = made
    return made


def cyclic_list():
    items = [1, {}]
    items[1]["self"] = items
    return items


# ---- objects of each kind ----

OBJECTS = {
    "plain": lambda: with_attributes(Plain(), x=1, y=[2]),
    "plain, empty": Plain,
    "many": lambda: [with_attributes(Plain(), number=number, name="n") for number in range(3000)],
    "subclasses of builtins": lambda: [
        ListOfMine([1, [2]]),
        DictOfMine(a=1, b=2),
        SetOfMine([1]),
        TupleOfMine((1, 2)),
        StrOfMine("s"),
        StrOfMine("s" * FRAME),
        BytesOfMine(b"b"),
        BytesOfMine(b"b" * FRAME),
        IntOfMine(5),
        FloatOfMine(1.5),
        ByteArrayOfMine(b"x"),
        ByteArrayOfMine(b"x" * FRAME),
    ],
    "subclasses with attributes": lambda: [with_attributes(ListOfMine([1]), a=1), with_attributes(DictOfMine(a=2), b=[]), with_attributes(StrOfMine("s"), c=3)],
    "keys of subclasses": lambda: {StrOfMine("a"): 1, "b": StrOfMine("b"), IntOfMine(3): IntOfMine(4)},
    "attributes of subclasses": lambda: with_attributes(Plain(), **{"a": StrOfMine("b")}),
    "enums": lambda: [Colour.RED, Colour.GREEN, Colour.RED, Number.ONE, Flags.A | Flags.B, Flags.A, {Colour.RED: Number.ONE}, Colour, re.IGNORECASE],
    "slots": lambda: [filled_slots(Slots), Slots.__new__(Slots), filled_slots(SlotsAndDict), with_attributes(SlotsAndDict.__new__(SlotsAndDict), more=1)],
    "states": lambda: [WithState(state) for state in (None, False, 0, {}, {"a": 1}, [1], "s", (None, {"a": 1}), ())],
    "arguments of __new__": lambda: [WithArguments(), WithArguments(1, [2]), WithArguments((), ())],
    "keywords of __new__": lambda: [WithKeywords(), WithKeywords(1, b=[2]), WithKeywords(c="c")],
    "dataclasses": lambda: [Record("a", [Record("b")]), Frozen(1, Frozen(2))],
    "named tuples": lambda: [Pair(1, Pair(2, 3)), Typed(1), Pair],
    "by name": lambda: [THE_ONE, THE_ONE],
    "classes": lambda: [Plain, OfMeta, OfMeta.Inner, OfMeta.Inner.Innermost, Meta, Abstract, abc.ABC, type, object, int, dict, Exception, Plain],
    "generic classes": lambda: [Generic, Generic[int], list[int], dict[str, list[int]], typing.List[int], typing.Optional[int], typing.Any, int | None],
    "functions": lambda: [function, OfMeta.Inner.Innermost.method, len, math.sin, os.path.join, operator.itemgetter(1, 2), operator.attrgetter("a"), print],
    "methods": lambda: [[].append, {"a": 1}.get, "text".join, dict.fromkeys, list.append, Plain.__init__, str.maketrans, with_attributes(Plain(), a=1).__repr__],
    "partials": lambda: [functools.partial(function, 1, b=[2]), functools.partial(int, base=2), functools.partial(print)],
    "exceptions": lambda: [ValueError("a", 1), KeyError(), OSError(2, "no", "file"), Failure("m", [3]), UnicodeDecodeError("utf-8", b"x", 0, 1, "r"), StopIteration(5)],
    "times": lambda: [
        datetime.date(2026, 1, 2),
        datetime.time(1, 2, 3, 4),
        datetime.datetime(2026, 1, 2, 3, tzinfo=datetime.timezone.utc),
        datetime.timedelta(1, 2, 3),
        datetime.timezone(datetime.timedelta(hours=2), "two"),
    ],
    "numbers": lambda: [1j, decimal.Decimal("1.50"), decimal.Decimal("NaN"), fractions.Fraction(1, 3), range(1, 9, 2), slice(1, None, 2)],
    "collections": lambda: [
        collections.OrderedDict(a=1, b=[2]),
        collections.Counter("hello"),
        collections.defaultdict(list, a=[1]),
        collections.deque([1, 2], 5),
        collections.ChainMap({"a": 1}, {}),
        collections.UserDict(a=1),
    ],
    "library": lambda: [
        uuid.UUID(int=5),
        pathlib.PurePosixPath("/a/b"),
        ipaddress.ip_network("10.0.0.0/8"),
        re.compile("a+", re.I),
        types.SimpleNamespace(a=1, b=[2]),
        string.Template("$a"),
        array.array("d", range(9)),
        array.array("b", bytes(FRAME)),
        io.BytesIO(b"abc"),
        io.StringIO("abc"),
        random.Random(4),
        weakref.WeakValueDictionary,
    ],
    "iterators": lambda: [iter([1, 2]), iter((1, 2)), iter("ab"), iter({"a": 1}), iter({1: 2}.items()), reversed([1, 2]), enumerate("ab"), zip([1], [2]), map(len, ["a"])],
    "bytearrays": lambda: [bytearray(), bytearray(b"x"), b"x", bytearray(b"xy"), bytearray(FRAME), bytearray(1 << 20), bytearray(b"z" * (1 << 20))],
}
