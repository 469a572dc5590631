# SPDX-License-Identifier: Apache-2.0
"""The serializer of artifacts with a type. coffer.types is not imported before there is one."""

import json
import sys

from metaflow.datastore.artifacts.serializer import ArtifactSerializer, SerializationFormat, SerializationMetadata, SerializedBlob


def _refuse_wire(format):
    if format != SerializationFormat.STORAGE:
        raise NotImplementedError("typed objects have their wire form from their type: obj.serialize('wire')")


class IOTypeSerializer(ArtifactSerializer):
    TYPE = "iotype"
    PRIORITY = 50
    ENCODING_PREFIX = "iotype:"
    """All that it reads has an encoding that begins so: coffer's datastore need not ask it about any other artifact."""

    @classmethod
    def can_serialize(cls, obj):
        base = getattr(sys.modules.get("coffer.types"), "IOType", None)
        return base is not None and isinstance(obj, base)

    @classmethod
    def can_deserialize(cls, metadata):
        return (metadata.encoding or "").startswith(cls.ENCODING_PREFIX)

    @classmethod
    def serialize(cls, obj, format=SerializationFormat.STORAGE):
        _refuse_wire(format)
        data, metadata = cls.serialize_pieces(obj)
        return [SerializedBlob(bytes(data))], metadata

    @classmethod
    def serialize_pieces(cls, obj):
        """As serialize, with the one blob as a bytes-like object that an array need not be copied into. For coffer's datastore, which stores such
        blobs, and reads with bytes-like objects in the place of bytes, where a serializer has this method of its own."""
        from coffer.types._bridge import store

        data, (obj_type, size, encoding, pairs) = store(obj)
        info = {key: json.loads(value) for key, value in pairs}
        return data, SerializationMetadata(obj_type, size, encoding, info)

    @classmethod
    def deserialize(cls, data, metadata=None, format=SerializationFormat.STORAGE):
        _refuse_wire(format)
        try:
            from coffer.types._bridge import load
        except ImportError as error:
            raise ImportError(f"an artifact of type {metadata.encoding} needs the package coffer ({error})") from error
        return load(data[0], metadata.encoding, metadata.serializer_info)
