# SPDX-License-Identifier: Apache-2.0
from coffer.framework.diagnostic import SerializerRecord, SerializerState, list_serializer_status

for _cls in (SerializerRecord, SerializerState):
    _cls.__module__ = "metaflow.datastore.artifacts.diagnostic"
del _cls
