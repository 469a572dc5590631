# SPDX-License-Identifier: Apache-2.0
"""What the serializers of typed objects share: the datastore's side of them."""

from __future__ import annotations

import json
from typing import Any

from .._coffer import Bytes
from ._base import IOType, only_blob
from ._find import type_named
from ._native import Native
from ._struct import Struct

PREFIX = "iotype:"


def _type_text(obj: IOType) -> str:
    """As the library says it of its own types; parameters are in the encoding."""
    return f"<class 'coffer.types.{obj.type_name.partition('[')[0]}'>" if isinstance(obj, Native) else str(type(obj))


def _spec(obj: IOType) -> dict[str, Any] | None:
    """The schema, when the library can't tell it by itself."""
    if isinstance(obj, Native) and not isinstance(obj, Struct):
        return None
    return obj.to_spec() or None


def store(obj: IOType) -> tuple[Any, tuple[str, int, str, tuple[tuple[str, str], ...]]]:
    """The blob (bytes-like), and its metadata: type, size, encoding, pairs of serializer_info."""
    blobs, hints = obj.serialize("storage")
    blob = only_blob(type(obj), blobs)
    data = getattr(blob, "value", blob)  # Metaflow's SerializedBlob
    size_bytes = data.size if isinstance(data, Bytes) else memoryview(data).nbytes  # a view would join its segments
    info = {**hints, "iotype": obj.type_name}
    if (spec := _spec(obj)) is not None:
        info["spec"] = spec
    pairs = tuple((key, json.dumps(value)) for key, value in info.items())
    return data, (_type_text(obj), size_bytes, PREFIX + obj.type_name, pairs)


def load(data: Any, encoding: str, info: dict[str, Any] | str | None) -> IOType:
    """The typed object of a blob. `info` (also as JSON) is no more than a hint: there may be none."""
    hints = json.loads(info) if isinstance(info, str) else info
    return type_named(encoding[len(PREFIX) :]).deserialize([data], "storage", hints)
