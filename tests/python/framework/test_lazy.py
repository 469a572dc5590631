# SPDX-License-Identifier: Apache-2.0
"""Classes whose module is imported when something calls for it."""

import os
import subprocess
import sys
import textwrap

import pytest

import coffer


@pytest.fixture
def declare(ours, package):
    """Declares a serializer in a module of its own that nobody has imported."""

    def declare(name="toy", module="lazy_toys", needs=(), types=("things.Thing",), encodings=None, priority=100, body="", **options):
        header = "\n".join(
            f"from coffer.framework import {each}"
            for each in ("ArtifactSerializer", "SerializationFormat", "SerializationMetadata", "SerializedBlob")
        )
        package(module, f"{header}\n{body}\n" + ours.source(name="Toy", type=name, priority=priority, **options))
        encodings = [name + "-v1"] if encodings is None else encodings
        ours.Store.bootstrap_entries(
            [(name, module + ".Toy")], source="a-package", lazy={name: (list(types), list(encodings), list(needs), priority)}
        )
        return ours.Store._records[name]

    return declare


@pytest.fixture
def thing(ours):
    """An object of things.Thing, whose class has an ancestor in another package."""
    base = ours.module("bases.part", text="class Base: pass").Base
    sys.modules["bases.part"].Base.__module__ = "bases.part"
    module = ours.module("things", text="")
    module.Thing = type("Thing", (base,), {"__module__": "things"})
    return module.Thing()


def save(ours, obj):
    """What Metaflow does with the order."""
    for cls in ours.Store.get_ordered_serializers():
        if cls.can_serialize(obj):
            return cls, cls.serialize(obj, format=ours.serializer.SerializationFormat.STORAGE)


def load(ours, encoding, data=b"data"):
    metadata = ours.serializer.SerializationMetadata("t", len(data), encoding, {})
    for cls in ours.Store.get_ordered_serializers():
        if cls.can_deserialize(metadata):
            return cls.deserialize([data], metadata, format=ours.serializer.SerializationFormat.STORAGE)


def test_it_stays_known_until_an_object_of_the_type_comes(ours, declare, thing):
    record = declare()
    assert record.state == ours.State.KNOWN and record.type is None
    assert save(ours, 5) is None and save(ours, "text") is None and load(ours, "other-v1") is None
    assert record.state == ours.State.KNOWN and "lazy_toys" not in sys.modules
    cls, (blobs, metadata) = save(ours, thing)
    assert "lazy_toys" in sys.modules and blobs[0].value == repr(thing).encode() and metadata.encoding == "toy-v1"
    assert record.state == ours.State.ACTIVE and record.import_trigger == "type" and record.type == "toy"
    assert ours.Store.get_source_for(cls) == "a-package"
    assert ours.Store.get_ordered_serializers() == [sys.modules["lazy_toys"].Toy]


def test_it_stays_known_until_an_artifact_of_the_encoding_comes(ours, declare):
    record = declare()
    assert load(ours, "toy-v1", b"some bytes") == "some bytes"
    assert record.state == ours.State.ACTIVE and record.import_trigger == "encoding"


@pytest.mark.parametrize("by", ["library", "classes"])
@pytest.mark.parametrize(
    ("claim", "is_claimed"),
    [
        ("things.Thing", True),
        ("=things.Thing", True),
        ("things.*", True),
        ("bases.part.Base", True),
        ("=bases.part.Base", False),
        ("bases.*", True),
        ("bases.part.*", False),
        ("thing.*", False),
        ("things.Thin", False),
        ("things.Thing.part", False),
    ],
)
def test_claims(ours, declare, thing, claim, is_claimed, by):
    record = declare(types=[claim])
    if by == "classes":
        assert (save(ours, thing) is not None) == is_claimed
    else:
        from coffer.framework._registry import REGISTRY

        if is_claimed:
            assert coffer.serialize(thing, registry=REGISTRY)[1].encoding == "toy-v1"
        else:
            with pytest.raises(coffer.Declined):
                coffer.serialize(thing, registry=REGISTRY)
    assert (record.state == ours.State.ACTIVE) == is_claimed


