# SPDX-License-Identifier: Apache-2.0
"""The exceptions of coffer, one for each status of the library.

The four in the middle of the hierarchy say who can mend it: Miss (nobody has to: an expected outcome), Usage (the caller),
Data (the data is at fault), Fault (the system, or an extension).
"""


class Error(Exception):
    """Something that coffer could not do; str() is one line that says what and what to do about it."""

    offset = None
    """Where in the input the trouble starts, in bytes, when the input is at fault; else None."""

    def __str__(self):
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


class Usage(Error):
    """The call is at fault."""


class Invalid(Usage, ValueError):
    """An argument is not allowed here."""


class WrongState(Usage, RuntimeError):
    """Not possible in this mode or at this time."""


class Conflict(Usage, ValueError):
    """It contradicts what is there already."""


class Data(Error):
    """The data is at fault."""


class Malformed(Data, ValueError):
    """The input does not follow its format."""


class Limit(Data, ValueError):
    """The input goes over a limit."""


class Corrupt(Data):
    """Stored bytes disagree with their key or checksum."""


class Unsupported(Data):
    """Valid, but not something that coffer can do."""


class Fault(Error):
    """The system, an extension or the library itself is at fault."""


class IOFailure(Fault, OSError):
    """The operating system refused."""


class AbiMismatch(Fault):
    """A shared library was built for another version of coffer."""


class SerializerFailed(Fault):
    """A serializer failed; __cause__ is what it raised."""


class Internal(Fault):
    """An error inside the library."""


BY_STATUS = {
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
