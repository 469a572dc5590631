# SPDX-License-Identifier: Apache-2.0
"""The pickler against Python's own: the bytes of pickle.dumps(obj, 4) for whatever there is."""
import collections
import copyreg
import functools
import math
import pickle
import random
import sys

import pytest

from coffer._coffer import pickle_artifact

from pickler_checks import check
from specimens import (
    FRAME,
    OBJECTS,
    Colour,
    DictOfMine,
    Hashed,
    ListOfMine,
    NoName,
    Pair,
    Plain,
    Recursive,
    Reduced,
    SetOfMine,
    WithKeywords,
    WithState,
    set_state,
    with_attributes,
)

# ---- atoms ----

SIZES = (0, 1, 2, 255, 256, 257, 4095, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME, (1 << 20) - 1, 1 << 20, (1 << 20) + 1)
POWERS = [7, 8, 15, 16, 17, 31, 32, 33, 39, 40, 47, 48, 55, 56, 62, 63, 64, 65, 71, 127, 128, 1000, 2031, 2032, 2039, 2040, 2041, 99_999]
INTS = sorted({sign * (1 << power) + offset for power in POWERS for sign in (1, -1) for offset in (-1, 0, 1)} | set(range(-300, 300)))


def test_ints():
    for each in INTS:
        check(each)
    check(INTS)


def test_large_ints():
    check(1 << (8 * 3 * FRAME))
    check([-(1 << (8 * 2 * FRAME)), "end"])


def test_floats():
    check([0.0, -0.0, 1.5, math.inf, -math.inf, math.nan, -math.nan, 5e-324, sys.float_info.max, math.pi])


def test_singletons():
    for each in (None, True, False, ..., NotImplemented, type(None), type(...), type(NotImplemented), __debug__):
        check(each)
    check([type(None), None, type(None), ..., ..., type(...), NotImplemented])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("make", [bytes, bytearray, lambda n: "a" * n, lambda n: "\u00e9" * n, lambda n: "\u20ac" * n, lambda n: "\U0001f600" * n], ids=range(6))
def test_texts_and_byte_strings(make, size):
    made = make(size)
    check(made)
    check([made, made, make(size)])


def test_all_characters():
    check("".join(map(chr, range(0x110000))))
    for end in (0x80, 0x100, 0x800, 0x10000):
        check("".join(map(chr, range(end))))
        check("x" * FRAME + chr(end - 1) + chr(end))
    check(["\ud800", "\udfff", "a\ud800\udc00b", "\udc00" * FRAME])


def test_a_text_keeps_no_copy_of_itself():
    made = "\u20ac" * 1000
    before = sys.getsizeof(made)
    pickle_artifact(made)
    assert sys.getsizeof(made) == before


# ---- frames ----


@pytest.mark.parametrize("fill", [b"x" * 1000, "y" * 200, 5, 1 << 40, None, (1,), "\u00e9" * 40], ids=repr)
def test_frames_that_are_just_full(fill):
    step = len(pickle.dumps([fill] * 2, 4)) - len(pickle.dumps([fill], 4))
    count = FRAME // max(step, 1)
    for more in range(-3, 4):
        check([fill] * (count + more))


