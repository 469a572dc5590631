# SPDX-License-Identifier: Apache-2.0
"""Records that functions of coffer return."""

from __future__ import annotations

import enum
from typing import Any, NamedTuple


class Metadata(NamedTuple):
    """What is recorded of serialized bytes: all that loading needs beside them. The fields are those of Metaflow's SerializationMetadata."""

    obj_type: str | None
    """The type as Python prints it, "<class 'dict'>" for instance."""
    size: int
    """Bytes of the blob."""
    encoding: str | None
    """Says who can read it, "pickle-v4" for instance."""
    serializer_info: dict[str, Any]
    """What the serializer adds; JSON can hold it."""


class ArtifactInfo(NamedTuple):
    """What is recorded of an artifact."""

    name: str
    key: str
    """SHA-1 of the serialized bytes, in hexadecimal: the blob's name in the store."""
    size: int
    """Of the serialized bytes, in bytes, before compression."""
    type: str
    """As Python prints it, "<class 'dict'>" for instance; "object" when not recorded."""
    encoding: str
    source: str | None
    """The package whose serializer wrote it."""
    serializer_info: dict[str, Any]


class Attempt(NamedTuple):
    """What there is of one attempt of a task."""

    number: int
    started: bool
    done: bool
    has_data: bool


class SerializerStatus(NamedTuple):
    """A serializer as the registry knows it."""

    name: str
    class_path: str | None
    state: str
    """"known", "importing", "class_loaded", "importing_deps", "active", "pending_on_imports", "broken" or "disabled"."""
    awaiting_modules: list[str]
    last_error: str | None
    priority: int | None
    type: str | None
    import_trigger: str | None
    dispatch_error_count: int
    source: str | None


class ProblemKind(enum.IntEnum):
    """What verify() may find."""

    SIDECAR = 0
    """A blob's sidecar is lost or wrong; it can be mended."""
    DAMAGED = 1
    """A blob does not match its key."""
    MISSING = 2
    """An attempt refers to a blob that is not there."""
    METADATA = 3
    """The list of artifacts of a done attempt is missing or unreadable."""
    LEFTOVER = 4
    """A temporary file of a writer that crashed."""


class Problem(NamedTuple):
    """One thing that verify() found."""

    kind: ProblemKind
    flow: str | None
    path: str | None
    """Relative to the root."""
    key: str | None
    """Of the blob, when it is about one."""
    pathspec: str | None
    """Of the task, when it is about one."""
    attempt: int
    """Of that task; -1 without one."""
    artifact: str | None
    reason: str
    repaired: bool
    moved_to: str | None
    """Where a damaged blob was set aside."""


class Verification(NamedTuple):
    """What verify() looked at and found."""

    flows: int
    attempts: int
    artifacts: int
    blobs: int
    blob_bytes: int
    """As stored."""
    affected: int
    """Artifacts whose blob is damaged or missing."""
    repaired: int
    problems: list[Problem]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong, or all that was is repaired."""
        return all(problem.repaired for problem in self.problems)


class Verdict(enum.IntEnum):
    """What scan() thinks of a pickle."""

    ONLY_ALLOWLISTED = 0
    """Only names that are known and harmless. It is not a promise of safety."""
    SUSPICIOUS = 1
    DANGEROUS = 2


class Action(enum.IntEnum):
    """What unpickling would do."""

    IMPORT = 0
    """Take an attribute of a module."""
    CALL = 1
    """Call it, or make an instance of it."""
    BUILD = 2
    """Give an object its state."""
    PERSISTENT = 3
    """Ask the program for the object behind an id."""
    EXTENSION = 4
    """Ask the program's registry of extension codes."""
    STREAM = 5
    """Nothing: the pickle is damaged or odd there."""


class Finding(NamedTuple):
    """One thing that unpickling would do; equal ones are reported once."""

    verdict: Verdict
    action: Action
    module: str
    qualname: str
    offset: int
    """Of the first opcode that does it, in bytes."""
    count: int  # type: ignore[assignment]  # hides tuple.count
    """How many do."""
    reason: str


class Report(NamedTuple):
    """What scan() found in a pickle."""

    verdict: Verdict
    findings: list[Finding]
