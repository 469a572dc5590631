# SPDX-License-Identifier: Apache-2.0
"""Classes that flows, their readers and tests share."""

import dataclasses
import datetime
import enum
from typing import Any, Literal, Optional

from coffer.types import IOType


@dataclasses.dataclass
class Size:
    width: int
    height: int


@dataclasses.dataclass
class Box:
    name: str
    size: Size
    inner: Optional[Size] = None


class Color(enum.Enum):
    RED = "red"
    GREEN = "green"


@dataclasses.dataclass(frozen=True)
class Everything:
    text: str
    count: int
    rate: float
    flag: bool
    color: Color
    at: datetime.datetime
    level: Literal["low", "high"]
    size: Size
    maybe: Optional[int] = None
    sizes: list[Size] = dataclasses.field(default_factory=list)
    names: dict[str, int] = dataclasses.field(default_factory=dict)
    pair: tuple[int, str] = (0, "")
    anything: Any = None


@dataclasses.dataclass
class Slotted:
    __slots__ = ("x",)
    x: int


class Money(IOType):
    """A type of a program's own."""

    def _wire_serialize(self):
        return str(self.value)

    @classmethod
    def _wire_deserialize(cls, text):
        return cls(int(text))

    def _storage_serialize(self):
        return [str(self.value).encode()], {"currency": "EUR"}

    @classmethod
    def _storage_deserialize(cls, blobs, metadata):
        assert metadata.get("currency", "EUR") == "EUR"  # Metaflow's client passes no metadata
        return cls(int(bytes(blobs[0])))

    @classmethod
    def to_spec(cls):
        return {"type": "integer"}
