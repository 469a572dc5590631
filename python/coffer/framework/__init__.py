# SPDX-License-Identifier: Apache-2.0
"""Metaflow's framework for serializers of artifacts, on the library's registry.

It works without Metaflow, too: declare classes with SerializerStore.bootstrap_entries().
"""

from . import _glue
from ._registry import REGISTRY
from .diagnostic import SerializerRecord, SerializerState, list_serializer_status
from .serializer import ArtifactSerializer, SerializationFormat, SerializationMetadata, SerializedBlob, SerializerStore

REGISTRY.glue = _glue

__all__ = [
    "ArtifactSerializer",
    "SerializationFormat",
    "SerializationMetadata",
    "SerializedBlob",
    "SerializerRecord",
    "SerializerState",
    "SerializerStore",
    "list_serializer_status",
]
