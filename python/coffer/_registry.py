# SPDX-License-Identifier: Apache-2.0
"""Serializers, and serializing without a store."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable
from typing import Any

from . import _coffer, _command, _types


_lock = threading.Lock()
_default: Registry | None = None


class Registry(_coffer.Registry):
    """Serializers, their states and their order.

    Args:
        builtins: include the serializers inside the library, and pickle.
        extensions: include those that descriptor files declare: of this package, of the user, of the system, or of `extension_path`.
        extension_path: directories with ':' between them, instead of COFFER_EXTENSION_PATH and the usual places.
        toggles: "-name" switches a serializer off, "+name" on, names without a sign are all that is on; instead of COFFER_SERIALIZERS and the
            configuration file.

    Trouble with one serializer is a RuntimeWarning and its state, never an exception.
    """

    def __new__(
        cls,
        *,
        builtins: bool = True,
        extensions: bool = True,
        extension_path: str | None = None,
        toggles: str | None = None,
    ) -> Registry:
        self = super().__new__(
            cls, builtins=builtins, extensions=extensions, extension_path=extension_path, toggles=toggles
        )
        if extensions and extension_path is None and os.path.isdir(_command.EXTENSIONS):
            self.load_directory(_command.EXTENSIONS)
        return self

    def status(self) -> list[_types.SerializerStatus]:
        """What is known of each serializer, in the order in which they were declared."""
        return [_types.SerializerStatus(*record) for record in super().status()]


def default_registry() -> Registry:
    """The registry that stores, serialize() and deserialize() use unless they are given another; made when first asked for."""
    global _default
    with _lock:
        if _default is None:
            _default = Registry()
        return _default


def metadata_from_tuple(fields: tuple[str | None, int, str | None, str]) -> _types.Metadata:
    obj_type, size, encoding, info = fields
    return _types.Metadata(obj_type, size, encoding, json.loads(info))


def metadata_to_tuple(metadata: Any) -> tuple[str | None, int, str | None, tuple[tuple[str, str], ...]]:
    """From anything with the fields of Metadata, as attributes or, in their order, as items."""
    if not hasattr(metadata, "obj_type"):
        metadata = _types.Metadata(*metadata)
    info = metadata.serializer_info or {}
    pairs = tuple((key, json.dumps(value)) for key, value in info.items())
    return metadata.obj_type, metadata.size, metadata.encoding, pairs


def serialize(obj: Any, *, registry: Registry | None = None) -> tuple[list[bytes], _types.Metadata]:
    """Serializes an object without any store, for keeping elsewhere.

    Args:
        obj: any object that a serializer takes; pickle takes what pickle.dumps does, and gives the bytes of pickle.dumps(obj, 4).
        registry: which serializers to ask; default_registry() when None.

    Returns:
        The blobs (at present always one) and the metadata, both of which deserialize() needs.

    Raises:
        SerializerFailed: the serializer could not do it; __cause__ is what it raised.
        Declined: no serializer takes the object.
    """
    blobs, fields = (registry or default_registry()).serialize(obj, "object")
    return blobs, metadata_from_tuple(fields)


def deserialize(blobs: Iterable[Any], metadata: _types.Metadata, *, registry: Registry | None = None) -> Any:
    """Makes the object again that serialize() was given.

    A pickle runs the code that is in it, as pickle.loads does; look at it with scan() or inspect() when it comes from elsewhere.

    Args:
        blobs: bytes-like objects, as serialize() returned them.
        metadata: a Metadata, or a tuple or object with its fields; Metaflow's SerializationMetadata will do.
        registry: which serializers to ask; default_registry() when None.

    Raises:
        SerializerFailed: the serializer could not do it; __cause__ is what it raised.
        Declined: no serializer reads the encoding.
        Malformed, Corrupt, Unsupported: the bytes are at fault.
    """
    blobs = list(blobs)
    if len(blobs) != 1:
        raise ValueError(f"an object is one blob at present, not {len(blobs)}")
    return (registry or default_registry()).deserialize(blobs[0], metadata_to_tuple(metadata), "object")


def serializers() -> list[_types.SerializerStatus]:
    """What is known of each serializer of the default registry."""
    return default_registry().status()
