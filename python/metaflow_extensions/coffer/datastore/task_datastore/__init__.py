# SPDX-License-Identifier: Apache-2.0
"""Takes the place of metaflow.datastore.task_datastore; the original is its `_orig`."""

import copy
import warnings
from collections import defaultdict

from coffer import SerializerFailed
from coffer._coffer import unpickle
from metaflow.datastore.artifacts.serializer import SerializationFormat, SerializationMetadata, SerializerStore
from metaflow.datastore.content_addressed_store import BlobError, BroughtBlob, ContentAddressedStore
from metaflow.datastore.exceptions import DataException, UnpicklableArtifactException
from metaflow.datastore.task_datastore import _orig
from metaflow.datastore.task_datastore._orig import ArtifactTooLarge, only_if_not_done, require_mode
from metaflow.exception import MetaflowException

from . import pickles
from .checks import check_blob, check_info

__all__ = ["ArtifactTooLarge", "LoadError", "TaskDataStore", "only_if_not_done", "require_mode"]

_FIRST_ENCODING = "gzip+pickle-v2"  # all that there was before it was recorded


class LoadError(DataException):
    """A serializer could not make an artifact of its bytes; __cause__ is what it raised."""


def _record_dispatch_error(serializer_cls, exc):
    """Warns of a serializer that failed when asked what it takes, and counts that in its record."""
    warnings.warn(
        f"Serializer {getattr(serializer_cls, '__name__', repr(serializer_cls))} raised {type(exc).__name__} during dispatch and was skipped: {exc}",
        RuntimeWarning,
        stacklevel=2,
    )
    try:
        SerializerStore._record_dispatch_error(serializer_cls, exc)
    except Exception:
        pass  # the warning has told


def _has_pieces(serializer):
    """Does the class itself say that its blobs may be any bytes-like objects? One that derives from it may count on bytes."""
    return "serialize_pieces" in getattr(serializer, "__dict__", ())


def _is_large_pickle(serializer, metadata):
    return pickles.is_large(metadata.size) and pickles.is_stock(serializer)


