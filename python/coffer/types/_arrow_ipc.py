# SPDX-License-Identifier: Apache-2.0
"""What must be known of a message in the Arrow IPC format before Arrow reads it: whether it is compressed.

The messages' heads are tables of FlatBuffers, in which a field that is absent has no place. Only the two tables on the way are looked at; Arrow has
verified them by then.
"""

from __future__ import annotations

import struct

_MESSAGE_HEADER_TYPE, _MESSAGE_HEADER = 1, 2
_DICTIONARY_DATA = 1
_BATCH_COMPRESSION = 3
_DICTIONARY_BATCH, _RECORD_BATCH = 2, 3


def _field(data: memoryview, table: int, number: int) -> int | None:
    """Where a field of a table lies."""
    index = table - int(struct.unpack_from("<i", data, table)[0])
    (index_bytes,) = struct.unpack_from("<H", data, index)
    slot = 4 + 2 * number
    (distance,) = struct.unpack_from("<H", data, index + slot) if slot < index_bytes else (0,)
    return table + distance if distance else None


def _table(data: memoryview, at: int | None) -> int:
    """Where the table lies that a field leads to."""
    if at is None:
        raise ValueError("a message of Arrow lacks a part")
    return at + int(struct.unpack_from("<I", data, at)[0])


def is_compressed(head: memoryview) -> bool:
    """Of the head (metadata) of a message. Raises ValueError or struct.error for what is none."""
    message = _table(head, 0)
    kind_at = _field(head, message, _MESSAGE_HEADER_TYPE)
    kind = None if kind_at is None else head[kind_at]
    if kind not in (_DICTIONARY_BATCH, _RECORD_BATCH):
        return False
    batch = _table(head, _field(head, message, _MESSAGE_HEADER))
    if kind == _DICTIONARY_BATCH:
        batch = _table(head, _field(head, batch, _DICTIONARY_DATA))
    return _field(head, batch, _BATCH_COMPRESSION) is not None
