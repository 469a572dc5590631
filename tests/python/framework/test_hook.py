# SPDX-License-Identifier: Apache-2.0
"""The import hook."""

import importlib
import importlib.util
import sys
import types
import warnings

import pytest


def waiting(framework, module_name):
    """A record that waits for a module."""
    framework.module("fake_toy", setup=f"import {module_name}")
    (record,) = framework.bootstrap(("toy", "fake_toy.Toy"))
    assert record.state == framework.State.PENDING_ON_IMPORTS
    return record


def test_importing_the_module_activates(framework, package):
    record = waiting(framework, "comes_by_import")
    package("comes_by_import", "x = 5")
    module = importlib.import_module("comes_by_import")
    assert module.x == 5 and record.state == framework.State.ACTIVE and record.import_trigger == "hook"
    assert "comes_by_import" in framework.interceptor._processed


def test_a_plain_import_statement_activates(framework, package):
    record = waiting(framework, "comes_by_statement")
    package("comes_by_statement/__init__")
    package("comes_by_statement/part")
    exec("import comes_by_statement.part")
    assert record.state == framework.State.ACTIVE


def test_the_loader_is_the_original_one_afterwards(framework, package):
    waiting(framework, "comes_clean")
    package("comes_clean", "during = type(__spec__.loader).__name__")
    module = importlib.import_module("comes_clean")
    assert module.during == "_WrappedLoader"
    assert isinstance(module.__spec__.loader, importlib.machinery.SourceFileLoader)


def test_so_is_the_module_s_own_loader(ours, package):
    waiting(ours, "comes_cleaner")
    package("comes_cleaner")
    module = importlib.import_module("comes_cleaner")
    assert module.__loader__ is module.__spec__.loader and isinstance(module.__loader__, importlib.machinery.SourceFileLoader)


def test_an_import_that_fails_is_not_told_and_may_be_tried_again(framework, package):
    record = waiting(framework, "comes_at_second")
    package("comes_at_second", "raise RuntimeError('not yet')")
    with pytest.raises(RuntimeError, match="not yet"):
        importlib.import_module("comes_at_second")
    assert record.state == framework.State.PENDING_ON_IMPORTS and "comes_at_second" not in framework.interceptor._processed
    package("comes_at_second", "ready = True")
    importlib.import_module("comes_at_second")
    assert record.state == framework.State.ACTIVE


def test_modules_that_nobody_waits_for_are_left_alone(framework, package):
    waiting(framework, "comes_never")
    package("comes_unwatched")
    assert framework.interceptor.find_spec("comes_unwatched", None) is None
    assert importlib.import_module("comes_unwatched").__spec__.loader.__class__.__name__ == "SourceFileLoader"


def test_find_spec_wraps_what_others_find(framework, package):
    package("comes_to_be_found")
    framework.interceptor.watch("comes_to_be_found")
    framework.lazy_registry._ensure_interceptor_installed()
    spec = framework.interceptor.find_spec("comes_to_be_found", None)
    assert isinstance(spec.loader, framework.lazy_registry._WrappedLoader)
    assert spec.loader.get_filename("comes_to_be_found") == spec.origin
    assert spec.loader.is_package("comes_to_be_found") is False
    assert sys.meta_path[0] is framework.interceptor
    with pytest.raises(AttributeError):
        spec.loader.no_such_attribute


def test_find_spec_of_what_is_not_there(framework):
    framework.interceptor.watch("no_such_package")
    framework.lazy_registry._ensure_interceptor_installed()
    assert framework.interceptor.find_spec("no_such_package", None) is None
    assert sys.meta_path[0] is framework.interceptor


def test_find_spec_that_fails_leaves_the_interceptor_installed(framework, monkeypatch):
    def fail(name):
        raise ValueError("no luck")

    framework.interceptor.watch("some_package")
    framework.lazy_registry._ensure_interceptor_installed()
    monkeypatch.setattr(importlib.util, "find_spec", fail)
    with pytest.raises(ValueError, match="no luck"):
        framework.interceptor.find_spec("some_package", None)
    assert sys.meta_path[0] is framework.interceptor


