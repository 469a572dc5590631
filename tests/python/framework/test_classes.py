# SPDX-License-Identifier: Apache-2.0
"""ArtifactSerializer, its registration, lazy_import and _call_setup_imports."""

import json
import sys
import types

import pytest


# ---- the base class ----


def test_the_base_can_not_be_instantiated_and_concrete_classes_can(framework):
    with pytest.raises(TypeError):
        framework.Base()
    assert framework.define()()


def test_defaults(framework):
    assert framework.Base.TYPE is None and framework.Base.PRIORITY == 100
    assert framework.Base.setup_imports() is None and framework.Base.setup_imports(None) is None
    assert framework.Base._RESERVED_LAZY_IMPORT_NAMES == {
        "TYPE",
        "PRIORITY",
        "setup_imports",
        "can_serialize",
        "can_deserialize",
        "serialize",
        "deserialize",
        "lazy_import",
    }
    assert isinstance(framework.Base._RESERVED_LAZY_IMPORT_NAMES, frozenset)


@pytest.mark.parametrize(
    ("method", "arguments"), [("can_serialize", [1]), ("can_deserialize", [None]), ("serialize", [1]), ("deserialize", [[b""]])]
)
def test_the_four_methods_are_abstract(framework, method, arguments):
    assert method in framework.Base.__abstractmethods__
    with pytest.raises(NotImplementedError):
        getattr(framework.Base, method)(*arguments)


def test_the_metaclass(framework):
    from abc import ABCMeta

    assert type(framework.Base) is framework.Store and issubclass(framework.Store, ABCMeta)


# ---- registration ----


def test_a_concrete_class_is_registered_and_not_dispatched_to(framework):
    cls = framework.define()
    assert framework.Store._all_serializers == {"toy": cls}
    assert framework.order() == []


def test_a_class_without_a_type_is_not(framework):
    framework.define(type=None)
    assert framework.Store._all_serializers == {}


def test_a_class_that_is_still_abstract_is_not(framework):
    class Half(framework.Base):
        TYPE = "half"

        @classmethod
        def can_serialize(cls, obj):
            return True

    assert "half" not in framework.Store._all_serializers


def test_a_class_that_inherits_its_type_is_refused(framework):
    Parent = framework.define(name="Parent")
    with pytest.raises(TypeError) as caught:
        type(Parent)("Child", (Parent,), {"__module__": "m"})
    assert str(caught.value) == (
        "Child inherits TYPE 'toy' from Parent but did not declare its own. Subclasses of a registered ArtifactSerializer must set TYPE = "
        "'<unique>' in the class body (or TYPE = None to opt out of registration)."
    )
    assert framework.Store._all_serializers == {"toy": Parent}


def test_a_subclass_may_have_its_own_type_or_none(framework):
    Parent = framework.define()

    class Child(Parent):
        TYPE = "child"

    class Silent(Parent):
        TYPE = None

    assert framework.Store._all_serializers == {"toy": Parent, "child": Child}


def test_a_later_class_of_the_type_replaces_the_earlier(framework):
    framework.define()
    framework.define(name="Other", type="other")
    later = framework.define()
    assert framework.Store._all_serializers["toy"] is later
    assert list(framework.Store._all_serializers) == ["toy", "other"]


def test_the_empty_type_is_one(framework):
    cls = framework.define(type="")
    assert framework.Store._all_serializers == {"": cls}


def test_an_unhashable_type_is_none(framework):
    with pytest.raises(TypeError):
        framework.define(type=[])


def test_registration_clears_the_order(framework):
    framework.Store.get_ordered_serializers()
    assert framework.Store._ordered_cache is not None
    framework.define()
    assert framework.Store._ordered_cache is None


def test_a_mixin_of_another_class_works(framework):
    class Mixin:
        def helper(self):
            return 1

    Parent = framework.define()

    class Child(Mixin, Parent):
        TYPE = "child"

    assert framework.Store._all_serializers["child"] is Child and Child().helper() == 1


# ---- lazy_import ----


def test_lazy_import_sets_the_module_by_its_last_name(framework):
    cls = framework.define()
    import json.decoder

    assert cls.lazy_import("json") is json and cls.json is json
    assert cls.lazy_import("json.decoder") is json.decoder and cls.decoder is json.decoder
    assert cls.lazy_import("json", alias="other") is json and cls.other is json
    assert cls.__dict__["_lazy_imported_names"] == {"json", "decoder", "other"}


@pytest.mark.parametrize("alias", ["TYPE", "PRIORITY", "serialize", "lazy_import", "setup_imports", "_x", "__name__"])
def test_lazy_import_refuses_reserved_names(framework, alias):
    cls = framework.define()
    with pytest.raises(ValueError, match=f"^lazy_import alias '{alias}' is reserved or invalid$"):
        cls.lazy_import("json", alias=alias)


