# SPDX-License-Identifier: Apache-2.0
"""Records with named fields."""

from __future__ import annotations

from typing import Any

from . import _fields
from ._base import ABSENT
from ._imports import find_dataclass, is_dataclass_class
from ._native import Document
from ._record import Record


def class_name(cls: type) -> str:
    return f"{cls.__module__}:{cls.__qualname__}"


def _parameter(cls: type[Struct]) -> str | None:
    _, bracket, rest = cls.type_name.partition("[")
    return rest[:-1] if bracket else None


class Struct(Document):
    """A dataclass instance or a dict, as JSON with the name of the class beside it.

    Struct(order) is a Struct[Order]; Struct[Order] alone describes it. What is loaded is an Order again, with fields that are dataclasses, members of
    enums, dates and times made again by their annotations, and what is in containers left as JSON has it. Neither __init__ nor __post_init__
    runs.

    The class must be a dataclass at the top of a module, or inside a class there, that the program has imported (or see allow_imports()) and
    have the fields that are stored; else what is loaded is a Record.
    """

    def __new__(cls, value: Any = ABSENT) -> Struct:
        if _parameter(cls) is None and is_dataclass_class(type(value)):
            cls = cls.__class_getitem__(type(value))
        return super().__new__(cls)

    def __class_getitem__(cls, item: Any) -> type[Struct]:
        if isinstance(item, type) and not is_dataclass_class(item):
            raise TypeError(f"class {item.__qualname__} is no dataclass")
        return cls._with([class_name(item) if isinstance(item, type) else item])

    @classmethod
    def _take(cls, value: Any) -> Any:
        wanted = _parameter(cls)
        if is_dataclass_class(type(value)) and wanted == class_name(type(value)):
            return value
        if isinstance(value, Record) and wanted == value._class_name:
            return value
        if isinstance(value, dict):
            return value
        raise TypeError(f"a dict or an instance of {wanted or 'a dataclass'} is needed, not of {type(value).__qualname__}")

    def _plain(self) -> Any:
        return _fields.to_plain(self._value)

    @classmethod
    def _back(cls, plain: Any) -> Any:
        name = _parameter(cls)
        if name is None:
            return plain
        found = find_dataclass(name)
        made = None if found is None else _fields.rebuild(found, plain)
        return Record(name, plain) if made is None else made

    @classmethod
    def to_spec(cls) -> dict[str, Any]:
        """From the annotations of the fields, when the class is known here."""
        spec = super().to_spec()
        name = _parameter(cls)
        found = None if name is None else find_dataclass(name)
        return spec if found is None else {**spec, **_fields.schema_of(found), "title": name}
