# SPDX-License-Identifier: Apache-2.0
"""What can't be pickled raises what Python's own pickler raises, and depth ends where its ends."""
import copyreg
import pickle
import re
import sys
import threading
import types
import weakref

import pytest

from coffer._coffer import pickle_artifact

from pickler_checks import Witness, check, outcome, plain
from specimens import LATER, Custom, ListOfMine, Plain, Reduced, with_attributes


class Raising:
    def __init__(self, error):
        self.error = error

    def __reduce__(self):
        raise self.error


def local_class():
    class Local:
        pass

    return Local


UNPICKLABLE = {
    "lock": threading.Lock,
    "deep in": lambda: {"a": [1, (threading.Lock(),)]},
    "lambda": lambda: lambda: 1,
    "generator": lambda: (each for each in ()),
    "module": lambda: sys,
    "local class": local_class,
    "of a local class": lambda: local_class()(),
    "memoryview": lambda: memoryview(b"x"),
    "buffer of protocol 5": lambda: pickle.PickleBuffer(b"x"),
    "weak reference": lambda: weakref.ref(Plain),
    "file": lambda: sys.stdout.buffer,
    "frame": lambda: sys._getframe(),
    "a name of another object": lambda: LATER,
    "cell": lambda: (lambda x: lambda: x)(1).__closure__[0],
    "slots of a class without state": lambda: types.MappingProxyType({}),
    "raises ValueError": lambda: Raising(ValueError("no", 5)),
    "raises AttributeError": lambda: Raising(AttributeError("none")),
    "raises an exception that is none": lambda: Raising(TypeError),
    "reduces to a number": lambda: Custom(5),
    "reduces to None": lambda: Custom(None),
    "reduces to an absent name": lambda: Custom("absent"),
    "reduces to an empty name": lambda: Custom(""),
    "reduces to an empty tuple": lambda: Reduced(),
    "reduces to one part": lambda: Reduced(int),
    "reduces to seven parts": lambda: Reduced(int, (), None, None, None, None, None),
    "calls what is no callable": lambda: Reduced(5, ()),
    "arguments that are no tuple": lambda: Reduced(int, [1]),
    "items that are no iterator": lambda: Reduced(int, (), None, [1]),
    "pairs that are no iterator": lambda: Reduced(int, (), None, None, {}),
    "pairs that are none": lambda: Reduced(dict, (), None, None, iter([5])),
    "pairs of three": lambda: Reduced(dict, (), None, None, iter([(1, 2), (1, 2, 3)])),
    "a setter that is none": lambda: Reduced(int, (), {}, None, None, 5),
    "__newobj__ without a class": lambda: Reduced(copyreg.__newobj__, ()),
    "__newobj__ of no class": lambda: Reduced(copyreg.__newobj__, (5,)),
    "__newobj__ of another class": lambda: Reduced(copyreg.__newobj__, (Plain,)),
    "__newobj_ex__ of two": lambda: Reduced(copyreg.__newobj_ex__, (Plain, ())),
    "__newobj_ex__ of no class": lambda: Reduced(copyreg.__newobj_ex__, (5, (), {})),
    "__newobj_ex__ of no tuple": lambda: Reduced(copyreg.__newobj_ex__, (Plain, [], {})),
    "__newobj_ex__ of no dict": lambda: Reduced(copyreg.__newobj_ex__, (Plain, (), [])),
    "items that raise": lambda: Reduced(list, (), None, (1 // (3 - each) for each in range(5))),
    "first item that raises": lambda: Reduced(list, (), None, (1 // each for each in range(5))),
}


@pytest.mark.parametrize("name", UNPICKLABLE)
def test_exceptions(name):
    # An iterator is used up by the first that asks, so each has an object of its own; addresses in texts differ then.
    ours, stock = (outcome(how, UNPICKLABLE[name]()) for how in (pickle_artifact, plain))
    assert isinstance(stock, tuple)
    assert re.sub("0x[0-9a-f]+", "0x", str(ours)) == re.sub("0x[0-9a-f]+", "0x", str(stock))


def test_interrupts_are_passed_on_at_once():
    witness = Witness()
    for interrupt in (KeyboardInterrupt, SystemExit, GeneratorExit):
        with pytest.raises(interrupt):
            pickle_artifact([witness, Raising(interrupt())])
    assert witness.count == 3


def test_exceptions_of_objects_come_with_their_own_traceback():
    error = ValueError("mine")
    with pytest.raises(ValueError) as caught:
        pickle_artifact([1, Raising(error)])
    assert caught.value is error


# ---- depth ----

NESTINGS = {
    "lists": lambda inner: [inner],
    "dicts": lambda inner: {"a": inner},
    "tuples": lambda inner: (inner,),
    "long tuples": lambda inner: (1, 2, 3, inner),
    "objects": lambda inner: with_attributes(Plain(), inner=inner),
    "lists of mine": lambda inner: ListOfMine([inner, 1]),
    "frozensets": lambda inner: frozenset([inner]) if not isinstance(inner, list) else frozenset(),
    "reductions": lambda inner: Reduced(list, ([inner],)),
}


def nest(make, depth):
    made = []
    for _ in range(depth):
        made = make(made)
    return made


@pytest.mark.parametrize("name", NESTINGS)
def test_nesting(name):
    for depth in (1, 10, 100):
        check(nest(NESTINGS[name], depth))


DEEP = """
import pickle, sys
from coffer._coffer import pickle_artifact
def outcome(how, obj):
    try:
        return bytes(how(obj))
    except Exception as error:
        return type(error), str(error)
for make in (lambda inner: [inner], lambda inner: {1: inner}, lambda inner: (inner,), lambda inner: bytearray(b"x") if not inner else [inner, inner]):
    obj = make([])
    for depth in range(100_000):
        if depth % 97 == 0 and depth < 12_000 or depth % 20_000 == 0:
            assert outcome(pickle_artifact, obj) == outcome(lambda each: pickle.dumps(each, 4), obj), depth
        obj = make(obj)
    assert outcome(pickle_artifact, obj)[0] is RecursionError
    while obj and type(obj) is not bytearray:
        obj = obj[0] if type(obj) is not dict else obj[1]
"""


def test_depth_ends_where_pickle_ends(run_python):
    run_python(DEEP, dev=False)
