# SPDX-License-Identifier: Apache-2.0
"""Takes the place of metaflow.datastore.content_addressed_store; the original is its `_orig`."""

import json
import os
import tempfile
from io import BufferedReader, BytesIO, FileIO

from coffer import Corrupt, Error, Invalid, SerializerFailed
from coffer._coffer import Blobs, Bytes, find_key, pack, unpack, unpack_pickle
from metaflow.datastore.content_addressed_store import _orig
from metaflow.datastore.content_addressed_store._orig import BlobCache
from metaflow.datastore.exceptions import DataException
from metaflow.metaflow_config import ARTIFACT_LOCALROOT

__all__ = ["BlobCache", "BlobError", "BroughtBlob", "ContentAddressedStore"]

_FILE_STORAGES = {
    ("metaflow.plugins.datastores.local_storage", "LocalStorage"),
    ("metaflow.plugins.datastores.spin_storage", "SpinStorage"),
}


_LARGE_BYTES = 16 << 20  # what is larger is packed into a file, of which a storage reads what it needs


class BlobError(DataException):
    """A blob that is missing, damaged or can't be stored; when saving, `index` is its place among those that were given."""

    def __init__(self, key, message, index=-1):
        super().__init__(message)
        self.key = key
        self.index = index


class ContentAddressedStore(_orig.ContentAddressedStore):
    """Blobs under the SHA-1 of their contents, framed with gzip or raw.

    In directories the C library does it all: what is there is looked at before it is trusted, and what is read is checked. In other storages
    hashing, framing and checking are its work, and the storage carries the bytes.
    """

    def __init__(self, prefix, storage_impl):
        super().__init__(prefix, storage_impl)
        self._files = None
        self._files_root = None

    # ---- saving ----

    def save_blobs(self, blob_iter, raw=False, len_hint=0, is_transfer=False):
        """Saves blobs; small ones in groups while the next ones are pulled, so that no more than some MiB wait.

        Args:
            blob_iter: bytes-like objects; or keys, as str, of blobs that are in the store already; with `is_transfer` what load_blobs gave with it.
            raw: store without a frame, to be read at the URI.
            len_hint: about how many they are.

        Returns:
            (uri, key) of each, in order; uri is None unless raw.

        Raises:
            BlobError: a key is that of no blob, or the storage failed.
        """
        wanted = [] if is_transfer else None  # the keys that they must have, of those that were pulled
        if is_transfer:
            blob_iter = _transferred(blob_iter, wanted)
            raw = True
        blobs = self._blobs()
        if blobs:
            return self._save_files(blobs.saver(raw), blob_iter, raw, wanted)
        results = []
        objects = self._objects_to_send(blob_iter, raw, wanted, results)
        self._storage_impl.save_bytes(objects, overwrite=True, len_hint=len_hint)
        return results

    def _save_files(self, saver, blob_iter, raw, wanted):
        references = []  # pairs of place and key, in order
        place = 0
        try:
            for blob in blob_iter:
                if isinstance(blob, str):
                    if not self._is_key_of_one(blob):
                        saver.flush()  # it may be that of a blob that waits
                    references.append((place, self._refer(blob)))
                else:
                    saver.add(blob)
                del blob  # before the next one is made
                place += 1
            saver.flush()
        except Error as error:
            if saver.failed is None:  # the iterator's own
                raise
            raise BlobError(None, str(error), _place_among(references, saver.failed)) from error
        keys = saver.keys()
        for place, key in references:
            keys.insert(place, key)
        if wanted is not None:
            for expected, key in zip(wanted, keys):
                _check_transfer(expected, key)
        return [self._result(key, raw) for key in keys]

    def _objects_to_send(self, blob_iter, raw, wanted, results):
        sent = set()
        for blob in blob_iter:
            if isinstance(blob, str):
                results.append(self._result(self._refer(blob), raw))
                continue
            key = find_key(blob)
            if wanted is not None:
                _check_transfer(wanted[-1], key)
            if key in sent or (wanted is None and self._is_there(key)):
                results.append(self._result(key, raw))
                continue
            key, stream, metadata = _packed(blob, raw, key)  # others may have written to it meanwhile
            del blob
            results.append(self._result(key, raw))
            sent.add(key)
            yield self._path(key), (stream, json.loads(metadata))
            del stream

    def _refer(self, key):
        if not self._is_key_of_one(key):
            raise BlobError(key, f"there is no blob of the key {key!r}, which was given as a reference to one")
        return key

    def _result(self, key, raw):
        return self.save_blobs_result(uri=self._storage_impl.full_uri(self._path(key)) if raw else None, key=key)

    # ---- loading ----

    def load_blobs(self, keys, force_raw=False, is_transfer=False):
        """Loads blobs and checks them: yields (key, bytes), in the order in which they arrive.

        Args:
            keys: of the blobs.
            force_raw: yield the stored bytes as they are, unchecked.
            is_transfer: yield a third item, how the blob is stored.

        Raises:
            BlobError: a blob is missing or damaged; the message names key and path.
        """
        for key, contents, metadata in self._load(keys, force_raw, is_transfer):
            blob = contents if isinstance(contents, bytes) else bytes(contents)
            del contents
            yield (key, blob, metadata) if is_transfer else (key, blob)
            del blob  # before the next one is there

    def load_contents(self, keys, large=()):
        """As load_blobs, without a copy into bytes: an iterator over (key, bytes-like).

        Those in `large` may be a BroughtBlob instead, not read yet and of use until the next one is asked for.
        """
        if self._blobs() and not self._blob_cache:
            return self._load_files(list(keys))
        return ((key, contents) for key, contents, _ in self._load(keys, False, False, large))

    def _load(self, keys, force_raw, is_transfer, large=()):
        missing = []
        for key in keys:
            blob = self._blob_cache.load_key(key) if self._blob_cache else None
            if blob is not None:
                yield key, blob, {"cas_raw": False, "cas_version": 1}
            else:
                missing.append(key)
        if is_transfer or not self._blobs():  # only the storage itself tells how a blob to transfer is stored
            loaded = self._load_objects(missing, force_raw, () if self._blob_cache else large)
        else:
            loaded = ((*each, None) for each in self._load_files(missing, force_raw))
        for key, contents, metadata in loaded:
            if self._blob_cache:
                contents = bytes(contents)
                self._blob_cache.store_key(key, contents)
            yield key, contents, metadata
            del contents  # before the next one is there

    def takes_pickles(self):
        """Whether load_pickle can be called: where blobs are in files and nobody keeps their contents."""
        return self._blobs() is not None and not self._blob_cache

    def load_pickle(self, key, size):
        """The object of a pickle of about `size` bytes; a large one is unpickled while it is read.

        Raises:
            BlobError: the blob is missing or damaged; the message names key and path.
            SerializerFailed: it can't be unpickled; __cause__ is what was raised.
        """
        try:
            return self._blobs().load_pickle(key, size)
        except SerializerFailed:
            raise
        except Error as error:
            raise self._trouble(key, error) from error

    def load_pickles(self, names_of_key):
        """The objects of many pickles: yields (name, object), for each name of each key its own object, in order.

        Raises what load_pickle raises; SerializerFailed has the `key`, too.
        """
        loaded = self._blobs().load_pickles(names_of_key)
        try:
            yield from loaded
        except Error as error:
            key = list(names_of_key)[loaded.count - 1]
            if not isinstance(error, SerializerFailed):
                raise self._trouble(key, error) from error
            error.key = key
            raise

    def _load_files(self, keys, force_raw=False):
        blobs = self._blobs()
        loaded = map(blobs.load_stored, keys) if force_raw else blobs.load_many(keys)
        for key in keys:
            try:
                contents = next(loaded)
            except Error as error:
                raise self._trouble(key, error) from error
            yield key, contents
            del contents  # before the next one is there

    def _load_objects(self, keys, force_raw, large):
        with self._storage_impl.load_bytes([self._path(key) for key in keys]) as loaded:
            for path, file, metadata in loaded:
                key = self._storage_impl.path_split(path)[-1]
                if file is None:
                    place = self._storage_impl.full_uri(path)
                    raise BlobError(key, f"blob {key} is missing: there is no '{place}'")
                if force_raw:
                    with open(file, "rb") as stored:
                        yield key, stored.read(), metadata
                else:
                    blob = BroughtBlob(self, key, path, file, metadata)
                    yield key, blob if key in large else blob.load(), metadata

    def _trouble(self, key, error):
        message = str(error)
        if isinstance(error, Corrupt):
            message = f"Could not unpack artifact '{self._path(key)}': {message}"
        elif isinstance(error, Invalid):
            message = f"there is no blob of the key {key!r}: {message}"
        return BlobError(key, message)

    # ---- the storage ----

    def make_durable(self, keys, paths):
        """Waits until blobs, whoever saved them, and other objects of the storage are on the disk.

        Does nothing where the storage is not in directories, or COFFER_SYNC is 0.
        """
        blobs = self._blobs()
        if not blobs:
            return
        try:
            if keys:
                blobs.require(keys)  # whoever loads one that is missing is told
            for path in paths:
                blobs.require_file(path)
            blobs.sync()
        except Error as error:
            raise DataException(str(error)) from error

    def _path(self, key):
        return self._storage_impl.path_join(self._prefix, key[:2], key)

    def _is_there(self, key):
        blobs = self._blobs()
        return key in blobs if blobs else self._storage_impl.is_file([self._path(key)])[0]

    def _is_key_of_one(self, text):
        try:
            return self._is_there(text)
        except (Error, ValueError):
            return False

    def _blobs(self):
        """The library's own store, when blobs are in directories, else None."""
        root = self._storage_impl.datastore_root if _keeps_files(self._storage_impl) else None
        if root != self._files_root:
            sync = os.environ.get("COFFER_SYNC") != "0"
            self._files = Blobs(self.TYPE, os.path.abspath(root), self._prefix, sync=sync)
            self._files_root = root
        return self._files


