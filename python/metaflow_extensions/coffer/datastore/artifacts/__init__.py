# SPDX-License-Identifier: Apache-2.0
"""Takes the place of metaflow.datastore.artifacts; the original is its `_orig`."""

from . import _stock
from .diagnostic import SerializerState, list_serializer_status
from .serializer import ArtifactSerializer, SerializationFormat, SerializationMetadata, SerializedBlob, SerializerStore

_orig = _stock.load()
