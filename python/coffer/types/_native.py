# SPDX-License-Identifier: Apache-2.0
"""Types that are in the library: it makes and reads their bytes, texts and schemas."""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from .. import _coffer
from .._errors import Error
from .._registry import default_registry
from ._base import ABSENT, IOType, class_named, only_blob

Self = TypeVar("Self", bound="Native")

_parametrized: weakref.WeakValueDictionary[str, type[Native]] = weakref.WeakValueDictionary()


class Native(IOType, entered=False):
    """Base class of those; parameters in brackets make a class of their own, of the same name always the same."""

    _own_codec: _coffer.IOType

    def __init__(self, value: Any = ABSENT) -> None:
        super().__init__(value if value is ABSENT else self._take(value))

    # ---- parameters ----

    @classmethod
    def _named(cls: type[Self], name: str) -> type[Self]:
        """The class of a name with parameters. Raises a coffer.Error for what is none."""
        known: Any = _parametrized.get(name)
        if known is None:
            codec = _coffer.IOType(default_registry(), name)
            base = class_named(cls.type_name) or cls
            make: Any = type(base)
            made = make(name, (base,), {"type_name": name, "__module__": "coffer.types", "_own_codec": codec}, entered=False)
            known = _parametrized.setdefault(name, made)
        found: type[Self] = known
        return found

    @classmethod
    def _with(cls: type[Self], parameters: Iterable[str]) -> type[Self]:
        if "[" in cls.type_name:
            raise TypeError(f"{cls.type_name} has its parameters already")
        return cls._named(f"{cls.type_name}[{','.join(parameters)}]")

    @classmethod
    def _codec(cls) -> _coffer.IOType:
        codec = cls.__dict__.get("_own_codec")
        if codec is None:
            codec = cls._own_codec = _coffer.IOType(default_registry(), cls.type_name)
        return codec

    # ---- values ----

    @classmethod
    def _take(cls, value: Any) -> Any:
        """The value as it is kept, of one that the user gave."""
        return value

    def _plain(self) -> Any:
        """The value as the library takes it."""
        return self._value

    @classmethod
    def _back(cls, plain: Any) -> Any:
        """The value as the user gets it."""
        return plain

    @classmethod
    def _made(cls: type[Self], plain: Any) -> Self:
        self = cls.__new__(cls)
        IOType.__init__(self, cls._back(plain))
        return self

    # ---- the contract ----

    @classmethod
    def to_spec(cls) -> dict[str, Any]:
        spec: dict[str, Any] = json.loads(cls._codec().to_spec())
        return spec

    def _wire_serialize(self) -> str:
        return self._codec().to_wire(self._plain())

    @classmethod
    def _wire_deserialize(cls: type[Self], text: str) -> Self:
        return cls._made(cls._codec().from_wire(text))

    def _storage_serialize(self) -> tuple[Sequence[Any], dict[str, Any]]:
        return [self._codec().to_storage(self._plain())], {}

    @classmethod
    def _storage_deserialize(cls: type[Self], blobs: Sequence[Any], metadata: dict[str, Any]) -> Self:
        return cls._made(cls._codec().from_storage(only_blob(cls, blobs)))

    def _key(self) -> Any:
        return bytes(self._storage_serialize()[0][0])

    def __reduce__(self) -> Any:
        return _remake, (self.type_name, *([self._value] if self.has_value else []))


class Document(Native, entered=False):
    """Base class of those that hold JSON of any kind; reads what is canonical with Python's json."""

    @classmethod
    def _storage_deserialize(cls: type[DocumentSelf], blobs: Sequence[Any], metadata: dict[str, Any]) -> DocumentSelf:
        data = only_blob(cls, blobs)
        plain = _read_canonical(cls._codec(), data)
        return cls._made(cls._codec().from_storage(data) if plain is ABSENT else plain)


DocumentSelf = TypeVar("DocumentSelf", bound=Document)


def _read_canonical(codec: _coffer.IOType, data: Any) -> Any:
    """What Python's json makes of bytes that the library would write for it: sooner than the library's reader makes it. ABSENT when those are others,
    which that reader then takes, or tells why not."""
    try:
        plain = json.loads(str(data, "utf-8"))
        return plain if bytes(codec.to_storage(plain)) == bytes(data) else ABSENT
    except (ValueError, RecursionError, Error):
        return ABSENT


def _remake(name: str, *value: Any) -> Native:
    from ._find import type_named

    cls = type_named(name)
    assert issubclass(cls, Native)
    return cls(*value)