class TaskDataStore(_orig.TaskDataStore):
    """One attempt of a task, as Metaflow's own class of this name, with the C library beneath.

    What fails changes nothing, at most one large artifact is in memory beside its object, errors name the artifact, and a done attempt is on the disk.
    """

    def __init__(self, *args, **kwargs):
        # Stock leaves them undefined for an attempt that is not done.
        self._objects, self._info = {}, {}
        super().__init__(*args, **kwargs)

    # ---- saving ----

    @only_if_not_done
    @require_mode("w")
    def save_artifacts(self, artifacts_iter, len_hint=0):
        """Saves objects, all of them or none.

        Args:
            artifacts_iter: (name, object) of each; the next one is asked for when the one before is serialized and, if large, stored.
            len_hint: about how many they are.

        Raises:
            UnpicklableArtifactException: pickle can't store an object; the message says which part of it.
            DataException: no serializer takes an object, a serializer failed, or the store did.
        """
        names, infos = [], {}

        def blobs():
            for name, obj in artifacts_iter:
                blob, infos[name] = self._serialize(name, obj)
                names.append(name)
                del obj
                yield blob
                del blob

        try:
            results = self._ca_store.save_blobs(blobs(), len_hint=len_hint)
        except BlobError as error:
            raise DataException(f"Artifact '{names[error.index]}' of task '{self._path}' can't be saved: {error}") from error
        self._info.update(infos)
        for name, result in zip(names, results):
            self._objects[name] = result.key

    def _serialize(self, name, obj):
        """What to store for an object, and what to record of it."""
        serializer = self._first_that("can_serialize", obj)
        if serializer is None:
            raise DataException(
                f"No serializer claimed artifact '{name}' (type: {type(obj).__name__}). The PickleSerializer fallback normally "
                "handles all objects — check that it is installed and enabled."
            )
        is_pickle = pickles.is_stock(serializer)
        try:
            if is_pickle and self._takes_pieces():
                return pickles.serialize(serializer, obj)
            if _has_pieces(serializer) and self._takes_pieces():
                blob, metadata = serializer.serialize_pieces(obj)
                return blob, check_info(serializer, name, metadata)
            blobs, metadata = serializer.serialize(obj, format=SerializationFormat.STORAGE)
        except UnpicklableArtifactException as error:
            refusal = UnpicklableArtifactException(name)
            refusal.message += pickles.where(name, obj, is_pickle)
            raise refusal from error
        except MetaflowException:
            raise  # it is meant for the user as it is
        except Exception as error:
            raise DataException(
                f"Serializer {serializer.__name__} failed on artifact '{name}': {type(error).__name__}: {error}"
                + pickles.where(name, obj, is_pickle)
            ) from error
        return check_blob(serializer, name, blobs), check_info(serializer, name, metadata)

    def _first_that(self, question, subject):
        """The first serializer that says yes, or None."""
        for serializer in self._serializers:
            try:
                if getattr(serializer, question)(subject):
                    return serializer
            except Exception as error:
                _record_dispatch_error(serializer, error)
        return None

    def _takes_pieces(self):
        return isinstance(self._ca_store, ContentAddressedStore)

    # ---- loading ----

    def load_artifacts(self, names):
        """Loads objects: yields (name, object), in the order in which their bytes arrive.

        Raises:
            KeyError: there is no artifact of a name.
            LoadError: a serializer failed.
            DataException: no serializer reads the encoding; a blob is missing or damaged; nothing is recorded at all.
        """
        if not self._info:
            raise DataException(f"Datastore for task '{self._path}' does not have the required metadata to load artifacts")
        takes_pickles = self._takes_pickles()
        encodings = pickles.encodings(self._serializers) if takes_pickles else ()
        readers, names_of_key, large = {}, defaultdict(list), []
        for name in names:
            info = self._info.get(name) or {}
            if info.get("encoding", _FIRST_ENCODING) in encodings:
                is_large = pickles.is_large(info.get("size"))
            else:
                readers[name] = self._find_reader(name)
                is_large = takes_pickles and _is_large_pickle(*readers[name])
            if is_large:
                large.append(name)
            else:
                names_of_key[self._objects[name]].append(name)
        is_mixed = readers or not takes_pickles
        yield from self._load_mixed(names_of_key, readers) if is_mixed else self._load_pickles(names_of_key)
        for name in large:
            yield name, self._load_large_pickle(name)

    def _load_pickles(self, names_of_key):
        """Small ones, none of which anybody has to be asked about."""
        try:
            yield from self._ca_store.load_pickles(names_of_key)
            return
        except BlobError as error:
            raise self._blob_trouble(names_of_key[error.key], error) from error
        except SerializerFailed as error:
            name, cause = names_of_key[error.key][0], error.__cause__
        raise self._load_error(name, *self._find_reader(name), cause) from cause

    def _load_mixed(self, names_of_key, readers):
        large = {self._objects[name] for name in readers if _is_large_pickle(*readers[name])}
        try:
            for key, contents in self._contents(names_of_key, large):
                for name in names_of_key[key]:  # each its own object
                    yield name, self._deserialize(name, contents, *(readers.get(name) or self._find_reader(name)))
                del contents  # before the next one is there
        except BlobError as error:
            raise self._blob_trouble(names_of_key.get(error.key, names_of_key), error) from error

    def _blob_trouble(self, names, error):
        artifacts = ", ".join(f"'{name}'" for name in names)
        return DataException(f"Artifact {artifacts} of task '{self._path}' can't be loaded: {error}")

    def _takes_pickles(self):
        return self._takes_pieces() and self._ca_store.takes_pickles()

    def _load_large_pickle(self, name):
        def load():
            return self._ca_store.load_pickle(self._objects[name], self._info[name]["size"])

        try:
            return self._unpickle_while_read(load, name)
        except BlobError as error:
            raise self._blob_trouble([name], error) from error

    def _unpickle_while_read(self, load, name):
        try:
            return load()
        except SerializerFailed as error:
            cause = error.__cause__
        raise self._load_error(name, *self._find_reader(name), cause) from cause

    def _contents(self, keys, large):
        return self._ca_store.load_contents(keys, large) if self._takes_pieces() else self._ca_store.load_blobs(keys)

    def _find_reader(self, name):
        info = self._info.get(name) or {}
        metadata = SerializationMetadata(
            info.get("type", "object"),
            info.get("size", 0),
            info.get("encoding", _FIRST_ENCODING),
            info.get("serializer_info") or {},
        )
        serializer = self._first_that("can_deserialize", metadata)
        if serializer is None:
            source = metadata.serializer_info.get("source")
            hint = f" The artifact was written by '{source}' — the corresponding extension may not be installed."
            raise DataException(
                f"No deserializer claimed artifact '{name}' (encoding: {metadata.encoding}, "
                f"serializer_info: {metadata.serializer_info}).{hint if source else ''}"
            )
        return serializer, metadata

    def _deserialize(self, name, contents, serializer, metadata):
        if isinstance(contents, BroughtBlob):
            if _is_large_pickle(serializer, metadata):
                return self._unpickle_while_read(lambda: contents.load_pickle(metadata.size), name)
            contents = contents.load()  # another artifact of this key is large
        try:
            if pickles.is_stock(serializer):
                return unpickle(contents)
            if not (isinstance(contents, bytes) or _has_pieces(serializer)):
                contents = bytes(contents)
            return serializer.deserialize([contents], metadata, format=SerializationFormat.STORAGE)
        except Exception as error:
            raise self._load_error(name, serializer, metadata, error) from error

    def _load_error(self, name, serializer, metadata, error):
        """What is raised for what a serializer raised."""
        if isinstance(error, MetaflowException):
            return error
        return LoadError(
            f"Serializer {serializer.__name__} failed to load artifact '{name}' of task '{self._path}' "
            f"(encoding: {metadata.encoding}): {type(error).__name__}: {error}"
        )

    def get(self, name, default=None):
        """The object of an artifact; `default` when there is none of that name, or its blob is missing or damaged.

        Raises:
            LoadError: a serializer failed.
        """
        try:
            return self[name] if name in self else default
        except LoadError:
            raise
        except DataException:
            return default

    # ---- the attempt ----

    @only_if_not_done
    @require_mode("w")
    def clone(self, origin):
        """Takes over all artifacts of another task; no bytes move."""
        self._objects = dict(origin._objects)
        self._info = copy.deepcopy(origin._info)

    def _save_file(self, contents, allow_overwrite=True, add_attempt=True):
        """Writes files of the task; DONE.lock, when among them, after all that it vouches for is on the disk."""
        if self.METADATA_DONE_SUFFIX not in contents:
            return super()._save_file(contents, allow_overwrite, add_attempt)
        done = {self.METADATA_DONE_SUFFIX: contents[self.METADATA_DONE_SUFFIX]}
        others = {name: value for name, value in contents.items() if name not in done}
        for files, keys in ((others, set(self._objects.values())), (done, ())):
            super()._save_file(files, allow_overwrite, add_attempt)
            if self._takes_pieces():
                self._ca_store.make_durable(keys, [self._file_path(name, add_attempt) for name in files])

    def _file_path(self, name, add_attempt):
        return self._storage_impl.path_join(self._path, self._metadata_name_for_attempt(name) if add_attempt else name)