def test_it_stands_in_the_order_where_it_will_stand(ours, declare):
    ours.module("fake_a", name="A", type="a", priority=50)
    ours.module("fake_b", name="B", type="b")
    ours.bootstrap(("a", "fake_a.A"))
    declare(priority=70)
    ours.bootstrap(("b", "fake_b.B"))
    order = ours.Store.get_ordered_serializers()
    assert [(cls.TYPE, cls.PRIORITY) for cls in order] == [("a", 50), ("toy", 70), ("b", 100)]
    assert issubclass(order[1], ours.Base) and order[1].__name__ == "Toy" and ours.Store.get_source_for(order[1]) is None
    assert ours.Store.get_ordered_serializers() is order and "toy" not in ours.Store._all_serializers


def test_the_class_may_still_decline(ours, declare, thing):
    record = declare(takes="False")
    assert save(ours, thing) is None and record.state == ours.State.ACTIVE


def test_a_class_that_is_not_what_was_declared_is_broken(ours, declare, thing):
    record = declare(priority=100)
    ours.module("lazy_toys", type="toy", priority=50)
    with pytest.warns(RuntimeWarning, match="declared priority 100 != class.PRIORITY 50"):
        assert save(ours, thing) is None
    assert record.state == ours.State.BROKEN and save(ours, thing) is None


def test_a_module_that_fails_is_a_warning_once(ours, declare, thing):
    record = declare(body="raise ValueError('nothing works')")
    with pytest.warns(RuntimeWarning, match="Serializer 'toy' .* is broken: ValueError: nothing works") as caught:
        assert save(ours, thing) is None and save(ours, thing) is None
    assert len(caught) == 1 and record.state == ours.State.BROKEN


def test_a_missing_package_at_load_is_an_error_that_says_what_to_install(ours, declare):
    record = declare(body="import no_such_package", needs=["heavy-package"])
    ours.module("fake_a", name="A", type="a", priority=9999)
    ours.bootstrap(("a", "fake_a.A"))
    for _ in range(2):
        with pytest.raises(coffer.Missing) as caught:
            load(ours, "toy-v1")
        assert str(caught.value) == (
            "Serializer 'toy' reads this encoding but is pending_on_imports: ModuleNotFoundError: No module named 'no_such_package'. "
            "It needs 'heavy-package': install it. It comes from 'a-package'."
        )
    assert record.state == ours.State.PENDING_ON_IMPORTS
    assert ours.Store.explain("toy-v1").startswith("Serializer 'toy' reads this encoding but is pending_on_imports: ")
    assert ours.Store.explain("nobodys-v1") is None


def test_the_library_says_it_too(ours, declare):
    from coffer.framework._registry import REGISTRY

    declare(body="import no_such_package", needs=["heavy-package", "another"])
    with pytest.raises(coffer.Declined, match="It needs 'heavy-package', 'another': install them."):
        coffer.deserialize([b"x"], ("t", 1, "toy-v1", {}), registry=REGISTRY)


def test_another_reader_is_asked_when_the_declared_one_can_not_be_loaded(ours, declare):
    declare(body="import no_such_package")
    ours.module("fake_other", name="Other", type="other", priority=200)
    sys.modules["fake_other"].Other.can_deserialize = classmethod(lambda cls, metadata: metadata.encoding == "toy-v1")
    ours.bootstrap(("other", "fake_other.Other"))
    assert load(ours, "toy-v1", b"read by another") == "read by another"


def test_what_was_missing_may_appear(ours, declare, package, thing):
    record = declare(body="import appears_for_lazy")
    assert save(ours, thing) is None and record.state == ours.State.PENDING_ON_IMPORTS
    package("appears_for_lazy")
    __import__("appears_for_lazy")
    assert record.state == ours.State.ACTIVE and save(ours, thing)[1][1].encoding == "toy-v1"


def test_what_is_off_is_not_called_for(ours, package, thing):
    package("lazy_off", "raise AssertionError")
    ours.Store.bootstrap_entries([("toy", "lazy_off.Toy")], disabled_names={"toy"}, lazy={"toy": (["things.Thing"], [], [], 100)})
    assert save(ours, thing) is None and ours.Store.get_ordered_serializers() == []


# ---- declarations ----


@pytest.mark.parametrize(
    ("declaration", "read"),
    [
        ({"types": ["a.B"]}, (["a.B"], [], [], 100)),
        ({"encodings": "e-v1", "needs": "heavy", "priority": 5}, ([], ["e-v1"], ["heavy"], 5)),
    ],
)
def test_declarations(declaration, read):
    from coffer.framework._bootstrap import read_lazy

    assert read_lazy(declaration) == read


