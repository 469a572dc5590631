# SPDX-License-Identifier: Apache-2.0
"""Arrays of objects, which are written without the list that they reduce to, and tables of pandas that hold them."""
import collections
import datetime
import gc
import pickle
import sys
import tracemalloc

import numpy as np
import pandas as pd
import pytest

from coffer._coffer import pickle_artifact

COUNT = 8192  # pointers of 64 KiB
TEXTS = np.array([f"text {number}" for number in range(6 * COUNT)], object)


def check(obj):
    assert bytes(pickle_artifact(obj)) == pickle.dumps(obj, 4)


class Counting:
    def __init__(self):
        self.count = 0

    def __reduce__(self):
        self.count += 1
        return (int, ())


def filled(value, count=COUNT):
    made = np.empty(count, object)
    made[:] = value
    return made


def mixed(count):
    parts = ["a", b"b", 1, -(2**62), 1.5, None, True, False, float("nan"), "\u20ac", "", b"", "x" * 300]
    return np.array([parts[number % len(parts)] for number in range(count)], object)


PLAIN = {
    "texts": lambda: TEXTS.copy(),
    "mixed": lambda: mixed(3 * COUNT),
    "no objects at all": lambda: np.empty(COUNT, object),
    "one object many times": lambda: filled("same"),
    "numbers": lambda: np.arange(3 * COUNT).astype(object),
    "large parts": lambda: np.array(["x" * 70_000, b"y" * 70_000, "\u00e9" * 70_000] + ["z"] * COUNT, object),
    "2-D": lambda: TEXTS.reshape(6, -1),
    "one row": lambda: TEXTS.reshape(1, -1),
    "one column": lambda: TEXTS.reshape(-1, 1),
    "4-D": lambda: TEXTS.reshape(2, 3, -1, 4),
    "Fortran": lambda: np.asfortranarray(TEXTS.reshape(6, -1)),
    "transposed": lambda: TEXTS.reshape(3, 2, -1).T,
    "axes moved": lambda: np.moveaxis(TEXTS.reshape(3, 2, -1), 0, 1),
    "strided": lambda: TEXTS[::2],
    "backwards": lambda: TEXTS[::-1],
    "part": lambda: TEXTS[7:-9],
    "broadcast": lambda: np.broadcast_to(TEXTS[:3], (COUNT, 3)),
    "read-only": lambda: (lambda made: made.setflags(write=False) or made)(TEXTS.copy()),
    **{f"{count} objects": lambda count=count: TEXTS[:count] for count in (COUNT, COUNT + 1, 8999, 9000, 9001, 10_000)},
}

OTHER = {
    "few": lambda: TEXTS[: COUNT - 1],
    "none": lambda: TEXTS[:0],
    "one": lambda: TEXTS[:1],
    "0-D": lambda: np.array("a", object),
    "lists": lambda: np.array([[number] for number in range(COUNT)] + [None], object),
    "one shared list": lambda: (lambda made: made.__setitem__(0, made[1]) or made)(filled([1])),
    "large ints": lambda: np.array([1 << number % 200 for number in range(COUNT)], object),
    "texts of a subclass": lambda: np.array([np.str_("a")] * COUNT, object),
    "times": lambda: np.array([datetime.date(2026, 1, 1 + number % 28) for number in range(COUNT)], object),
    "arrays in it": lambda: (lambda made: made.__setitem__(3, TEXTS) or made)(filled("x")),
    "itself in it": lambda: (lambda made: made.__setitem__(3, made) or made)(filled("x")),
    "fields with objects": lambda: np.zeros(COUNT, [("a", "O"), ("b", "f8")]),
}


@pytest.mark.parametrize("name", [*PLAIN, *OTHER])
def test_arrays_of_objects(name):
    made = {**PLAIN, **OTHER}[name]()
    check(made)
    check([made, made, "text 5", {"a": made}])
    check([made[:2].tolist() if made.ndim else 1, made, TEXTS[:5], made])


@pytest.mark.parametrize("name", PLAIN)
def test_plain_objects_are_written_without_a_list(name):
    made = PLAIN[name]()
    pickle_artifact(made)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        blob = pickle_artifact(made)
        added = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert len(blob) == len(pickle.dumps(made, 4))
    # The list has 8 bytes an object; what is left is the memo, of which each object that differs takes up to 24.
    distinct = len({id(each) for each in made.ravel().tolist() if isinstance(each, (str, bytes))})
    assert added < distinct * 24 + made.size * 4 + (8 << 10)


def test_objects_whose_code_runs_are_pickled_once():
    for make in (lambda: filled(Counting()), lambda: np.array([TEXTS, Counting()], object)):
        made = make()
        counting = made.ravel()[-1]
        pickle_artifact(made)
        assert counting.count == (1 if made.ndim == 1 else counting.count)


class Replacing:
    """Changes the array that it is in while it is pickled."""

    def __init__(self):
        self.array = None

    def __reduce__(self):
        self.array[-1] = "changed"
        return (int, ())


def test_an_array_that_its_own_objects_change():
    def make():
        made = filled("before")
        made[5] = Replacing()
        made[5].array = made
        return made

    assert bytes(pickle_artifact(make())) == pickle.dumps(make(), 4)


def test_nothing_is_kept():
    made = mixed(COUNT)
    text = made[0]
    before = sys.getrefcount(text), sys.getrefcount(made)
    for _ in range(20):
        pickle_artifact(made)
        with pytest.raises(TypeError):
            pickle_artifact([made, (each for each in ())])
    gc.collect()
    assert (sys.getrefcount(text), sys.getrefcount(made)) == before


# ---- pandas ----

ROWS = 2 * COUNT


def columns(dtype):
    return pd.DataFrame({"n": range(ROWS), "s": pd.Series([f"row {number}" for number in range(ROWS)], dtype=dtype), "t": pd.Series(["x"] * ROWS, dtype=dtype)})


FRAMES = {
    "object": lambda: columns(object),
    "str": lambda: columns("str"),
    "string[python]": lambda: columns("string[python]"),
    "category": lambda: columns("category"),
    "with gaps": lambda: columns(object).mask(columns(object)["n"] % 3 == 0),
    "rows of objects": lambda: columns(object).T,
    "index of texts": lambda: columns(object).set_index("s"),
    "two levels": lambda: columns(object).set_index(["s", "t"]),
    "a part": lambda: columns(object).iloc[5:-5:2],
    "lists": lambda: pd.Series([[1, "a"]] * ROWS),
    "dates": lambda: pd.Series([datetime.date(2026, 1, 1)] * ROWS),
    "named tuples": lambda: pd.Series([Point(1, 2)] * ROWS),
    "dict of series": lambda: {"a": columns(object)["s"], "b": columns("str")["s"]},
}

Point = collections.namedtuple("Point", "x y")


@pytest.mark.parametrize("name", FRAMES)
def test_frames_of_objects(name):
    made = FRAMES[name]()
    check(made)
    check([made, made])
