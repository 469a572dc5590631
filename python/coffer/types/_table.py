# SPDX-License-Identifier: Apache-2.0
"""Tables, by way of Arrow."""

from __future__ import annotations

import base64
import binascii
import importlib
import struct
from collections.abc import Sequence
from typing import Any

from .._errors import Malformed, Missing
from ._arrow_ipc import is_compressed
from ._base import ABSENT, IOType, only_blob


def _arrow() -> Any:
    try:
        importlib.import_module("pyarrow.ipc")
        return importlib.import_module("pyarrow")
    except ImportError as error:
        raise Missing("a Table needs the package pyarrow") from error


_MAGIC = b"ARROW1"
_HEAD_BYTES = 8  # the magic, and zeros


def _read(arrow: Any, blob: Any) -> Any:
    """The table of an IPC file or stream, over its bytes. Reads the stream of messages that such a file has in it, in which no place can lead to
    another twice."""
    data = memoryview(blob).cast("B")
    if data[: len(_MAGIC)] == _MAGIC:
        if data[:_HEAD_BYTES] != _MAGIC + b"\0\0" or data[-len(_MAGIC) :] != _MAGIC:
            raise ValueError("it is no file in the Arrow IPC format")
        data = data[_HEAD_BYTES:]
    stream = arrow.py_buffer(data)
    # Arrow would allocate what a compressed buffer says that it holds, before it looks into it.
    if any(is_compressed(memoryview(message.metadata)) for message in arrow.ipc.MessageReader.open_stream(stream)):
        raise ValueError("it is compressed; a Table is stored as it is, so that it can be read where it lies")
    table = arrow.ipc.open_stream(stream).read_all()
    table.validate(full=True)  # or what others make of it may read beyond the bytes
    return table


class Table(IOType):
    """A table of anything with the Arrow C stream interface: pyarrow, pandas, Polars, DuckDB.

    Stored as a file in the Arrow IPC format. What is loaded, such a file or a stream, is a pyarrow.Table over the bytes of the artifact, which are not
    copied, and is stored as these again. The package pyarrow is imported when it is first needed.
    """

    _stored: Any = None

    def __init__(self, value: Any = ABSENT) -> None:
        if value is not ABSENT and not hasattr(value, "__arrow_c_stream__"):
            raise TypeError(f"an object of class {type(value).__qualname__} has no Arrow C stream interface")
        super().__init__(value)

    def to_arrow(self) -> Any:
        """The value as a pyarrow.Table. A stream that can be read only once is kept as one."""
        arrow = _arrow()
        if not isinstance(self.value, arrow.Table):
            self._value = arrow.RecordBatchReader.from_stream(self.value).read_all()
        return self._value

    def _storage_serialize(self) -> tuple[Sequence[Any], dict[str, Any]]:
        if self._stored is not None:
            return [self._stored], {}
        arrow, table = _arrow(), self.to_arrow()
        sink = arrow.BufferOutputStream()
        with arrow.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        return [memoryview(sink.getvalue())], {}

    @classmethod
    def _storage_deserialize(cls, blobs: Sequence[Any], metadata: dict[str, Any]) -> Table:
        arrow, blob = _arrow(), only_blob(cls, blobs)
        try:
            table = _read(arrow, blob)
        except (arrow.ArrowException, ValueError, OSError, struct.error) as error:
            raise Malformed(f"it is no Table: {' '.join(str(error).split())}") from error
        typed = cls(table)
        typed._stored = blob
        return typed

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | ({} if self._stored is None else {"_stored": bytes(self._stored)})

    def _wire_serialize(self) -> str:
        return base64.b64encode(self._storage_serialize()[0][0]).decode("ascii")

    @classmethod
    def _wire_deserialize(cls, text: str) -> Table:
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise Malformed(f"it is no Table: {error}") from error
        return cls._storage_deserialize([data], {})

    @classmethod
    def to_spec(cls) -> dict[str, Any]:
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "string",
            "contentEncoding": "base64",
            "description": "a table in the Arrow IPC format, as a file or as a stream",
        }

    def _key(self) -> Any:
        return bytes(self._storage_serialize()[0][0])
