# SPDX-License-Identifier: Apache-2.0
"""What the registry calls in Python: plain arguments in, plain results out."""

from __future__ import annotations

import inspect
from typing import Any, Optional

from .._registry import metadata_from_tuple, metadata_to_tuple
from . import lazy_registry, serializer
from ._stand_ins import wrap_native  # noqa: F401 (the registry takes it from here)
from .diagnostic import SerializerRecord as record_type  # noqa: F401


def set_up(cls: type[serializer.ArtifactSerializer]) -> None:
    """Runs a class's `setup_imports`, unless the class could never serialize anything."""
    if inspect.isabstract(cls):
        missing = ", ".join(sorted(cls.__abstractmethods__))
        raise TypeError(f"class '{cls.__name__}' is abstract: it lacks {missing}")
    serializer._call_setup_imports(cls, context=None)


def watch(module_name: str) -> None:
    lazy_registry._ensure_interceptor_installed()
    lazy_registry._interceptor.watch(module_name)


_Fields = tuple[Optional[str], int, Optional[str], str]


def _metadata(fields: _Fields) -> serializer.SerializationMetadata:
    return serializer.SerializationMetadata(*metadata_from_tuple(fields))


def can_deserialize(cls: type[serializer.ArtifactSerializer], fields: _Fields) -> bool:
    return cls.can_deserialize(_metadata(fields))


def serialize(cls: Any, obj: Any) -> tuple[list[Any], Any]:
    blobs, metadata = cls.serialize(obj, format=serializer.SerializationFormat.STORAGE)
    return [blob.value for blob in blobs], metadata_to_tuple(metadata)


def deserialize(cls: Any, data: list[Any], fields: _Fields) -> Any:
    return cls.deserialize(data, _metadata(fields), format=serializer.SerializationFormat.STORAGE)


def serialize_wire(cls: Any, obj: Any) -> Any:
    return cls.serialize(obj, format=serializer.SerializationFormat.WIRE)


def deserialize_wire(cls: Any, text: str) -> Any:
    return cls.deserialize(text, format=serializer.SerializationFormat.WIRE)