def test_the_interceptor_is_installed_once_and_first(framework):
    framework.lazy_registry._ensure_interceptor_installed()
    framework.lazy_registry._ensure_interceptor_installed()
    assert sys.meta_path.count(framework.interceptor) == 1 and sys.meta_path[0] is framework.interceptor
    other = types.SimpleNamespace(find_spec=lambda *_: None)
    sys.meta_path.insert(0, other)
    try:
        framework.lazy_registry._ensure_interceptor_installed()
        assert sys.meta_path[:2] == [framework.interceptor, other] and sys.meta_path.count(framework.interceptor) == 1
    finally:
        sys.meta_path.remove(other)


def test_the_wrapper_delegates(framework):
    calls = []

    class Loader:
        def create_module(self, spec):
            calls.append(("create", spec))
            return "a module"

        def exec_module(self, module):
            calls.append(("exec", module))

    told = []
    wrapper = framework.lazy_registry._WrappedLoader(Loader(), types.SimpleNamespace(_on_module_imported=told.append))
    assert wrapper.create_module("a spec") == "a module"
    module = types.ModuleType("some_module")
    module.__spec__ = types.SimpleNamespace(loader=wrapper)
    wrapper.exec_module(module)
    assert calls == [("create", "a spec"), ("exec", module)] and told == [module]
    assert isinstance(module.__spec__.loader, Loader)


def test_the_wrapper_leaves_a_loader_that_somebody_else_set(framework):
    loader = types.SimpleNamespace(exec_module=lambda module: setattr(module.__spec__, "loader", "another"))
    wrapper = framework.lazy_registry._WrappedLoader(loader, types.SimpleNamespace(_on_module_imported=lambda module: None))
    module = types.ModuleType("some_module")
    module.__spec__ = types.SimpleNamespace(loader=wrapper)
    wrapper.exec_module(module)
    assert module.__spec__.loader == "another"


def test_an_interrupted_import_restores_and_tells_nobody(framework):
    def interrupt(module):
        raise KeyboardInterrupt

    loader, told = types.SimpleNamespace(exec_module=interrupt), []
    wrapper = framework.lazy_registry._WrappedLoader(loader, types.SimpleNamespace(_on_module_imported=told.append))
    module = types.ModuleType("some_module")
    module.__spec__ = types.SimpleNamespace(loader=wrapper)
    with pytest.raises(KeyboardInterrupt):
        wrapper.exec_module(module)
    assert module.__spec__.loader is loader and told == []


def test_a_module_is_told_once(framework, monkeypatch):
    told = []
    monkeypatch.setattr(framework.Store, "_on_module_imported", lambda name, module: told.append((name, module)))
    module = types.ModuleType("some_module")
    framework.interceptor._on_module_imported(module)
    assert told == [] and "some_module" in framework.interceptor._processed  # nobody waited
    framework.interceptor._processed.clear()
    framework.interceptor._watched.add("some_module")
    framework.interceptor._on_module_imported(module)
    framework.interceptor._on_module_imported(module)
    assert told == [("some_module", module)]


def test_a_callback_that_crashes_is_a_warning(framework, monkeypatch, package):
    def crash(name, module):
        raise RuntimeError("boom")

    package("comes_with_a_crash", "x = 1")
    framework.interceptor.watch("comes_with_a_crash")
    framework.lazy_registry._ensure_interceptor_installed()
    monkeypatch.setattr(framework.Store, "_on_module_imported", crash)
    with pytest.warns(RuntimeWarning) as caught:
        assert importlib.import_module("comes_with_a_crash").x == 1
    assert str(caught[0].message) == (
        "Artifact serializer registry callback crashed for module 'comes_with_a_crash' (RuntimeError: boom); affected serializers may be left "
        "in a PENDING state."
    )


def test_a_part_of_the_package_is_imported_from_within_its_import(framework, package):
    framework.module("fake_toy", setup="import comes_with_parts.part")
    (record,) = framework.bootstrap(("toy", "fake_toy.Toy"))
    package("comes_with_parts/__init__")
    package("comes_with_parts/part")
    importlib.import_module("comes_with_parts")
    assert record.state == framework.State.ACTIVE and "comes_with_parts.part" in sys.modules


# ---- what upstream misses ----


