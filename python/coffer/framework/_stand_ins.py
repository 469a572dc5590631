# SPDX-License-Identifier: Apache-2.0
"""Classes that stand for serializers which are no Python classes, or not yet."""

from __future__ import annotations

import json
from typing import Any, Optional

from .. import _coffer
from .._errors import Missing
from .._registry import metadata_to_tuple
from ._registry import REGISTRY
from .serializer import ArtifactSerializer, SerializationFormat, SerializationMetadata, SerializedBlob, SerializerStore


def _new_class(name: str, serializer_type: str, namespace: dict[str, Any]) -> type[ArtifactSerializer]:
    # Without a TYPE of its own until it is made: it is not one more serializer.
    cls: Any = SerializerStore(name, (ArtifactSerializer,), {"__module__": __name__, "TYPE": None, **namespace})
    cls.TYPE = serializer_type
    made: type[ArtifactSerializer] = cls
    return made


def _refuse_wire(cls: type, format: SerializationFormat) -> None:
    if format == SerializationFormat.WIRE:
        raise NotImplementedError(f"{cls.__name__} has no WIRE format")


# ---- serializers in C ----


def _native_can_serialize(cls: Any, obj: Any) -> Any:
    return cls._native.can_serialize(obj)


def _native_can_deserialize(cls: Any, metadata: SerializationMetadata) -> Any:
    return cls._native.can_deserialize(metadata_to_tuple(metadata))


def _native_serialize(cls: Any, obj: Any, format: SerializationFormat = SerializationFormat.STORAGE) -> Any:
    _refuse_wire(cls, format)
    blob, (obj_type, size, encoding, info) = cls._native.serialize(obj, "object")
    return [SerializedBlob(bytes(blob), is_reference=False)], SerializationMetadata(obj_type, size, encoding, json.loads(info))


def _native_deserialize(
    cls: Any, data: Any, metadata: Optional[SerializationMetadata] = None, format: SerializationFormat = SerializationFormat.STORAGE
) -> Any:
    _refuse_wire(cls, format)
    return cls._native.deserialize(data[0], metadata_to_tuple(metadata), "object")


def wrap_native(native: Any) -> type[ArtifactSerializer]:
    """A class for a serializer in C; the registry makes one for each."""
    return _new_class(
        native.name,
        native.type,
        {
            "__doc__": f"The serializer '{native.type}', which is written in C.",
            "PRIORITY": native.priority,
            "_native": native,
            "can_serialize": classmethod(_native_can_serialize),
            "can_deserialize": classmethod(_native_can_deserialize),
            "serialize": classmethod(_native_serialize),
            "deserialize": classmethod(_native_deserialize),
        },
    )


# ---- serializers that are not loaded ----


def _load(record: Any, trigger: str) -> Optional[type[ArtifactSerializer]]:
    """The record's class once it is active, else None."""
    REGISTRY.call_for(record, trigger)
    if record.state_text != "active":
        return None
    for cls in SerializerStore.get_ordered_serializers():
        if cls.TYPE == record.type and getattr(cls, "_record", None) is None:
            return cls
    return None


def _absent_can_serialize(cls: Any, obj: Any) -> Any:
    if not cls._record.claims_object(obj):
        return False
    cls._loaded = _load(cls._record, "type")
    return cls._loaded is not None and cls._loaded.can_serialize(obj)


def _absent_can_deserialize(cls: Any, metadata: SerializationMetadata) -> Any:
    if not cls._record.claims_encoding(metadata.encoding or ""):
        return False
    cls._loaded = _load(cls._record, "encoding")
    if cls._loaded is not None:
        return cls._loaded.can_deserialize(metadata)
    # It takes what nobody else reads, so that `deserialize` can say what is missing.
    others = (other for other in SerializerStore.get_ordered_serializers() if getattr(other, "_record", None) is None)
    return not any(other.can_deserialize(metadata) for other in others)


def _absent_serialize(cls: Any, obj: Any, format: SerializationFormat = SerializationFormat.STORAGE) -> Any:
    return cls._loaded.serialize(obj, format=format)


def _absent_deserialize(
    cls: Any, data: Any, metadata: Optional[SerializationMetadata] = None, format: SerializationFormat = SerializationFormat.STORAGE
) -> Any:
    if cls._loaded is not None:
        return cls._loaded.deserialize(data, metadata, format=format)
    record = cls._record
    reason = REGISTRY.explain(metadata.encoding) if metadata else None
    whose = f" It comes from '{record.source}'." if record.source else ""
    raise Missing((reason or f"Serializer '{record.name}' is {record.state_text}: {record.last_error}") + whose)


def _stand_in(record: Any) -> type[ArtifactSerializer]:
    class_name = record.class_path.rpartition(".")[2]
    return _new_class(
        class_name if class_name.isidentifier() else record.name,
        record.name,
        {
            "__doc__": f"Stands for the serializer '{record.name}' until something calls for it.",
            "PRIORITY": record.declared_priority,
            "_record": record,
            "_loaded": None,
            "can_serialize": classmethod(_absent_can_serialize),
            "can_deserialize": classmethod(_absent_can_deserialize),
            "serialize": classmethod(_absent_serialize),
            "deserialize": classmethod(_absent_deserialize),
        },
    )


def class_at(place: Any) -> Any:
    """The class at a place of the registry's order: itself, or one that stands in for a record that is not loaded."""
    if not isinstance(place, _coffer.Record):
        return place
    stand_in = place.__dict__.get("_stand_in")
    if stand_in is None:
        stand_in = place.__dict__["_stand_in"] = _stand_in(place)
    return stand_in
