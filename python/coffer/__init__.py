# SPDX-License-Identifier: Apache-2.0
"""The artifact layer of a workflow system: tasks save their variables, the next task loads them."""

from ._coffer import Bytes
from ._errors import (
    AbiMismatch,
    Conflict,
    Corrupt,
    DataError,
    Declined,
    Error,
    ExtensionFailure,
    IOFailure,
    Internal,
    Invalid,
    Limit,
    Malformed,
    Miss,
    Missing,
    NotFound,
    SerializerFailed,
    SystemFailure,
    Unsupported,
    UsageError,
    WouldBlock,
    WrongState,
)
from ._pickles import inspect, scan
from ._registry import Registry, default_registry, deserialize, serialize, serializers
from ._store import Store, Task, open
from ._types import (
    Action,
    ArtifactInfo,
    Attempt,
    Finding,
    Metadata,
    Problem,
    ProblemKind,
    Report,
    SerializerStatus,
    Verdict,
    Verification,
)
from ._values import Extension, Global, Object, Persistent, Tensor

__all__ = [
    "AbiMismatch",
    "Action",
    "ArtifactInfo",
    "Attempt",
    "Bytes",
    "Conflict",
    "Corrupt",
    "DataError",
    "Declined",
    "Error",
    "Extension",
    "ExtensionFailure",
    "Finding",
    "Global",
    "IOFailure",
    "Internal",
    "Invalid",
    "Limit",
    "Malformed",
    "Metadata",
    "Miss",
    "Missing",
    "NotFound",
    "Object",
    "Persistent",
    "Problem",
    "ProblemKind",
    "Registry",
    "Report",
    "SerializerFailed",
    "SerializerStatus",
    "Store",
    "SystemFailure",
    "Task",
    "Tensor",
    "Unsupported",
    "UsageError",
    "Verdict",
    "Verification",
    "WouldBlock",
    "WrongState",
    "default_registry",
    "deserialize",
    "inspect",
    "open",
    "scan",
    "serialize",
    "serializers",
]

for _name in __all__:
    if globals()[_name].__module__ != __name__:
        globals()[_name].__module__ = __name__  # where users find it
del _name
