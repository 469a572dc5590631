# SPDX-License-Identifier: Apache-2.0
"""Which part of an object it is that pickle can't store."""
import collections
import copyreg
import dataclasses
import functools
import pickle
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest

from coffer._unpicklable import find_path

LOCK = threading.Lock()
STORED = "which pickle can't store"


def path(obj, name="model"):
    with pytest.raises(Exception):
        pickle.dumps(obj, 4)
    found = find_path(obj, name)
    assert found and "\n" not in found
    return found


def is_lock(obj, where):
    assert path(obj) == f"{where} is a _thread.lock, {STORED}"


class Plain:
    def __init__(self, **attributes):
        self.__dict__.update(attributes)


class Slots:
    __slots__ = ("a", "b", "__weakref__")

    def __init__(self, a, b):
        self.a, self.b = a, b


class SlotsAndMore(Slots):
    pass


@dataclasses.dataclass(frozen=True)
class Record:
    name: str
    parts: list


Pair = collections.namedtuple("Pair", "left right")


class Listing(list):
    pass


class Mapping(dict):
    pass


class WithState:
    def __init__(self, state):
        self._state = state

    def __getstate__(self):
        return self._state


class Reducing:
    def __init__(self, *reduction):
        self._reduction = reduction

    def __reduce__(self):
        return self._reduction


class Filling:
    def __init__(self, *parts):
        self._parts = parts

    def __reduce__(self):
        kind, items, pairs = self._parts
        return kind, (), None, items and iter(items), pairs and iter(pairs.items())


class Failing:
    def __reduce__(self):
        raise ZeroDivisionError("one over nothing")


class WithArguments:
    def __new__(cls, *args, **more):
        self = super().__new__(cls)
        self.args_given = args
        return self

    def __getnewargs__(self):
        return self.args_given

    def __getstate__(self):
        return None


def generate():
    yield 1


def test_the_object_itself():
    assert path(LOCK) == f"model is a _thread.lock, {STORED}"


def test_the_example_of_the_books():
    layers = [Plain(weights=np.zeros(9)) for _ in range(6)]
    layers[3]._lock = LOCK
    is_lock(Plain(layers=layers, name="m"), "model.layers[3]._lock")


@pytest.mark.parametrize(
    "make, where",
    [
        (lambda part: [1, (2, part)], "model[1][1]"),
        (lambda part: {"a": {5: part}}, "model['a'][5]"),
        (lambda part: {(1, 2): part}, "model[(1, 2)]"),
        (lambda part: {"k" * 99: part}, "model['kkkkkkkkkkkkkkkkkkk...kkkkkkkkkkkkkkkkkkk']"),
        (lambda part: Plain(a=Plain(b=part)), "model.a.b"),
        (lambda part: Slots(1, part), "model.b"),
        (lambda part: SlotsAndMore(1, part), "model.b"),
        (lambda part: Record("r", [part]), "model.parts[0]"),
        (lambda part: Pair(1, part), "model.right"),
        (lambda part: Listing([1, part]), "model[1]"),
        (lambda part: Mapping(a=part), "model['a']"),
        (lambda part: collections.OrderedDict(a=part), "model['a']"),
        (lambda part: collections.deque([1, part]), "model[1]"),
        (lambda part: collections.defaultdict(list, a=part), "model['a']"),
        (lambda part: functools.partial(print, 1, part), "model.args[1]"),
        (lambda part: functools.partial(print, end=part), "model.keywords['end']"),
        (lambda part: Plain(x=part).__init__, "model.__self__.x"),
        (lambda part: WithState({"made up": part}), "model.__getstate__()['made up']"),
        (lambda part: WithState([1, part]), "model._state[1]"),
        (lambda part: WithArguments(1, part), "model.__reduce_ex__(4)[1][2]"),
        (lambda part: Filling(list, [1, part], None), "model[1]"),
        (lambda part: Filling(dict, None, {1: part}), "model[1]"),
        (lambda part: Reducing(Plain, (), {"x": [part]}), "model.x[0]"),
        (lambda part: Reducing(print, (1, [part])), "model.__reduce_ex__(4)[1][1][0]"),
        (lambda part: np.array([1, part, None], object), "model[1]"),
        (lambda part: np.array([[1, part]], object), "model.flat[1]"),
        (lambda part: pd.DataFrame({"a": [1, 2], "b": [None, part]}), "model.iloc[:, 1].iloc[1]"),
        (lambda part: pd.Series([1, part]), "model.iloc[1]"),
        (lambda part: ValueError("x", part), "model.args[1]"),
    ],
)
def test_ways_into_an_object(make, where):
    is_lock(make(LOCK), where)


