# SPDX-License-Identifier: Apache-2.0
"""What a Struct is whose class is not known here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn


class Record(Mapping[str, Any]):
    """Named values, as attributes and by name, which can't be changed.

    Args:
        class_name: "module:Class" of what it was.
    """

    __slots__ = ("_class_name", "_fields")

    def __init__(self, class_name: str, fields: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_class_name", class_name)
        object.__setattr__(self, "_fields", dict(fields))

    def __getitem__(self, name: str) -> Any:
        return self._fields[name]

    def __getattr__(self, name: str) -> Any:
        if name in ("_fields", "_class_name") or name not in self._fields:
            raise AttributeError(f"{self!r} has no field {name!r}" if name != "_fields" else name)
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError("a Record can't be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a Record can't be changed")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._fields]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record):
            return NotImplemented
        return (self._class_name, self._fields) == (other._class_name, other._fields)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> Any:
        return Record, (self._class_name, self._fields)

    def __repr__(self) -> str:
        fields = "".join(f" {name}={value!r}" for name, value in self._fields.items())
        return f"<record {self._class_name}{fields}>"
