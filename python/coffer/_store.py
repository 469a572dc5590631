# SPDX-License-Identifier: Apache-2.0
"""Stores and tasks."""

from __future__ import annotations

import json
import os
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from . import _coffer, _registry, _types
from ._errors import Invalid, NotFound

_VERIFY = {"auto": 0, "key": 1, "crc": 2}
_LATEST = -1


def _parts(pathspec: str, *names: str) -> list[str]:
    parts = pathspec.split("/")
    if len(parts) != len(names):
        raise Invalid(f"a pathspec {'/'.join(names)} is needed, not {pathspec!r}")
    return parts


class Task(_coffer.Task, Mapping[str, Any]):
    """One attempt of a task: a mapping from the names of its artifacts to the objects.

    Get one from Store.task(). As a context manager it closes itself; one that was opened for writing is then done, unless the block raised: then it stays
    as not done as if the process had died.

    Iteration, len(), keys(), items() and values() leave out names that start with an underscore, which is where Metaflow keeps what it needs itself;
    names(private=True) lists all, and task["_name"] loads them.

    One thread at a time works on a task; others wait.
    """

    __slots__ = ("__weakref__",)

    def __enter__(self) -> Task:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> None:
        try:
            if exc_type is None and self.mode == "w" and not self.closed and not self.is_done:
                self.done()
        finally:
            self.close()

    def __getitem__(self, name: str) -> Any:
        """The object of an artifact, made anew by each look-up.

        Raises:
            NotFound: there is no artifact of that name (it is a KeyError), or its blob is missing.
            Corrupt: the stored bytes are not what was stored.
            Declined: no serializer reads its encoding; the message says which package wrote it.
            SerializerFailed: the serializer could not do it; __cause__ is what it raised.
        """
        return self.load(name)

    def __setitem__(self, name: str, obj: Any) -> None:
        """Saves an object under a name, in place of an earlier one.

        Raises:
            SerializerFailed: it could not be serialized; __cause__ is what was raised. Nothing is recorded.
            Invalid: the name is no identifier. WrongState: the task is open for reading, or done.
        """
        self.save({name: obj})

    def update(self, artifacts: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        """Saves several artifacts, all of them or none."""
        self.save({**(artifacts or {}), **more})

    def get(self, name: str, default: Any = None) -> Any:
        """The object of an artifact, or `default` when none of that name is recorded. Damage still raises."""
        return self.load(name) if name in self else default

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and "\0" not in name and self.has(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __len__(self) -> int:
        return len(self.names())

    def __eq__(self, other: object) -> bool:
        return self is other  # comparing artifacts would load them all

    def __hash__(self) -> int:
        return id(self)

    def names(self, *, private: bool = False) -> list[str]:
        """Names of the artifacts, in the order in which they are recorded; with `private` also those that start with an underscore."""
        names = super().names()
        return names if private else [name for name in names if not name.startswith("_")]

    def info(self, name: str) -> _types.ArtifactInfo:
        """What is recorded of an artifact; reads nothing of it.

        Raises:
            NotFound: there is no artifact of that name.
        """
        record = self.record(name)
        return _types.ArtifactInfo._make([*record[:-1], json.loads(record[-1] or "{}")])

    def metadata(self, name: str) -> _types.Metadata:
        """What deserialize() needs beside the bytes of load_bytes()."""
        info = self.info(name)
        return _types.Metadata(info.type, info.size, info.encoding, info.serializer_info)

    def save_bytes(self, name: str, data: Any, metadata: _types.Metadata) -> None:
        """Saves what serialize() made, or load_bytes() and metadata() of another task gave, as it is."""
        self.save_blob(name, data, _registry.metadata_to_tuple(metadata))

    def done(self, *, ok: bool = True) -> None:
        """Makes the attempt complete and says whether its work went well. Nothing can be saved afterwards.

        Everything is on disk when this returns (unless sync is off). Metaflow's client sees a task that is finished, and successful if `ok`.
        """
        self.set_outcome(ok)
        self.finish()

    def load_metadata(self, name: str) -> Any:
        """What a metadata file of the attempt holds, as json.loads gives it. Raises NotFound."""
        return json.loads(super().load_metadata(name))

    def save_metadata(self, name: str, value: Any) -> None:
        """Writes a metadata file of the attempt; json.dumps must take `value`."""
        super().save_metadata(name, json.dumps(value))

    def __repr__(self) -> str:
        if self.closed:
            return "<coffer.Task, closed>"
        return f"<coffer.Task {self.pathspec!r}, attempt {self.attempt}, mode {self.mode!r}>"


class Store(_coffer.Store):
    """A datastore: flows, their runs, their steps, their tasks. Get one from open()."""

    __slots__ = ("__weakref__",)

    def task(
        self,
        pathspec: str,
        mode: str = "r",
        *,
        attempt: int | None = None,
        allow_not_done: bool = False,
        tags: Iterable[str] = (),
        user: str | None = None,
        provider: bool = True,
    ) -> Task:
        """Opens one attempt of a task.

        Args:
            pathspec: "Flow/run/step/task".
            mode: "r" to read a done attempt; "w" to write one, which is started by this call and done by Task.done() or at the end of a with block.
            attempt: 0 to 5; None is the latest when reading, 0 when writing.
            allow_not_done: when reading, take also an attempt that was started but not done; it has no artifacts but metadata and logs.
            tags: of the run, when writing.
            user: recorded as the run's when writing; None: from the environment, as Metaflow does.
            provider: when writing, also write the records that Metaflow's client lists runs by.

        Raises:
            NotFound: no attempt was started. WrongState: the attempt is not done (reading), or done (writing).
            Invalid: the pathspec has other parts, or names that a file system can't have.
        """
        flow, run, step, task = _parts(pathspec, "Flow", "run", "step", "task")
        opened = Task(
            self,
            flow,
            run,
            step,
            task,
            mode=mode,
            attempt=_LATEST if attempt is None else attempt,
            allow_not_done=allow_not_done,
            user=user,
            provider=provider,
            tags=tuple(tags),
        )
        if mode == "w":
            opened.init()
        return opened

    def flows(self) -> list[str]:
        """Names of all flows, sorted."""
        return self.list()

    def runs(self, flow: str) -> list[str]:
        """Ids of the runs of a flow, sorted by number where they are numbers."""
        return self.list(flow)

    def steps(self, run: str) -> list[str]:
        """Names of the steps of a run, "Flow/run"."""
        return self.list(*_parts(run, "Flow", "run"))

    def tasks(self, step: str) -> list[str]:
        """Ids of the tasks of a step, "Flow/run/step", sorted by number where they are numbers."""
        return self.list(*_parts(step, "Flow", "run", "step"))

    def attempts(self, pathspec: str) -> list[_types.Attempt]:
        """The attempts of a task, "Flow/run/step/task", that were started."""
        states = self.attempt_states(*_parts(pathspec, "Flow", "run", "step", "task"))
        return [_types.Attempt(number, *state) for number, state in enumerate(states) if any(state)]

    def verify(
        self,
        flow: str | None = None,
        *,
        repair: bool = False,
        progress: Callable[[int, int], Any] | None = None,
    ) -> _types.Verification:
        """Hashes every blob and checks every reference to one.

        Args:
            flow: look at this one only.
            repair: mend lost sidecars, set damaged blobs aside (nothing is deleted but leftovers of crashed writers).
            progress: called now and then with bytes done and bytes in all (0: not known yet); returning False stops, with Declined.
        """
        problems: list[_types.Problem] = []

        def add(fields: tuple[Any, ...]) -> None:
            problems.append(_types.Problem(_types.ProblemKind(fields[0]), *fields[1:]))

        summary = self._verify(flow, repair, add, progress)
        return _types.Verification._make([*summary[:-2], summary[-1], problems])

    def __repr__(self) -> str:
        return f"<coffer.Store {self.root!r}>"


def open(
    path: str | os.PathLike[str] | None = None,
    *,
    registry: _registry.Registry | None = None,
    verify: str = "auto",
    sync: bool | None = None,
) -> Store:
    """Opens a datastore.

    Args:
        path: a directory: one named .metaflow or holding flows is the store itself, else the store is the .metaflow in it. What is missing is made when
            the first task is written. None: the store that Metaflow would use here, which must be there.
        registry: the serializers that artifacts go through; default_registry() when None.
        verify: how blobs are checked when read: "key" (their hash), "crc" (the checksum in their frame), or "auto".
        sync: whether a task that is done survives a power cut; None: yes, unless COFFER_SYNC says otherwise.

    Raises:
        NotFound: without a path, and there is no store here.
    """
    if verify not in _VERIFY:
        raise Invalid(f"verify must be one of {', '.join(_VERIFY)}, not {verify!r}")
    if path is None:
        root = _coffer.find_root()
    else:
        try:
            root = _coffer.root_at(path)
        except NotFound:
            root = os.path.join(os.fspath(path), ".metaflow")
    return Store(
        root,
        registry or _registry.default_registry(),
        verify=_VERIFY[verify],
        sync=-1 if sync is None else int(sync),
    )
