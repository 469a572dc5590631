# SPDX-License-Identifier: Apache-2.0
"""Classes that flows, their readers and tests share."""

import dataclasses
import datetime
import enum
import importlib.util
from typing import Any, Literal, Optional

from coffer import types
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


def one_of_each():
    """A typed object of each type that there is; a Table where pyarrow is."""
    import numpy

    tables = {}
    if importlib.util.find_spec("pyarrow"):
        import pyarrow

        tables["table"] = types.Table(pyarrow.table({"n": [1, None], "words": [["a"], []]}))
    return {
        **tables,
        "bool": types.Bool(True),
        "int32": types.Int32(-5),
        "int64": types.Int64(2**63 - 1),
        "float32": types.Float32(0.1),
        "float64": types.Float64(float("nan")),
        "text": types.Text("two\nlines é 🎁"),
        "bytes": types.Bytes(bytes(range(256))),
        "enum": types.Enum[Color]("GREEN"),
        "json": types.Json({"b": [1, 2.5, None], "a": "é"}),
        "json_options": types.Json["big", "nan"]([2**80, float("-inf")]),
        "struct": types.Struct({"rate": 0.1}),
        "struct_of_class": types.Struct(Box("crate", Size(2, 3), None)),
        "list": types.List[types.Bytes]([b"a", b""]),
        "map": types.Map[types.Int32, types.List[types.Bool]]({10: [True], 9: []}),
        "tensor": types.Tensor(numpy.arange(6, dtype=">f8").reshape(2, 3).T),
        "money": Money(3),
    }


def check_one_of_each(owner):
    """Are they the attributes of the object, and the same in both formats?"""
    for name, typed in one_of_each().items():
        found = getattr(owner, "each_" + name)
        assert found == typed and found.type_name == typed.type_name, name
        assert bytes(found.serialize()[0][0]) == bytes(typed.serialize()[0][0]), name
        assert type(found).deserialize(found.serialize("wire"), "wire") == typed, name
