# SPDX-License-Identifier: Apache-2.0
"""Noticing that a module is imported that a serializer waits for."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
import threading
import warnings
from collections.abc import Sequence
from types import ModuleType
from typing import Any, Optional


class _WrappedLoader(importlib.abc.Loader):
    """Does what the loader it wraps does, and tells the interceptor when the module has run.

    It is gone again from the module by then, whether that went well or not.
    """

    def __init__(self, original_loader: Any, interceptor: _Interceptor) -> None:
        self._original = original_loader
        self._interceptor = interceptor

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> Optional[ModuleType]:
        module: Optional[ModuleType] = self._original.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        try:
            self._original.exec_module(module)
        finally:
            self._step_back(module)
        self._interceptor._on_module_imported(module)

    def _step_back(self, module: ModuleType) -> None:
        spec = getattr(module, "__spec__", None)
        if spec is not None and getattr(spec, "loader", None) is self:
            spec.loader = self._original
        if getattr(module, "__loader__", None) is self:
            module.__loader__ = self._original

    def __getattr__(self, name: str) -> Any:
        if name == "_original":  # not set yet, in a copy
            raise AttributeError(name)
        return getattr(self._original, name)


def _namespace_loader(spec: importlib.machinery.ModuleSpec) -> Any:
    """The loader that a namespace package gets from Python once it is imported; None where Python's inside is not as it was."""
    loader_type = getattr(importlib.machinery, "NamespaceLoader", None)
    if loader_type is None:
        loader_type = getattr(importlib._bootstrap_external, "_NamespaceLoader", None)
    if loader_type is None or spec.submodule_search_locations is None:
        return None
    loader = loader_type.__new__(loader_type)
    loader._path = spec.submodule_search_locations
    return loader


class _Interceptor(importlib.abc.MetaPathFinder):
    """Finds no module itself: it wraps the loaders of those that somebody waits for."""

    def __init__(self) -> None:
        self._watched: set[str] = set()
        self._processed: set[str] = set()
        self._searching = threading.local()  # what this thread is just asking the other finders for

    def watch(self, module_name: str) -> None:
        """The next import of this module is told to SerializerStore."""
        self._processed.discard(module_name)
        self._watched.add(module_name)

    def find_spec(
        self, fullname: str, path: Optional[Sequence[str]], target: Optional[ModuleType] = None
    ) -> Optional[importlib.machinery.ModuleSpec]:
        searching = self._searching.__dict__.setdefault("names", set())
        if fullname not in self._watched or fullname in searching:
            return None
        searching.add(fullname)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            searching.discard(fullname)
        if spec is None:
            return None
        loader = spec.loader or _namespace_loader(spec)
        if loader is None:
            return None
        spec.loader = _WrappedLoader(loader, self)
        return spec

    def _on_module_imported(self, module: ModuleType) -> None:
        name = module.__name__
        if name in self._processed:
            return
        self._processed.add(name)
        if name not in self._watched:
            return
        try:
            from .serializer import SerializerStore

            SerializerStore._on_module_imported(name, module)
        except Exception as error:
            # The import that brought us here is somebody else's.
            warnings.warn(
                f"Artifact serializer registry callback crashed for module '{name}' ({type(error).__name__}: {error}); "
                "affected serializers may be left in a PENDING state.",
                RuntimeWarning,
                stacklevel=2,
            )


_interceptor = _Interceptor()


def _ensure_interceptor_installed() -> None:
    if sys.meta_path and sys.meta_path[0] is _interceptor:
        return
    _remove_interceptor()
    sys.meta_path.insert(0, _interceptor)


def _remove_interceptor() -> None:
    if _interceptor in sys.meta_path:
        sys.meta_path.remove(_interceptor)


def _reset_for_tests() -> None:
    _interceptor._watched.clear()
    _interceptor._processed.clear()
    _remove_interceptor()
