# SPDX-License-Identifier: Apache-2.0
"""Finding the class that a Struct names, without running anything that the name could stand for."""

from __future__ import annotations

import importlib
import os
import sys
import types
from typing import Any

_allowed: set[str] = set(filter(None, os.environ.get("COFFER_TYPES_IMPORT", "").split(",")))

_module_dict: Any = vars(types.ModuleType)["__dict__"].__get__
_class_dict: Any = vars(type)["__dict__"].__get__
_class_qualname: Any = vars(type)["__qualname__"].__get__


def allow_imports(*packages: str) -> None:
    """Lets loading a Struct import the module of its class, when that is one of these packages or is inside one. "*" stands for all.

    Without this, and without the environment variable COFFER_TYPES_IMPORT (names with commas between them), nothing is imported: a class whose
    module the program has not imported is loaded as a Record. Importing runs the module's code: name none that others may put things into.
    """
    _allowed.update(packages)


def _is_allowed(module: str) -> bool:
    parents = module.split(".")
    return "*" in _allowed or any(".".join(parents[: count + 1]) in _allowed for count in range(len(parents)))


def _module(name: str) -> Any:
    module = sys.modules.get(name)
    if module is None and _is_allowed(name):
        try:
            importlib.import_module(name)
        except ImportError:
            return None
        module = sys.modules.get(name)
    return module if issubclass(type(module), types.ModuleType) else None


def is_dataclass_class(obj: object) -> bool:
    """Is it a class that was itself made a dataclass? Asks neither it nor its metaclass."""
    return issubclass(type(obj), type) and isinstance(_class_dict(obj).get("__dataclass_fields__"), dict)


def find_dataclass(name: str) -> Any:
    """The dataclass that "module:Qualified.Name" names by its own account, or None.

    Looks into the dicts of modules and classes and nowhere else: no attribute access that code could hook into.
    """
    module_name, _, qualname = name.partition(":")
    module = _module(module_name)
    if module is None:
        return None
    names = _module_dict(module)
    found: Any = None
    for part in qualname.split("."):
        found = names.get(part)
        if not issubclass(type(found), type):
            return None
        names = _class_dict(found)
    is_itself = (names.get("__module__"), _class_qualname(found)) == (module_name, qualname)
    return found if is_itself and is_dataclass_class(found) else None
