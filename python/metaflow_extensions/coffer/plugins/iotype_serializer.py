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

    @classmethod
    def can_serialize(cls, obj):
        base = getattr(sys.modules.get("coffer.types"), "IOType", None)
        return base is not None and isinstance(obj, base)

    @classmethod
    def can_deserialize(cls, metadata):
        return (metadata.encoding or "").startswith("iotype:")

    @classmethod
    def serialize(cls, obj, format=SerializationFormat.STORAGE):
        _refuse_wire(format)
        from coffer.types._bridge import store

        data, (obj_type, size, encoding, pairs) = store(obj)
        info = {key: json.loads(value) for key, value in pairs}
        return [SerializedBlob(bytes(data))], SerializationMetadata(obj_type, size, encoding, info)

    @classmethod
    def deserialize(cls, data, metadata=None, format=SerializationFormat.STORAGE):
        _refuse_wire(format)
        try:
            from coffer.types._bridge import load
        except ImportError as error:
            raise ImportError(f"an artifact of type {metadata.encoding} needs the package coffer ({error})") from error
        return load(data[0], metadata.encoding, metadata.serializer_info)
