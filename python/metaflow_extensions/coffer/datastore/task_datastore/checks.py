# SPDX-License-Identifier: Apache-2.0
"""Whether what a serializer returned can be stored and recorded."""

import json

from metaflow.datastore.artifacts.serializer import SerializerStore
from metaflow.datastore.exceptions import DataException


def check_blob(serializer, name, blobs):
    """The one blob's bytes, or the key that it refers to."""
    who = f"Serializer {serializer.__name__} returned"
    if not blobs:
        raise DataException(f"{who} no blobs for artifact '{name}'")
    try:
        count, blob = len(blobs), blobs[0]
        value = blob.value if count == 1 else None
    except (AttributeError, TypeError, KeyError) as error:
        raise DataException(f"{who} no list of SerializedBlob for artifact '{name}': {error}") from error
    if count > 1:
        raise DataException(
            f"{who} {count} blobs for artifact '{name}'; only single-blob serializers are supported at this time. If you have a "
            "need for multi blob serializers, please reach out to the Metaflow team."
        )
    if isinstance(value, str) and not getattr(blob, "is_reference", True):
        raise DataException(f"{who} text to be stored for artifact '{name}'; only bytes can be, and keys of blobs referred to")
    return value


def check_info(serializer, name, metadata):
    """What is recorded of the artifact."""
    who = f"Serializer {serializer.__name__} returned"
    try:
        info = {"size": metadata.size, "type": metadata.obj_type, "encoding": metadata.encoding}
        more = dict(metadata.serializer_info or {})
    except (AttributeError, TypeError, ValueError) as error:
        raise DataException(f"{who} no SerializationMetadata for artifact '{name}': {error}") from error
    add_more(serializer, more, info)
    try:
        json.dumps(info)
    except (TypeError, ValueError) as error:
        raise DataException(f"{who} metadata for artifact '{name}' that JSON can't hold: {error}") from error
    return info


def add_more(serializer, more, info):
    """Adds to what is recorded what the serializer says beside, and the package that it comes from, if known."""
    source = None if "source" in more else SerializerStore.get_source_for(serializer)
    if source:
        more["source"] = source
    if more:
        info["serializer_info"] = more
