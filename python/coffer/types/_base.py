# SPDX-License-Identifier: Apache-2.0
"""What every type of artifacts is."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

Self = TypeVar("Self", bound="IOType")

ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "<no value>"})()

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,126}")
_classes: dict[str, type[IOType]] = {}


def class_named(name: str) -> type[IOType] | None:
    """The class that has this type_name, without parameters."""
    return _classes.get(name)


def _enter(cls: type[IOType]) -> None:
    name = cls.type_name
    if not _NAME.fullmatch(name):
        raise TypeError(f"type_name {name!r} of class {cls.__qualname__} is no plain ASCII identifier")
    known = _classes.get(name, cls)
    if (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):  # the same again: a module is reloaded
        raise TypeError(f"type_name {name!r} is taken by class {known.__module__}.{known.__qualname__}")
    _classes[name] = cls


def check_format(format: Any) -> str:
    """ "storage" or "wire", of a str or a member of Metaflow's SerializationFormat."""
    if format not in ("storage", "wire"):
        raise ValueError(f"there is no format {format!r}: there are 'storage' and 'wire'")
    return "wire" if format == "wire" else "storage"


class IOType(ABC):
    """A value with a contract for what it is, or, without a value, the contract alone.

    A subclass has the four hooks and, if it is not to be the class's name, a `type_name`, under which it is found again when an artifact is loaded:
    its module must be imported by then. Objects are equal when their types and values are.

    Args:
        value: what the artifact is to hold; without one the object can only tell its to_spec().
    """

    type_name: ClassVar[str] = ""
    """What stands in the encoding of an artifact, behind "iotype:"."""

    def __init_subclass__(cls, *, entered: bool = True, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "type_name" not in cls.__dict__:
            cls.type_name = cls.__name__
        if entered:
            _enter(cls)

    def __init__(self, value: Any = ABSENT) -> None:
        self._value = value

    @property
    def has_value(self) -> bool:
        return self._value is not ABSENT

    @property
    def value(self) -> Any:
        """Raises ValueError when there is none."""
        if self._value is ABSENT:
            raise ValueError(f"this {self.type_name} describes a type and has no value")
        return self._value

    # ---- the contract ----

    @abstractmethod
    def _wire_serialize(self) -> str:
        """The value as text."""

    @classmethod
    @abstractmethod
    def _wire_deserialize(cls: type[Self], text: str) -> Self:
        """An instance from such text."""

    @abstractmethod
    def _storage_serialize(self) -> tuple[Sequence[Any], dict[str, Any]]:
        """The value as blobs (bytes-like; one at present), and hints for reading them that JSON can hold."""

    @classmethod
    @abstractmethod
    def _storage_deserialize(cls: type[Self], blobs: Sequence[Any], metadata: dict[str, Any]) -> Self:
        """An instance from such blobs. The hints may be gone: Metaflow's client keeps no metadata."""

    @classmethod
    def to_spec(cls) -> dict[str, Any]:
        """The JSON schema of values in their JSON form; one that takes anything when the type does not say."""
        return {}

    # ---- what users call ----

    def serialize(self, format: Any = "storage") -> Any:
        """The value in one of its forms.

        Args:
            format: "storage" or "wire", or the member of Metaflow's SerializationFormat.

        Returns:
            For storage the list of blobs and a dict of metadata, for wire a str.

        Raises:
            ValueError: there is no value, or no such format.
            coffer.Error: the value is not of the type, and where it is not.
        """
        wanted = check_format(format)
        self.value  # noqa: B018 (says that there is none)
        return self._wire_serialize() if wanted == "wire" else self._storage_serialize()

    @classmethod
    def deserialize(cls: type[Self], data: Any, format: Any = "storage", metadata: dict[str, Any] | None = None) -> Self:
        """An instance from what serialize() made: a list of blobs (or the only one), or a str. Runs no code that the data names.

        Raises:
            ValueError: there is no such format.
            coffer.Error: the data is not of the type, and where it is not.
        """
        if check_format(format) == "wire":
            return cls._wire_deserialize(data)
        blobs = list(data) if isinstance(data, (list, tuple)) else [data]
        return cls._storage_deserialize(blobs, metadata or {})

    # ---- equality ----

    def _key(self) -> Any:
        """What two values are compared by."""
        return self._value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, IOType) or self.type_name != other.type_name:
            return NotImplemented if not isinstance(other, IOType) else False
        if not (self.has_value and other.has_value):
            return self.has_value == other.has_value
        return bool(self._key() == other._key())

    def __hash__(self) -> int:
        try:
            return hash((self.type_name, self._key()))
        except TypeError:  # a list, for instance
            return hash(self.type_name)

    def __repr__(self) -> str:
        return f"{self.type_name}({self._value!r})" if self.has_value else f"{self.type_name}()"


def only_blob(cls: type[IOType], blobs: Sequence[Any]) -> Any:
    if len(blobs) != 1:
        raise ValueError(f"{cls.type_name} reads one blob, not {len(blobs)}")
    return blobs[0]