class BroughtBlob:
    """A blob in a file that a storage has brought."""

    def __init__(self, store, key, path, file, metadata):
        self._store, self._key = store, key
        self._place = key, path, file, None if metadata is None else json.dumps(metadata)

    def load(self):
        """The contents, checked: bytes-like."""
        return self._told(unpack, *self._place)

    def load_pickle(self, size):
        """As ContentAddressedStore.load_pickle."""
        return self._told(unpack_pickle, *self._place, size)

    def _told(self, function, *arguments):
        try:
            return function(*arguments)
        except SerializerFailed:
            raise
        except Error as error:
            raise self._store._trouble(self._key, error) from error


def _packed(blob, raw, key):
    """Key, stream over what is to be stored, and metadata of a blob which had this key."""
    if _size(blob) > _LARGE_BYTES:
        return _packed_into_file(blob, raw)
    key, stored, metadata = pack(blob, raw=raw, key=key)
    return key, BytesIO(bytes(stored)), metadata


def _packed_into_file(blob, raw):
    with tempfile.TemporaryDirectory(prefix="metaflow.coffer.", dir=ARTIFACT_LOCALROOT) as directory:
        key = Blobs("local", directory, "packed", sync=False).save(blob, raw=raw)
        file = os.path.join(directory, "packed", key[:2], key)
        with open(f"{file}_meta") as sidecar:
            metadata = sidecar.read()
        return key, _OpenFile(FileIO(file)), metadata  # it is there until it is closed


class _OpenFile(BufferedReader):
    """A file to read that nobody need close."""

    def __del__(self):
        self.close()


def _size(blob):
    return blob.size if isinstance(blob, Bytes) else memoryview(blob).nbytes


def _transferred(blobs, wanted):
    """The contents of blobs of another store; their keys go to `wanted` before."""
    for key, contents, _ in blobs:
        wanted.append(key)
        yield contents
        del contents


def _place_among(references, index):
    """The place of a blob that is not a reference, which it would have were there none."""
    for place, _ in references:
        index += place <= index
    return index


def _check_transfer(expected, key):
    if expected != key:
        raise BlobError(expected, f"blob {expected} was transferred with contents that have the key {key}")


def _keeps_files(storage):
    """True for Metaflow's own storages in directories; what derives from them may do anything."""
    kind = type(storage)
    return (kind.__module__, kind.__name__) in _FILE_STORAGES
