# SPDX-License-Identifier: Apache-2.0
"""Artifacts with a type: a contract for what one holds, with a schema, plain bytes and a text form (docs/types.md)."""

from ._base import IOType
from ._containers import Enum, Json, List, Map
from ._find import type_named
from ._imports import allow_imports
from ._record import Record
from ._scalars import Bool, Bytes, Float32, Float64, Int32, Int64, Text
from ._struct import Struct
from ._table import Table
from ._tensor import Tensor

__all__ = [
    "Bool",
    "Bytes",
    "Enum",
    "Float32",
    "Float64",
    "IOType",
    "Int32",
    "Int64",
    "Json",
    "List",
    "Map",
    "Record",
    "Struct",
    "Table",
    "Tensor",
    "Text",
    "allow_imports",
    "type_named",
]

for _name in __all__:
    globals()[_name].__module__ = __name__  # where users find it, and serializers look for it
del _name
