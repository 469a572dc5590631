# SPDX-License-Identifier: Apache-2.0
"""What is known of each declared serializer."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from typing import Any, List, Optional

from .. import _coffer
from ._registry import RECORDS, REGISTRY
from ._windows import NamesWindow


class SerializerState(str, enum.Enum):
    """Where a record is on its way into dispatch."""

    KNOWN = "known"
    IMPORTING = "importing"
    CLASS_LOADED = "class_loaded"
    IMPORTING_DEPS = "importing_deps"
    ACTIVE = "active"
    PENDING_ON_IMPORTS = "pending_on_imports"
    BROKEN = "broken"
    DISABLED = "disabled"


@dataclass
class SerializerRecord(_coffer.Record):
    """One declared serializer. Its fields are the registry's: what is set here is what dispatch sees next.

    One that is made by hand stands for nothing until it is put into `SerializerStore._records`.
    """

    name: str
    class_path: str
    state: SerializerState = SerializerState.KNOWN
    awaiting_modules: List[str] = field(default_factory=list)
    last_error: Optional[str] = None
    priority: Optional[int] = None
    type: Optional[str] = None
    import_trigger: Optional[str] = None
    dispatch_error_count: int = 0
    source: Optional[str] = None

    def __new__(cls, *args: Any, **kwargs: Any) -> SerializerRecord:
        return super().__new__(cls, REGISTRY)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, each.name) for each in fields(self))

    def as_dict(self) -> dict[str, Any]:
        """The fields as plain values, for printing and JSON."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        values["state"] = self.state.value
        values["awaiting_modules"] = list(self.awaiting_modules)
        return values


def _get_state(self: _coffer.Record) -> SerializerState:
    return SerializerState(self.state_text)


def _set_state(self: _coffer.Record, state: SerializerState) -> None:
    self.state_text = SerializerState(state).value


def _get_awaiting(self: _coffer.Record) -> NamesWindow:
    return NamesWindow(read=lambda: self.awaiting_names, write=lambda names: setattr(self, "awaiting_names", names))


def _set_awaiting(self: _coffer.Record, names: Iterable[str]) -> None:
    self.awaiting_names = names


class _AwaitedSet(set[str]):
    """What a record waited for when something appeared; a change of it is a change of the record."""

    def __init__(self, record: _coffer.Record) -> None:
        super().__init__(record.awaited_names or ())
        self._record = record


def _changing(name: str) -> Callable[..., Any]:
    method = getattr(set, name)

    def change(self: _AwaitedSet, *args: Any) -> Any:
        result = method(self, *args)
        self._record.awaited_names = sorted(self)
        return result

    return change


for _name in ("add", "clear", "discard", "pop", "remove", "update"):
    setattr(_AwaitedSet, _name, _changing(_name))
del _name


def _get_awaited(self: _coffer.Record) -> _AwaitedSet:
    if self.awaited_names is None:
        raise AttributeError("nothing that this record waits for has appeared yet")
    return _AwaitedSet(self)


def _set_awaited(self: _coffer.Record, names: Iterable[str]) -> None:
    self.awaited_names = sorted(names)


def _delete_awaited(self: _coffer.Record) -> None:
    self.awaited_names = None


# The dataclass has taken its defaults: from here on the fields are those of the record in the library.
for _field in fields(SerializerRecord):
    if _field.name in SerializerRecord.__dict__:
        delattr(SerializerRecord, _field.name)
del _field
for _name, _property in {
    "state": property(_get_state, _set_state),
    "awaiting_modules": property(_get_awaiting, _set_awaiting),
    "_previously_awaited": property(_get_awaited, _set_awaited, _delete_awaited),
}.items():
    setattr(SerializerRecord, _name, _property)
del _name, _property


def list_serializer_status() -> list[dict[str, Any]]:
    """What is known of each declared serializer, also of those that wait, are broken or are switched off: a list of dicts with the
    fields of SerializerRecord."""
    records = [REGISTRY.record(name) for name in REGISTRY.keys(RECORDS)]
    return [record.as_dict() for record in records if isinstance(record, SerializerRecord)]