def test_lazy_import_refuses_modules_with_a_leading_underscore(framework):
    with pytest.raises(ValueError, match="^lazy_import alias '_json' is reserved or invalid$"):
        framework.define().lazy_import("_json")


def test_lazy_import_is_repeatable(framework):
    cls = framework.define()
    assert cls.lazy_import("json") is cls.lazy_import("json") is json


def test_lazy_import_gives_a_name_to_one_module_only(framework):
    cls = framework.define()
    cls.lazy_import("json", alias="it")
    with pytest.raises(ValueError) as caught:
        cls.lazy_import("csv", alias="it")
    assert str(caught.value) == "lazy_import alias 'it' is already set to module 'json'; refusing to reassign to 'csv'"
    assert cls.it is json


def test_lazy_import_keeps_names_for_each_class(framework):
    Parent = framework.define()
    Parent.lazy_import("json")

    class Child(Parent):
        TYPE = "child"

    assert "_lazy_imported_names" not in Child.__dict__
    Child.lazy_import("csv", alias="json")
    assert Child.json.__name__ == "csv" and Parent.json is json
    assert Child.__dict__["_lazy_imported_names"] is not Parent.__dict__["_lazy_imported_names"]


def test_lazy_import_overwrites_other_attributes(framework):
    cls = framework.define()
    cls.json = 5
    assert cls.lazy_import("json") is cls.json is json


def test_lazy_import_passes_errors_on_and_sets_nothing(framework):
    cls = framework.define()
    with pytest.raises(ModuleNotFoundError) as caught:
        cls.lazy_import("no_such_module_at_all.part")
    assert caught.value.name == "no_such_module_at_all"
    assert not hasattr(cls, "part") and not cls._lazy_imported_names


def test_lazy_import_of_a_module_with_another_name_is_repeatable_too(ours):
    import os.path

    cls = ours.define()
    assert cls.lazy_import("os.path") is os.path and cls.lazy_import("os.path") is os.path
    assert cls.lazy_import(os.path.__name__, alias="path") is os.path
    with pytest.raises(ValueError, match="already set to module"):
        cls.lazy_import("json", alias="path")


def test_reset_takes_lazy_imports_back(framework):
    Parent = framework.define()
    Parent.lazy_import("json")

    class Child(Parent):
        TYPE = "child"

    Child.lazy_import("csv")
    framework.Store._all_serializers.pop("toy")  # found as an ancestor
    framework.Store._reset_for_tests()
    assert not hasattr(Parent, "json") and not hasattr(Child, "csv")
    assert Parent._lazy_imported_names == set() and Child._lazy_imported_names == set()
    assert Child.lazy_import("json", alias="csv") is json


# ---- _call_setup_imports ----


@pytest.mark.parametrize(
    ("signature", "received"),
    [
        ("cls", ()),
        ("cls, context=None", ("given",)),
        ("cls, context", ("given",)),
        ("cls, *, context=None", (None,)),
        ("cls, *args", ((),)),
        ("cls, **kwargs", ({},)),
    ],
)
def test_setup_imports_gets_the_context_if_it_has_a_place_for_it(framework, signature, received):
    cls = framework.define()
    names = [name.strip(" *").split("=")[0] for name in signature.split(",")[1:]]
    names = [name for name in names if name]
    namespace = {}
    exec(f"def setup_imports({signature}): return ({''.join(name + ',' for name in names)})", namespace)
    cls.setup_imports = classmethod(namespace["setup_imports"])
    assert framework.serializer._call_setup_imports(cls, context="given") == received
    assert framework.serializer._call_setup_imports(cls, "given") == received


@pytest.mark.parametrize("kind", [staticmethod, lambda function: function])
def test_setup_imports_must_be_a_class_method(framework, kind):
    module = framework.module("fake_static")
    module.Toy.setup_imports = kind(lambda: None)
    with pytest.raises(AttributeError):
        framework.serializer._call_setup_imports(module.Toy)
    (record,) = framework.bootstrap(("toy", "fake_static.Toy"))
    assert record.state == framework.State.BROKEN and record.last_error.startswith("AttributeError: ")


def test_classes_in_modules_of_their_own(framework):
    module = types.ModuleType("fake_of_its_own")
    sys.modules["fake_of_its_own"] = module
    module.__dict__.update(framework.names)
    exec(framework.source(), module.__dict__)
    assert framework.Store._all_serializers["toy"] is module.Toy and module.Toy.__module__ == "fake_of_its_own"


def test_a_type_may_be_a_str_of_another_class(framework):
    import enum

    Types = enum.Enum("Types", {"TOY": "toy"}, type=str)
    module = framework.module("fake_toy")
    module.Toy.TYPE = Types.TOY
    (record,) = framework.bootstrap(("toy", "fake_toy.Toy"))
    assert record.state == framework.State.ACTIVE and framework.Store.get_source_for(module.Toy) is None
    assert framework.Store.get_ordered_serializers() == [module.Toy]
