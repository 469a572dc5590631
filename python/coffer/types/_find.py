# SPDX-License-Identifier: Apache-2.0
"""Classes from the names of types."""

from __future__ import annotations

from .._errors import NotFound
from ._base import IOType, class_named
from ._native import Native


def type_named(name: str) -> type[IOType]:
    """The class of a type by its name with its parameters.

    Only classes that are there already, and types of the library's registry: nothing is imported.

    Raises:
        NotFound: there is none. Another coffer.Error: it is no name, or the parameters are wrong.
    """
    base, bracket, _ = name.partition("[")
    cls = class_named(base)
    if cls is None:
        try:
            return Native._named(name)
        except NotFound as error:
            raise NotFound(f"there is no type {base} here: import the module that has its class") from error
    if not bracket:
        if issubclass(cls, Native):
            cls._codec()  # some need parameters
        return cls
    if not issubclass(cls, Native):
        raise NotFound(f"type {base} takes no parameters")
    return cls._named(name)