def test_keys_and_elements():
    class Hashed:
        pass

    assert path({"a": 1, Hashed(): 2}).startswith("model.<key <")
    assert path({1, generate()}) == f"model.<element> is a generator, {STORED}"


def test_kinds():
    def local():
        pass

    class Local:
        pass

    assert path([sys]) == f"model[0] is the module sys, {STORED}"
    assert path([lambda: 1]) == f"model[0] is a lambda, {STORED}"
    assert path([generate()]) == f"model[0] is a generator, {STORED}"
    assert path({"f": local}) == f"model['f'] is the local function {__name__}.test_kinds.<locals>.local, {STORED}"
    assert path([Local]) == f"model[0] is the local class {__name__}.test_kinds.<locals>.Local, {STORED}"
    assert path([Local()]) == f"model[0] is an instance of the local class {__name__}.test_kinds.<locals>.Local, {STORED}"
    with open(__file__) as file:
        assert path(Plain(log=file)) == f"model.log is an open file ({__file__!r}, _io.TextIOWrapper), {STORED}".replace(repr(__file__), _shown(__file__))
    assert path([Failing()]) == f"model[0] is a {__name__}.Failing, {STORED}: ZeroDivisionError: one over nothing"
    assert path([memoryview(b"x")]) == f"model[0] is a memoryview, {STORED}"
    assert path(Reducing(5)).startswith(f"model is a {__name__}.Reducing, {STORED}: ")


def _shown(text):
    shown = repr(text)
    return shown if len(shown) <= 40 else f"{shown[:20]}...{shown[-20:]}"


def test_a_function_that_another_took_the_name_of():
    def impostor():
        pass

    impostor.__qualname__ = impostor.__name__ = "generate"
    assert path([impostor]) == f"model[0] is the function {__name__}.generate, {STORED}"


def test_registered_reductions():
    copyreg.pickle(Plain, lambda each: (list, ([each.hidden],)))
    try:
        is_lock([Plain(hidden=LOCK)], "model[0].__reduce_ex__(4)[1][0][0]")
    finally:
        del copyreg.dispatch_table[Plain]


def test_cycles():
    parent, child = Plain(), Plain()
    parent.child, child.parent = child, parent
    parent.items = [parent, child]
    parent.lock = LOCK
    is_lock(parent, "model.lock")
    del parent.lock
    child.lock = LOCK
    is_lock(parent, "model.child.lock")


def test_what_can_be_pickled_has_no_such_path():
    assert find_path({"a": [1, Plain(x=1)]}, "model") is None
    loop = []
    loop.append(loop)
    assert find_path(loop, "model") is None


def test_it_never_raises():
    class Hostile:
        def __getattribute__(self, name):
            raise RuntimeError(name)

        def __repr__(self):
            raise RuntimeError

    assert find_path(Hostile(), "x") is None or "Hostile" in find_path(Hostile(), "x")
    assert "key" in find_path({Unprintable(): LOCK, "k": 1}, "x") or "[" in find_path({Unprintable(): LOCK}, "x")
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert find_path(deep, "x") is None
    while deep:
        deep = deep[0]
    nested = LOCK
    for _ in range(300):
        nested = Plain(n=nested)
    found = find_path(nested, "x")
    assert found is None or len(found) < 600


class Unprintable:
    def __repr__(self):
        raise RuntimeError("no")


@pytest.mark.alone
def test_work_is_bounded(monkeypatch):
    from coffer import _unpicklable

    monkeypatch.setattr(_unpicklable, "_MOST_SECONDS", 0.02)
    large = [[i, str(i)] for i in range(200_000)] + [LOCK]
    begin = time.monotonic()
    assert find_path(large, "x") is None
    assert time.monotonic() - begin < 5
    monkeypatch.setattr(_unpicklable, "_MOST_SECONDS", 60)
    assert find_path(large, "x") == f"x[200000] is a _thread.lock, {STORED}"


@pytest.mark.alone
def test_large_arrays_are_not_pickled_again():
    begin = time.monotonic()
    is_lock({"a": np.zeros(1 << 24), "b": LOCK}, "model['b']")
    assert time.monotonic() - begin < 10
