# SPDX-License-Identifier: Apache-2.0
"""What is known of each declared serializer."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, fields
from typing import List, Optional

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

    def __new__(cls, *args, **kwargs):
        return super().__new__(cls, REGISTRY)

    def __reduce__(self):
        return type(self), tuple(getattr(self, each.name) for each in fields(self))

    def as_dict(self) -> dict:
        """The fields as plain values, for printing and JSON."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        values["state"] = self.state.value
        values["awaiting_modules"] = list(self.awaiting_modules)
        return values


def _get_state(self):
    return SerializerState(self.state_text)


def _set_state(self, state):
    self.state_text = SerializerState(state).value


def _get_awaiting(self):
    return NamesWindow(read=lambda: self.awaiting_names, write=lambda names: setattr(self, "awaiting_names", names))


def _set_awaiting(self, names):
    self.awaiting_names = names


class _AwaitedSet(set):
    """What a record waited for when something appeared; a change of it is a change of the record."""

    def __init__(self, record):
        super().__init__(record.awaited_names or ())
        self._record = record

    def _changing(name):
        method = getattr(set, name)

        def change(self, *args):
            result = method(self, *args)
            self._record.awaited_names = sorted(self)
            return result

        return change

    add, clear, discard, pop, remove, update = map(_changing, ("add", "clear", "discard", "pop", "remove", "update"))
    del _changing


def _get_awaited(self):
    if self.awaited_names is None:
        raise AttributeError("nothing that this record waits for has appeared yet")
    return _AwaitedSet(self)


def _set_awaited(self, names):
    self.awaited_names = sorted(names)


def _delete_awaited(self):
    self.awaited_names = None


# The dataclass has taken its defaults: from here on the fields are those of the record in the library.
for _field in fields(SerializerRecord):
    if _field.name in SerializerRecord.__dict__:
        delattr(SerializerRecord, _field.name)
del _field
SerializerRecord.state = property(_get_state, _set_state)
SerializerRecord.awaiting_modules = property(_get_awaiting, _set_awaiting)
SerializerRecord._previously_awaited = property(_get_awaited, _set_awaited, _delete_awaited)


def list_serializer_status() -> list:
    """What is known of each declared serializer, also of those that wait, are broken or are switched off: a list of dicts with the
    fields of SerializerRecord."""
    records = [REGISTRY.record(name) for name in REGISTRY.keys(RECORDS)]
    return [record.as_dict() for record in records if record is not None]