def test_a_namespace_package_fires(ours, package):
    record = waiting(ours, "comes_as_namespace")
    package("comes_as_namespace/part", "x = 1")
    module = importlib.import_module("comes_as_namespace")
    assert record.state == ours.State.ACTIVE
    assert type(module.__spec__.loader).__name__ in ("NamespaceLoader", "_NamespaceLoader")
    assert module.__loader__ is module.__spec__.loader and importlib.import_module("comes_as_namespace.part").x == 1
    other = types.ModuleType("x")
    exec("import importlib.resources; found = importlib.resources.files('comes_as_namespace')", other.__dict__)
    assert (other.found / "part.py").read_text() == "x = 1"


def test_a_module_that_is_imported_already_fires(ours):
    record = waiting(ours, "comes_silently")
    ours.module("comes_silently", text="")
    assert ours.order() == ["toy"] and record.state == ours.State.ACTIVE and record.import_trigger == "hook"


def test_a_module_that_is_just_being_imported_does_not(ours):
    record = waiting(ours, "comes_slowly")
    module = ours.module("comes_slowly", text="")
    module.__spec__ = importlib.machinery.ModuleSpec("comes_slowly", None)
    module.__spec__._initializing = True
    assert ours.order() == [] and record.state == ours.State.PENDING_ON_IMPORTS
    module.__spec__._initializing = False
    assert ours.order() == ["toy"]


def test_a_name_that_an_imported_module_lacks_breaks_with_the_next_dispatch(ours):
    ours.module("fake_toy", setup="from json import no_such_name_in_it")
    (record,) = ours.bootstrap(("toy", "fake_toy.Toy"))
    assert ours.order() == []
    assert record.state == ours.State.BROKEN and record.last_error.startswith("repeated ImportError on 'json': cannot import name")


def test_a_name_that_appears_in_a_module_later_is_found(ours):
    module = ours.module("fills_up", text="")
    module.__spec__ = importlib.machinery.ModuleSpec("fills_up", None)
    module.__spec__._initializing = True
    ours.module("fake_toy", setup="from fills_up import Flow")
    (record,) = ours.bootstrap(("toy", "fake_toy.Toy"))
    assert ours.order() == [] and record.state == ours.State.PENDING_ON_IMPORTS
    module.Flow = 1
    module.__spec__._initializing = False
    assert ours.order() == ["toy"]


def test_a_name_that_was_told_can_be_told_again(ours, package):
    package("comes_twice")
    ours.interceptor.watch("comes_twice")
    ours.lazy_registry._ensure_interceptor_installed()
    importlib.import_module("comes_twice")
    del sys.modules["comes_twice"]
    package("comes_twice")
    ours.module("fake_toy", setup="raise ModuleNotFoundError('gone again', name='comes_twice')")
    (record,) = ours.bootstrap(("toy", "fake_toy.Toy"))
    sys.modules["fake_toy"].Toy.setup_imports = classmethod(lambda cls: None)
    importlib.import_module("comes_twice")
    assert record.state == ours.State.ACTIVE


def test_the_interceptor_stays_installed_while_it_searches(ours, package):
    seen = []

    class Witness:
        @staticmethod
        def find_spec(name, path, target=None):
            seen.append(sys.meta_path[0] is ours.interceptor)

    package("found_by_search")
    ours.interceptor.watch("found_by_search")
    sys.meta_path.insert(0, Witness)
    ours.lazy_registry._ensure_interceptor_installed()
    try:
        importlib.import_module("found_by_search")
    finally:
        sys.meta_path.remove(Witness)
    assert seen == [True]


def test_reloading_fires_again_for_those_who_wait(ours, package):
    package("comes_reloaded", "x = 1")
    ours.interceptor.watch("comes_reloaded")
    ours.lazy_registry._ensure_interceptor_installed()
    module = importlib.import_module("comes_reloaded")
    assert importlib.reload(module) is module and module.x == 1
    assert isinstance(module.__spec__.loader, importlib.machinery.SourceFileLoader)


def test_no_warning_on_the_usual_ways(framework, package):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        record = waiting(framework, "comes_in_silence")
        package("comes_in_silence")
        importlib.import_module("comes_in_silence")
    assert record.state == framework.State.ACTIVE