@pytest.mark.parametrize("size", range(FRAME - 40, FRAME + 4))
def test_sizes_around_a_frame(size):
    check(["z" * (size - 1), 1, "end"])
    check([b"z" * (size // 2), b"y" * (size - size // 2), None, {}])
    check(["\u00e9" * (size // 2), []])


def test_what_comes_after_large_pieces():
    large = b"x" * FRAME
    for after in (None, 1, [], "", "abc", (large,), {}, 1.5, [1] * 5):
        check([large, after])
        check((large, after, large))
        check({large: after})
    check([bytes(FRAME + number) for number in range(40)])


def test_pieces_of_all_sizes():
    chosen = random.Random(1)
    for _ in range(25):
        check([chosen.choice((bytes, bytearray, str.zfill.__get__("")))(int(2 ** chosen.uniform(0, 18))) for _ in range(chosen.randrange(60))])


# ---- containers ----

COUNTS = (0, 1, 2, 3, 4, 5, 255, 256, 257, 998, 999, 1000, 1001, 1002, 1999, 2000, 2001, 3000, 70_000)


@pytest.mark.parametrize("count", COUNTS)
def test_batches(count):
    check(list(range(count)))
    check(tuple(range(count)))
    check(set(range(count)))
    check(frozenset(range(count)))
    check({number: None for number in range(count)})
    check(collections.deque(range(count)))
    check(collections.OrderedDict((number, str(number)) for number in range(count)))
    check(ListOfMine(range(count)))
    check(DictOfMine((number, number) for number in range(count)))
    check(SetOfMine(range(count)))


@pytest.mark.parametrize("count", [1, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 65_535, 65_536, 65_537, 200_000])
def test_references(count):
    parts = [str(number) + "x" for number in range(count)]
    check(parts + parts)
    check([[part] for part in parts] + parts[::-1])
    check({part: [part] for part in parts})
    check(tuple((part,) for part in parts) + tuple(parts))


def test_one_object_many_times():
    for shared in ([], {}, (), (1,), set(), frozenset([1]), "text", b"bytes", bytearray(b"x"), bytearray(b""), bytearray(b"xy"), b"", "", b"x", "x", Plain(), Colour.RED):
        check([shared, shared, [shared], {"a": shared}])


def test_cycles():
    items = [1]
    items.append(items)
    check(items)
    pairs = {}
    pairs["self"] = pairs
    check(pairs)
    for size in (1, 2, 3, 4, 9):
        inner = []
        outer = (inner,) * size
        inner.append(outer)
        check(outer)
        check(inner)
        check([outer, inner, outer])
    node = Plain()
    node.self, node.all = node, {"node": [node, (node,)]}
    check(node)
    check((node, node.all))
    hashed = Hashed()
    hashed.owner = frozenset([hashed])
    check(hashed.owner)
    check(hashed)
    hashed.owner = {hashed}
    check(hashed)
    for made in (ListOfMine(), collections.deque()):
        made.append(made)
        check(made)
    made = DictOfMine()
    made["x"] = made
    check(made)
    recursive = Recursive()
    check(recursive)
    check([recursive, recursive])


# ---- objects ----



@pytest.mark.parametrize("name", OBJECTS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_objects(name):
    made = OBJECTS[name]()
    check(made)
    check([made, made])
    for each in made if type(made) is list else ():
        check(each)
        check({"a": (each, each)})


REDUCTIONS = {
    "call": lambda: Reduced(Plain, ()),
    "call with arguments": lambda: Reduced(list, ([1, 2],)),
    "arguments of a class of its own": lambda: Reduced(Pair, Pair(1, 2)),
    "state": lambda: Reduced(Plain, (), {"a": 1}),
    "no state": lambda: Reduced(Plain, (), None),
    "state that is false": lambda: Reduced(WithState, (1,), 0),
    "items": lambda: Reduced(ListOfMine, (), None, lambda: iter(range(5))),
    "one item": lambda: Reduced(ListOfMine, (), None, lambda: iter([7])),
    "no items": lambda: Reduced(ListOfMine, (), None, lambda: iter(())),
    "pairs": lambda: Reduced(DictOfMine, (), None, None, lambda: iter({"a": 1, "b": 2}.items())),
    "one pair": lambda: Reduced(DictOfMine, (), None, None, lambda: iter([("a", 1)])),
    "no pairs": lambda: Reduced(DictOfMine, (), None, None, lambda: iter([])),
    "all": lambda: Reduced(Plain, (), {"a": 1}, lambda: iter([1]), lambda: iter([(1, 2)]), set_state),
    "state setter": lambda: Reduced(Plain, (), {"a": [1]}, None, None, set_state),
    "state setter without state": lambda: Reduced(Plain, (), None, None, None, set_state),
    "__newobj__": lambda: Reduced(copyreg.__newobj__, (Reduced, 1, 2), {"parts": 1}),
    "__newobj__ without arguments": lambda: Reduced(copyreg.__newobj__, (Reduced,)),
    "__newobj_ex__": lambda: Reduced(copyreg.__newobj_ex__, (WithKeywords, (1,), {"a": 2})),
    "by a partial": lambda: Reduced(functools.partial(int, base=2), ("101",)),
    "by an instance": lambda: Reduced(NoName(), ()),
    **{f"{count} items": lambda count=count: Reduced(ListOfMine, (), None, lambda: iter(range(count))) for count in (999, 1000, 1001, 2000, 2001)},
    **{f"{count} pairs": lambda count=count: Reduced(DictOfMine, (), None, None, lambda: zip(range(count), range(count))) for count in (999, 1000, 1001, 2002)},
}


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name):
    made = REDUCTIONS[name]()
    check(made)
    check([made, made])
    check({"a": made, "b": [made]})


# ---- made up ----


def grow(chosen, depth, made):
    """A graph with shared and cyclic parts; `made` is all of it so far."""
    kind = chosen.randrange(19 if depth else 8)
    if kind < 6:
        leaves = (None, True, chosen.randrange(-(2**40), 2**40), chosen.random(), str(chosen.randrange(50)), bytes(chosen.randrange(300)), "\u00fc" * chosen.randrange(9))
        return chosen.choice(leaves)
    if kind < 9 and made:
        return chosen.choice(made)
    grow_parts = lambda: [grow(chosen, depth - 1, made) for _ in range(chosen.randrange(6))] if depth else []
    if kind < 12:
        part = []
        made.append(part)
        part.extend(grow_parts())
    elif kind < 14:
        part = {}
        made.append(part)
        part.update((chosen.randrange(99), each) for each in grow_parts())
    elif kind == 14:
        part = with_attributes(Plain(), x=1)
        made.append(part)
        vars(part).update((f"a{number}", each) for number, each in enumerate(grow_parts()))
    elif kind == 15:
        part = tuple(grow_parts())
        made.append(part)
    elif kind == 16:
        part = ListOfMine()
        made.append(part)
        part.extend(grow_parts())
    elif kind == 17:
        part = Reduced(list, (grow_parts(),))
        made.append(part)
    else:
        part = {str(each) for each in range(chosen.randrange(9))}
        made.append(part)
    return part


@pytest.mark.parametrize("seed", range(40))
def test_made_up_graphs(seed):
    chosen = random.Random(seed)
    for _ in range(25):
        check(grow(chosen, 6, []))
