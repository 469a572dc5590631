# SPDX-License-Identifier: Apache-2.0
"""Tests of the serializer framework. Those that take `framework` run twice where Metaflow is installed: on Metaflow's own modules, loaded aside,
and on ours. Those that take `ours` are about what we do better or more."""

import importlib
import importlib.util
import pathlib
import sys
import types

import pytest

HEADER = """
class {name}(ArtifactSerializer):
    TYPE = {type!r}
    PRIORITY = {priority!r}
{setup}
    @classmethod
    def can_serialize(cls, obj):
        return {takes}

    @classmethod
    def can_deserialize(cls, metadata):
        return metadata.encoding == {type!r} + "-v1"

    @classmethod
    def serialize(cls, obj, format=SerializationFormat.STORAGE):
        data = repr(obj).encode()
        return [SerializedBlob(data)], SerializationMetadata(str(type(obj)), len(data), {type!r} + "-v1", {{}})

    @classmethod
    def deserialize(cls, data, metadata=None, format=SerializationFormat.STORAGE):
        return data[0].decode()
"""


class Framework:
    """One implementation under test."""

    def __init__(self, package):
        self.serializer = importlib.import_module(package + ".serializer")
        self.diagnostic = importlib.import_module(package + ".diagnostic")
        self.lazy_registry = importlib.import_module(package + ".lazy_registry")
        self.package = sys.modules[package]
        self.Store = self.serializer.SerializerStore
        self.Base = self.serializer.ArtifactSerializer
        self.State = self.diagnostic.SerializerState
        self.Record = self.diagnostic.SerializerRecord
        self.interceptor = self.lazy_registry._interceptor
        self.is_ours = package == "coffer.framework"

    @property
    def names(self):
        return {
            name: getattr(self.serializer, name)
            for name in ("ArtifactSerializer", "SerializationFormat", "SerializationMetadata", "SerializedBlob")
        }

    def source(self, name="Toy", type="toy", priority=100, takes="True", setup=""):
        """The text of a serializer's class; `setup` is what setup_imports does."""
        if setup:
            lines = "\n".join("        " + line for line in setup.splitlines())
            setup = f"\n    @classmethod\n    def setup_imports(cls, context=None):\n{lines}\n"
        return HEADER.format(name=name, type=type, priority=priority, takes=takes, setup=setup)

    def define(self, **options):
        """A class of its own, in no module that can be imported."""
        namespace = {"__name__": "nowhere", **self.names}
        exec(self.source(**options), namespace)
        return namespace[options.get("name", "Toy")]

    def module(self, module_name, text=None, **options):
        """A module in sys.modules that has a serializer."""
        module = types.ModuleType(module_name)
        module.__dict__.update(self.names)
        exec(self.source(**options) if text is None else text, module.__dict__)
        sys.modules[module_name] = module
        return module

    def bootstrap(self, *entries, **options):
        self.Store.bootstrap_entries(list(entries), **options)
        return [self.Store._records[name] for name, _ in entries]

    def order(self):
        return [cls.TYPE for cls in self.Store.get_ordered_serializers()]


def load_stock():
    """Metaflow's own modules under a name of their own, so that nothing of Metaflow is changed or imported by it."""
    found = importlib.util.find_spec("metaflow")
    if found is None:
        return None
    directory = pathlib.Path(found.submodule_search_locations[0], "datastore", "artifacts")
    if "stock_artifacts" not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            "stock_artifacts", directory / "__init__.py", submodule_search_locations=[str(directory)]
        )
        sys.modules["stock_artifacts"] = package = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(package)
    return Framework("stock_artifacts")


def _use(framework):
    classes = dict(framework.Store._all_serializers)
    modules = dict(sys.modules)
    framework.Store._reset_for_tests()
    framework.Store._all_serializers.clear()
    yield framework
    framework.Store._reset_for_tests()
    framework.Store._all_serializers.clear()
    framework.Store._all_serializers.update(classes)
    for name in set(sys.modules) - set(modules):
        if getattr(sys.modules[name], "__file__", None) is None or "pytest-of-" in sys.modules[name].__file__:
            del sys.modules[name]


@pytest.fixture(params=["metaflow", "coffer"])
def framework(request):
    if request.param == "coffer":
        yield from _use(Framework("coffer.framework"))
        return
    stock = load_stock()
    if stock is None:
        pytest.skip("Metaflow is not installed")
    yield from _use(stock)


@pytest.fixture
def ours():
    yield from _use(Framework("coffer.framework"))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Makes modules that can be imported: package("heavy", "x = 1") or package("heavy/__init__", ...)."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(path, text=""):
        file = tmp_path / (path + ".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        importlib.invalidate_caches()
        return file

    make.root = tmp_path
    return make
