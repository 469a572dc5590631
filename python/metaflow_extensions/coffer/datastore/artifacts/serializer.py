# SPDX-License-Identifier: Apache-2.0
from coffer.framework.serializer import (
    ArtifactSerializer,
    SerializationFormat,
    SerializationMetadata,
    SerializedBlob,
    SerializerStore,
    _call_setup_imports,
    _OrderedSet,
)

# Pickles name classes by their module: what is stored here must also load where there is no coffer.
for _cls in (ArtifactSerializer, SerializationFormat, SerializationMetadata, SerializedBlob, SerializerStore):
    _cls.__module__ = "metaflow.datastore.artifacts.serializer"
del _cls
