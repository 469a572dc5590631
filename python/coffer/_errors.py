# SPDX-License-Identifier: Apache-2.0
"""The exceptions of coffer, one for each status of the library.

Those in the middle of the hierarchy say what kind of trouble it is: Miss (an expected outcome), UsageError (the call), DataError (the data),
SystemFailure, ExtensionFailure. Want of memory is Python's own MemoryError.
"""

from __future__ import annotations


class Error(Exception):
    """Something that coffer could not do; str() is one line that says what and what to do about it."""

    offset: int | None = None
    """Where in the input the trouble starts, in bytes, when the input is at fault; else None."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class Miss(Error):
    """An expected outcome that a caller may go on from."""


class NotFound(Miss, KeyError):
    """There is no such artifact, key, task, file or entry."""


class Declined(Miss):
    """No serializer takes the object or the encoding."""


class WouldBlock(Miss):
    """Not ready yet; try again later."""


class Missing(Miss):
    """Something that is needed is not installed or not loaded."""


class UsageError(Error):
    """The call is at fault."""


class Invalid(UsageError, ValueError):
    """An argument is not allowed here."""


class WrongState(UsageError, RuntimeError):
    """Not possible in this mode or at this time."""


class Conflict(UsageError, ValueError):
    """It contradicts what is there already."""


class DataError(Error):
    """The data is at fault."""


class Malformed(DataError, ValueError):
    """The input does not follow its format."""


class Limit(DataError, ValueError):
    """The input goes over a limit."""


class Corrupt(DataError):
    """Stored bytes disagree with their key or checksum."""


class Unsupported(DataError):
    """Valid, but not something that coffer can do."""


class SystemFailure(Error):
    """The operating system, or the library itself, is at fault."""


class IOFailure(SystemFailure, OSError):
    """The operating system refused."""


class Internal(SystemFailure):
    """An error inside the library."""


class ExtensionFailure(Error):
    """A serializer or a shared library is at fault."""


class AbiMismatch(ExtensionFailure):
    """A shared library was built for another version of coffer."""


class SerializerFailed(ExtensionFailure):
    """A serializer failed; __cause__ is what it raised."""


BY_STATUS: dict[str, type[Exception]] = {
    "ok": Error,
    "not-found": NotFound,
    "declined": Declined,
    "would-block": WouldBlock,
    "missing": Missing,
    "no-memory": MemoryError,
    "invalid": Invalid,
    "state": WrongState,
    "io": IOFailure,
    "malformed": Malformed,
    "limit": Limit,
    "corrupt": Corrupt,
    "unsupported": Unsupported,
    "conflict": Conflict,
    "abi": AbiMismatch,
    "serializer": SerializerFailed,
    "internal": Internal,
}
