# SPDX-License-Identifier: Apache-2.0
"""The artifact layer of a workflow system: tasks save their variables, the next task loads them."""

from ._coffer import Bytes
from ._errors import (
    AbiMismatch,
    Conflict,
    Corrupt,
    Data,
    Declined,
    Error,
    Fault,
    IOFailure,
    Internal,
    Invalid,
    Limit,
    Malformed,
    Miss,
    Missing,
    NotFound,
    SerializerFailed,
    Unsupported,
    Usage,
    WouldBlock,
    WrongState,
)
