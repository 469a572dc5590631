# SPDX-License-Identifier: Apache-2.0
"""What others say of an object counts for the pickler as for Python's own: reductions and codes that are registered, names, attributes; and
Python's own is asked whether we write what it writes."""
import copyreg
import sys
import types

import pytest

from coffer._coffer import pickle_artifact

from pickler_checks import check, outcome, plain
from specimens import THE_ONE, ByName, Meta, OfMeta, Plain, Slots, filled_slots, function


@pytest.fixture
def registered():
    """Registers reductions, until the test is over."""
    before = dict(copyreg.dispatch_table)
    yield copyreg.pickle
    copyreg.dispatch_table.clear()
    copyreg.dispatch_table.update(before)


def test_registered_reductions(registered):
    registered(Plain, lambda obj: (int, ("5",)))
    registered(Slots, lambda obj: (list, ((obj.a,),), None, iter([1, 2])))
    registered(Meta, lambda cls: (str, ("a class",)))
    registered(ByName, lambda obj: "THE_ONE")
    check([Plain(), filled_slots(Slots), OfMeta, THE_ONE])
    # These go their own way whatever is registered.
    registered(type, lambda cls: (int, ()))
    registered(types.FunctionType, lambda cls: (int, ()))
    registered(dict, lambda cls: (int, ()))
    check([Plain, function, {}])


@pytest.mark.parametrize("code", [1, 2, 0xFF, 0x100, 0xFFFF, 0x10000, 0x7FFFFFFF])
def test_extension_codes(code):
    copyreg.add_extension(Plain.__module__, "Plain", code)
    copyreg.add_extension(OfMeta.__module__, "OfMeta.Inner", code % 1000 + 1000)
    try:
        check([Plain, Plain(), Plain, OfMeta.Inner, OfMeta.Inner, OfMeta])
    finally:
        copyreg.remove_extension(Plain.__module__, "Plain", code)
        copyreg.remove_extension(OfMeta.__module__, "OfMeta.Inner", code % 1000 + 1000)


def test_extension_codes_that_are_none():
    for code in ("5", 0, -1, 1 << 31, 1 << 70):
        copyreg._extension_registry[Plain.__module__, "Plain"] = code
        try:
            assert outcome(pickle_artifact, Plain) == outcome(plain, Plain)
        finally:
            del copyreg._extension_registry[Plain.__module__, "Plain"]


def test_modules_are_searched(monkeypatch):
    class Anywhere:
        def __reduce__(self):
            return "thing"

    Anywhere.__module__ = None
    made = Anywhere()
    for names in (["zz_first", "zz_second"], ["__mp_main__", "zz_first"], ["zz_broken", "zz_first"], []):
        for name in names:
            module = types.ModuleType(name)
            if name != "zz_broken":
                module.thing = made
            monkeypatch.setitem(sys.modules, name, module)
        assert outcome(pickle_artifact, [made, made]) == outcome(plain, [made, made])
        for name in names:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "zz_none", None)
    check([..., NotImplemented, len])


def test_classes_whose_names_lie():
    here, lies = Plain.__module__, []
    for module, name in ((here, "Absent"), (here, "Plain"), ("no.such.module", "Plain"), (here, "function.<locals>.x"), ("os", "path"), (5, "Plain"), (None, "Plain")):
        made = type("Liar", (), {})
        made.__module__, made.__qualname__ = module, name
        lies.append(made)
    for each in lies:
        assert outcome(pickle_artifact, each) == outcome(plain, each)
        assert outcome(pickle_artifact, each()) == outcome(plain, each())


def test_attributes_that_others_answer_for():
    class ByInstance:
        pass

    globals()["ByInstance"] = ByInstance
    ByInstance.__qualname__ = "ByInstance"
    by_instance = ByInstance()
    by_instance.__reduce_ex__ = lambda protocol: (int, (str(protocol),))
    check(by_instance)

    class Hiding:
        @property
        def __reduce_ex__(self):
            raise AttributeError

        def __reduce__(self):
            return (int, ("1",))

    assert outcome(pickle_artifact, Hiding()) == outcome(plain, Hiding())

    class Disguised(Plain):
        __class__ = Plain

        def __reduce__(self):
            return (copyreg.__newobj__, (Plain,))

    assert outcome(pickle_artifact, Disguised()) == outcome(plain, Disguised())


# ---- trust ----

ANOTHER_PICKLE = """
import _pickle, pickle
pickle.dumps = pickle._dumps  # Python's own in Python, which writes some things in another way
from coffer._coffer import pickle_artifact
obj = dict.fromkeys(range(1000))
assert pickle._dumps(obj, 4) != _pickle.dumps(obj, 4)
for each in (obj, [obj, "x" * 100_000], 5):
    assert bytes(pickle_artifact(each)) == pickle._dumps(each, 4)
"""

OUR_PICKLE = """
import pickle
calls = []
def dumps(*arguments, original=pickle.dumps):
    calls.append(arguments[0])
    return original(*arguments)
pickle.dumps = dumps
from coffer._coffer import pickle_artifact
assert not calls
for each in range(5):
    pickle_artifact(each)
assert len(calls) == 1 and calls[0] not in range(5)
"""


def test_it_is_used_only_where_it_writes_what_pickle_writes(run_python):
    run_python(ANOTHER_PICKLE)
    run_python(OUR_PICKLE)