@pytest.mark.parametrize("declaration", [5, {}, {"needs": "heavy"}, {"types": 5}, {"types": [5]}, {"types": "a.B", "color": 1}, {"types": "a.B", "priority": "x"}])
def test_declarations_that_make_no_sense(declaration):
    from coffer.framework._bootstrap import read_lazy

    with pytest.raises((TypeError, ValueError)):
        read_lazy(declaration)


EXTENSION = """
from {framework} import ArtifactSerializer, SerializationMetadata, SerializedBlob
import heavy_{n}
class Toy(ArtifactSerializer):
    TYPE = "lazy_{n}"
    can_serialize = classmethod(lambda cls, obj: type(obj).__module__ == "heavy_{n}")
    can_deserialize = classmethod(lambda cls, metadata: metadata.encoding == "lazy_{n}-v1")
    serialize = classmethod(lambda cls, obj, format="storage": ([SerializedBlob(b"x")], SerializationMetadata("t", 1, "lazy_{n}-v1", {{}})))
    deserialize = classmethod(lambda cls, data, metadata=None, format="storage": data[0])
"""

PROGRAM = """
import importlib, sys, warnings
warnings.simplefilter("error", RuntimeWarning)
for part in ("", ".serializer", ".diagnostic", ".lazy_registry"):
    sys.modules["metaflow.datastore.artifacts" + part] = importlib.import_module("metaflow_extensions.coffer.datastore.artifacts" + part)
import metaflow
from metaflow.datastore.artifacts import SerializationMetadata, SerializerStore
for obj in (1, "text", [1, 2], {"a": None}, 1.5, b"bytes"):
    cls = next(cls for cls in SerializerStore.get_ordered_serializers() if cls.can_serialize(obj))
    assert cls.TYPE == "pickle", cls
    (blob,), metadata = cls.serialize(obj)
    assert next(c for c in SerializerStore.get_ordered_serializers() if c.can_deserialize(metadata)).deserialize([blob.value]) == obj
assert [r.state.value for r in SerializerStore._records.values()].count("known") >= 50
print("plain", sorted(name for name in sys.modules if name.startswith(("heavy_", "lazy_impl"))))
import heavy_7
cls = next(cls for cls in SerializerStore.get_ordered_serializers() if cls.can_serialize(heavy_7.Thing()))
print(cls.TYPE, cls.serialize(heavy_7.Thing())[1].encoding, SerializerStore.get_source_for(cls))
print("called", sorted(name for name in sys.modules if name.startswith(("heavy_", "lazy_impl"))))
"""


def test_fifty_extensions_over_heavy_packages(tmp_path):
    pytest.importorskip("metaflow")
    pytest.importorskip("metaflow_extensions.coffer.datastore.artifacts")
    for n in range(50):
        (tmp_path / f"heavy_{n}.py").write_text("class Thing: pass\n")
        (tmp_path / f"lazy_impl_{n}.py").write_text(EXTENSION.format(n=n, framework="metaflow.datastore.artifacts"))
        plugins = tmp_path / "metaflow_extensions" / f"ext{n}" / "plugins"
        plugins.mkdir(parents=True)
        (plugins / f"mfextinit_ext{n}.py").write_text(
            f"ARTIFACT_SERIALIZERS_DESC = [('lazy_{n}', 'lazy_impl_{n}.Toy')]\n"
            f"ARTIFACT_SERIALIZERS_LAZY = {{'lazy_{n}': {{'types': ['heavy_{n}.Thing'], 'encodings': ['lazy_{n}-v1'], 'needs': 'heavy-{n}'}}}}\n"
        )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    environment.pop("COFFER_DISABLE", None)
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", textwrap.dedent(PROGRAM)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    plain, toy, called = done.stdout.splitlines()
    assert plain == "plain []"
    assert toy.startswith("lazy_7 lazy_7-v1 ")
    assert called == "called ['heavy_7', 'lazy_impl_7']"
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "metaflow" in imported
    assert {name for name in imported if name.startswith(("heavy_", "lazy_impl_"))} <= {"heavy_7", "lazy_impl_7"}
