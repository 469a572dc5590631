# SPDX-License-Identifier: Apache-2.0
"""What is declared when Metaflow starts. Metaflow is imported here and nowhere else in this package."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from .._command import EXTENSIONS
from ._registry import RECORDS, REGISTRY

if TYPE_CHECKING:
    from .serializer import SerializerStore

_Lazy = tuple[list[str], list[str], list[str], int]  # types, encodings, needs, priority

_DEFAULT_PRIORITY = 100


class Group(NamedTuple):
    """What one package declares."""

    source: Optional[str]
    entries: list[tuple[str, str]]  # name and absolute class path
    lazy: dict[str, _Lazy]


def _warn(text: str) -> None:
    warnings.warn(text, RuntimeWarning, stacklevel=4)


# ---- what there is ----


def _texts(value: Any, what: str) -> list[str]:
    texts = [value] if isinstance(value, str) else list(value)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError(f"{what} must be a str or a list of them")
    return texts


def read_lazy(declaration: Any) -> _Lazy:
    """One value of ARTIFACT_SERIALIZERS_LAZY as the registry takes it.

    Raises:
        TypeError, ValueError: it is not what docs/extending-python.md says.
    """
    known = {"types", "encodings", "needs", "priority"}
    if not isinstance(declaration, dict) or set(declaration) - known:
        raise ValueError(f"a lazy declaration is a dict with some of the keys {', '.join(sorted(known))}")
    types, encodings, needs = (_texts(declaration.get(key, ()), key) for key in ("types", "encodings", "needs"))
    priority = declaration.get("priority", _DEFAULT_PRIORITY)
    if not isinstance(priority, int):
        raise TypeError("priority must be an int")
    if not types and not encodings:
        raise ValueError("a lazy declaration names types or encodings")
    return types, encodings, needs, priority


def _read_all_lazy(declarations: Any, entries: list[tuple[str, str]], source: Optional[str]) -> dict[str, _Lazy]:
    """Those that make sense; the others are loaded at once, as by a Metaflow that knows nothing of this."""
    names = {name for name, _ in entries}
    lazy = {}
    for name, declaration in dict(declarations).items():
        try:
            if name not in names:
                raise ValueError("ARTIFACT_SERIALIZERS_DESC has no such entry")
            lazy[name] = read_lazy(declaration)
        except (TypeError, ValueError) as error:
            _warn(f"ARTIFACT_SERIALIZERS_LAZY of '{source}': '{name}' is ignored ({error})")
    return lazy


def _core(store: type[SerializerStore]) -> list[Group]:
    try:
        from metaflow.plugins import ARTIFACT_SERIALIZERS_DESC
    except ImportError:
        return []
    resolve = store._resolve_relative_class_path
    entries = [(name, resolve(path, "metaflow.plugins")) for name, path in ARTIFACT_SERIALIZERS_DESC]
    return [Group("metaflow", entries, {})] if entries else []


def _source_of(extension: Any, package: str) -> Optional[str]:
    named = (getattr(extension, "package_name", None), getattr(extension, "tl_package", None), package)
    return next((name for name in named if name), None)


def _read_extension(store: type[SerializerStore], extension: Any) -> Optional[Group]:
    module = getattr(extension, "module", None)
    declared = module.__dict__.get("ARTIFACT_SERIALIZERS_DESC") if module is not None else None
    if not declared:
        return None
    package = getattr(module, "__package__", None) or ""
    source = _source_of(extension, package)
    entries = [(name, store._resolve_relative_class_path(path, package)) for name, path in declared]
    return Group(source, entries, _read_all_lazy(module.__dict__.get("ARTIFACT_SERIALIZERS_LAZY") or {}, entries, source))


def _warn_of_discovery(error: Exception, hint: str) -> None:
    _warn(
        f"Artifact serializer extension discovery failed ({type(error).__name__}: {error}); extension-shipped serializers may not be active. "
        + hint
    )


def _extensions(store: type[SerializerStore]) -> list[Group]:
    """What each extension declares; trouble with one is no trouble of the next."""
    groups: list[Group] = []
    try:
        from metaflow.extension_support.plugins import get_modules

        extensions = list(get_modules("plugins"))
    except Exception as error:
        _warn_of_discovery(error, "None of them was looked at.")
        return groups
    for extension in extensions:
        try:
            group = _read_extension(store, extension)
        except Exception as error:
            module = getattr(getattr(extension, "module", None), "__name__", "?")
            _warn_of_discovery(error, f"Those of '{module}' are left out.")
            continue
        if group:
            groups.append(group)
    return groups


# ---- what of it is switched off ----


def _split(setting: Any) -> list[str]:
    """A list of items; a str is one with commas between them, or JSON."""
    if isinstance(setting, str):
        setting = json.loads(setting) if setting.lstrip().startswith("[") else setting.split(",")
    return [item.strip() for item in setting or () if isinstance(item, str) and item.strip()]


def _metaflow_toggles() -> list[str]:
    try:
        from metaflow import metaflow_config
        from metaflow.metaflow_config_funcs import from_conf

        setting = getattr(metaflow_config, "ENABLED_ARTIFACT_SERIALIZER", None)
        if setting is not None and not isinstance(setting, str):  # a list, of which Metaflow heeds the names with "-" alone
            return [item for item in _split(setting) if item.startswith("-")]
        return _split(from_conf("ENABLED_ARTIFACT_SERIALIZER", None) if setting is None else setting)
    except Exception as error:
        _warn(
            f"Failed to read ENABLED_ARTIFACT_SERIALIZER config ({type(error).__name__}: {error}); treating all serializers as enabled."
        )
        return []


def _apply_toggles(groups: Iterable[Group]) -> set[str]:
    """Tells the registry, and gives the names that are off. COFFER_SERIALIZERS has the last word."""
    items = _metaflow_toggles()
    own = os.environ.get("COFFER_SERIALIZERS")
    REGISTRY.set_toggles(",".join([*items, own or ""]) if items else own)
    declared = (name for group in groups for name, _ in group.entries)
    off = {item[1:] for item in items if item.startswith("-") and not REGISTRY.allows(item[1:])}
    return off | {name for name in declared if not REGISTRY.allows(name)}


# ---- what descriptor files say ----

_found: set[str] = set()  # names that the last bootstrap found in them


def _forget_found() -> None:
    """They are found again, and the toggles may be others now."""
    for name in _found.intersection(REGISTRY.keys(RECORDS)):
        REGISTRY.remove(RECORDS, name)
    for cls in REGISTRY.active():
        if cls.TYPE in _found and hasattr(cls, "_native"):
            REGISTRY.deactivate(cls)
    _found.clear()


def _discover() -> None:
    before = set(REGISTRY.keys(RECORDS))
    if os.path.isdir(EXTENSIONS):
        REGISTRY.load_directory(EXTENSIONS)
    REGISTRY.discover()
    _found.update(name for name in REGISTRY.keys(RECORDS) if name not in before)


def run(store: type[SerializerStore]) -> None:
    _forget_found()
    groups = _core(store) + _extensions(store)
    off = _apply_toggles(groups)
    for group in groups:
        try:
            extra = {"lazy": group.lazy} if group.lazy else {}
            store.bootstrap_entries(group.entries, disabled_names=off, source=group.source, **extra)
        except Exception as error:
            _warn_of_discovery(error, f"Those of '{group.source}' may be incomplete.")
    _discover()
