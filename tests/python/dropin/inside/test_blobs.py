# SPDX-License-Identifier: Apache-2.0
"""The content-addressed store, on directories and on a storage of somebody else's."""

import gzip
import hashlib
import json
import os

import numpy as np
import pytest

from coffer._coffer import pickle_artifact
from metaflow.datastore import content_addressed_store as module
from metaflow.datastore.content_addressed_store import BlobCache, ContentAddressedStore
from metaflow.datastore.exceptions import DataException

HELLO = "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"
VECTORS = {b"hello": HELLO, b"": "da39a3ee5e6b4b0d3255bfef95601890afd80709", b"\x80\x04N.": "dbc1aaddc8b7343d6d33b34edcf608b8f8801918"}


@pytest.fixture
def cas(flow):
    return flow.ca_store


@pytest.fixture
def file_of(flow, tmp_path):
    return lambda key: tmp_path / ".metaflow" / "Flow" / "data" / key[:2] / key


@pytest.fixture
def stock(flow):
    return module._orig.ContentAddressedStore("Flow/data", flow._storage_impl)


def load(cas, key, **options):
    ((found, *rest),) = cas.load_blobs([key], **options)
    assert found == key
    return rest[0] if len(rest) == 1 else tuple(rest)


def test_it_is_ours_and_the_original_is_within_reach(flow, cas):
    assert type(cas) is ContentAddressedStore is not module._orig.ContentAddressedStore
    assert isinstance(cas, module._orig.ContentAddressedStore)
    assert cas.TYPE == flow.TYPE
    assert cas.save_blobs_result._fields == ("uri", "key")


@pytest.mark.parametrize("raw", [False, True])
def test_keys_files_and_sidecars_are_metaflow_s(flow, cas, stock, file_of, raw):
    results = cas.save_blobs(iter(VECTORS), raw=raw, len_hint=3)
    assert [result.key for result in results] == list(VECTORS.values())
    for (blob, key), result in zip(VECTORS.items(), results):
        assert result.uri == (str(file_of(key)) if raw else None)
        stored = file_of(key).read_bytes()
        assert (stored if raw else gzip.decompress(stored)) == blob
        assert (file_of(key).parent / f"{key}_meta").read_text() == json.dumps({"cas_raw": raw, "cas_version": 1})
        assert load(stock, key) == blob


@pytest.mark.parametrize("raw", [False, True])
def test_what_stock_saves_is_read(cas, stock, raw):
    keys = [result.key for result in stock.save_blobs(iter(VECTORS), raw=raw)]
    assert dict(cas.load_blobs(keys)) == {key: blob for blob, key in VECTORS.items()}
    assert all(type(blob) is bytes for _, blob in cas.load_blobs(keys))


@pytest.mark.parametrize("blob", [bytearray(b"hello"), memoryview(b"hello"), np.frombuffer(b"hello", np.uint8)], ids=type)
def test_any_bytes_are_taken(cas, blob):
    assert [result.key for result in cas.save_blobs([blob])] == [HELLO]
    assert load(cas, HELLO) == b"hello"


@pytest.mark.parametrize("blob", [None, 17, object()])
def test_other_things_are_not(cas, blob):
    with pytest.raises(TypeError):
        cas.save_blobs([blob])


def test_pickles_in_pieces_are_saved(cas):
    array = np.arange(100_000)
    pickled = pickle_artifact({"a": array})
    (result,) = cas.save_blobs([pickled])
    assert result.key == hashlib.sha1(bytes(pickled)).hexdigest()
    assert load(cas, result.key) == bytes(pickled)


def test_results_are_in_order_with_duplicates(cas):
    results = cas.save_blobs([b"a", b"b", b"a"])
    assert [result.key for result in results] == [hashlib.sha1(blob).hexdigest() for blob in (b"a", b"b", b"a")]


def test_a_foreign_storage_gets_each_blob_once(foreign):
    foreign.ca_store.save_blobs([b"a", b"b", b"a"])
    foreign.ca_store.save_blobs([b"b", b"c"])
    assert len(foreign._storage_impl.saved) == 3


def test_what_is_there_is_not_packed_again(foreign, monkeypatch):
    foreign.ca_store.save_blobs([b"a"])
    monkeypatch.setattr(module, "pack", None)
    assert [result.key for result in foreign.ca_store.save_blobs([b"a", bytearray(b"a")])] == [hashlib.sha1(b"a").hexdigest()] * 2


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("kind", [bytes, bytearray, pickle_artifact])
def test_large_blobs_leave_no_files_behind(foreign, tmp_path, monkeypatch, kind, raw):
    monkeypatch.setattr(module, "ARTIFACT_LOCALROOT", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    large = kind(os.urandom(17 << 20))
    (result,) = foreign.ca_store.save_blobs([large], raw=raw)
    assert load(foreign.ca_store, result.key) == bytes(large)
    assert len(foreign._storage_impl.saved) == 1 and not list((tmp_path / "temporary").iterdir())


def test_a_failing_iterator_fails_the_call(cas):
    def blobs():
        yield b"a"
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        cas.save_blobs(blobs())


# ---- references ----


def test_a_key_that_is_there_is_taken_as_a_reference(cas, file_of):
    cas.save_blobs([b"hello"])
    before = file_of(HELLO).stat().st_mtime_ns
    assert [tuple(result) for result in cas.save_blobs([HELLO])] == [(None, HELLO)]
    assert [tuple(result) for result in cas.save_blobs([HELLO], raw=True)] == [(str(file_of(HELLO)), HELLO)]
    assert file_of(HELLO).stat().st_mtime_ns == before


@pytest.mark.parametrize("key", [HELLO, "hello", "", "../../x", "\0", "\ud800"])
def test_a_key_that_is_not_there_is_refused(cas, key):
    with pytest.raises(DataException, match="no blob of the key"):
        cas.save_blobs([key])


# ---- damage ----


@pytest.mark.parametrize("raw", [False, True])
def test_a_missing_blob_is_named(cas, file_of, raw):
    cas.save_blobs([b"hello"], raw=raw)
    file_of(HELLO).unlink()
    for force_raw in (False, True):
        with pytest.raises(DataException) as caught:
            load(cas, HELLO, force_raw=force_raw)
        assert HELLO in str(caught.value) and str(file_of(HELLO)) in str(caught.value)


def test_a_damaged_blob_is_found(cas, file_of):
    cas.save_blobs([b"hello" * 1000])
    key = hashlib.sha1(b"hello" * 1000).hexdigest()
    stored = file_of(key).read_bytes()
    other = gzip.compress(b"jello" * 1000)
    for damaged in (stored[:-9], b"", stored + b"x", other):
        file_of(key).unlink()
        file_of(key).write_bytes(damaged)
        with pytest.raises(DataException, match="Could not unpack artifact 'Flow/data/") as caught:
            load(cas, key)
        assert key in str(caught.value)


def test_a_damaged_raw_blob_is_found(cas, file_of):
    cas.save_blobs([b"hello"], raw=True)
    file_of(HELLO).unlink()
    file_of(HELLO).write_bytes(b"jello")
    with pytest.raises(DataException, match=HELLO):
        load(cas, HELLO)


def test_only_the_bad_one_of_several_fails(cas, file_of):
    keys = [result.key for result in cas.save_blobs([b"a", b"b", b"c"])]
    file_of(keys[1]).unlink()
    loaded = cas.load_blobs(keys)
    assert next(loaded) == (keys[0], b"a")
    with pytest.raises(DataException, match=keys[1]):
        next(loaded)


def test_a_sidecar_of_a_later_version_is_told(cas, file_of):
    blob = b"x" * (17 << 20)  # small contents prove themselves by their key
    (result,) = cas.save_blobs([blob])
    sidecar = file_of(result.key).parent / f"{result.key}_meta"
    sidecar.unlink()
    sidecar.write_text('{"cas_raw": false, "cas_version": 99}')
    with pytest.raises(DataException, match="Unknown encoding version 99 for 'Flow/data/"):
        load(cas, result.key)
    sidecar.write_text("{}")
    with pytest.raises(DataException, match="Could not extract encoding version for 'Flow/data/"):
        load(cas, result.key)


def test_a_blob_without_sidecar_is_a_frame(cas, file_of):
    cas.save_blobs([b"hello"])
    (file_of(HELLO).parent / f"{HELLO}_meta").unlink()
    assert load(cas, HELLO) == b"hello"


def test_a_truncated_blob_is_replaced_by_the_next_save(local, file_of):
    local.ca_store.save_blobs([b"hello"])
    file_of(HELLO).unlink()
    file_of(HELLO).write_bytes(b"\x1f\x8b")
    local.ca_store.save_blobs([b"hello"])
    assert load(local.ca_store, HELLO) == b"hello"


def test_keys_that_are_none(cas):
    with pytest.raises(DataException):
        load(cas, "hello")


def test_trust_can_be_put_into_the_checksum_alone(cas, file_of, monkeypatch, flow):
    cas.save_blobs([b"hello"])
    file_of(HELLO).unlink()
    file_of(HELLO).write_bytes(gzip.compress(b"jello"))
    monkeypatch.setenv("COFFER_VERIFY", "crc")
    fresh = ContentAddressedStore("Flow/data", flow._storage_impl)
    assert load(fresh, HELLO) == b"jello"


# ---- raw, transfer, caches ----


def test_stored_bytes_as_they_are(cas, file_of):
    cas.save_blobs([b"hello"])
    assert load(cas, HELLO, force_raw=True) == file_of(HELLO).read_bytes()
    cas.save_blobs([b"raw"], raw=True)
    assert load(cas, hashlib.sha1(b"raw").hexdigest(), force_raw=True) == b"raw"


@pytest.mark.parametrize("first", [False, True])
def test_the_first_form_stays(cas, first):
    cas.save_blobs([b"hello"], raw=first)
    cas.save_blobs([b"hello"], raw=not first)
    assert load(cas, HELLO) == b"hello"
    assert load(cas, HELLO, is_transfer=True) == (b"hello", {"cas_raw": first, "cas_version": 1})


def test_a_transfer_is_stored_raw(cas, tmp_path, file_of):
    from metaflow.plugins.datastores.local_storage import LocalStorage

    other = ContentAddressedStore("Flow/data", LocalStorage(str(tmp_path / "other")))
    other.save_blobs([b"hello"])
    (result,) = cas.save_blobs(other.load_blobs([HELLO], is_transfer=True), is_transfer=True)
    assert tuple(result) == (str(file_of(HELLO)), HELLO)
    assert file_of(HELLO).read_bytes() == b"hello"
    assert load(cas, HELLO) == b"hello"


def test_a_transfer_of_other_contents_is_refused(cas):
    with pytest.raises(DataException, match=HELLO):
        cas.save_blobs([(HELLO, b"jello", {})], is_transfer=True)
    with pytest.raises(DataException, match="missing"):
        load(cas, HELLO)


class Cache(BlobCache):
    def __init__(self):
        self.blobs = {}

    def load_key(self, key):
        return self.blobs.get(key)

    def store_key(self, key, blob):
        assert type(blob) is bytes
        self.blobs[key] = blob


def test_a_cache_is_filled_and_used(cas, file_of):
    cache = Cache()
    cas.save_blobs([b"hello", b"more"])
    more = hashlib.sha1(b"more").hexdigest()
    cas.set_blob_cache(cache)
    assert load(cas, HELLO) == b"hello"
    assert cache.blobs == {HELLO: b"hello"}
    file_of(HELLO).unlink()
    assert dict(cas.load_blobs([more, HELLO])) == {HELLO: b"hello", more: b"more"}
    assert load(cas, HELLO, is_transfer=True) == (b"hello", {"cas_raw": False, "cas_version": 1})
    cas.set_blob_cache(None)
    with pytest.raises(DataException):
        load(cas, HELLO)


def test_an_empty_blob_in_a_cache_counts(cas):
    cache = Cache()
    cache.blobs[VECTORS[b""]] = b""
    cas.set_blob_cache(cache)
    assert load(cas, VECTORS[b""]) == b""


def test_code_packages_go_the_same_way(flow):
    ((uri, key),) = flow.save_data([b"package"])
    assert os.path.exists(uri)
    assert list(flow.load_data([key], force_raw=True)) == [(key, b"package")]


def test_data_of_processes_does_not_mix(local):
    """Each thread its own blobs through one store."""
    from concurrent.futures import ThreadPoolExecutor

    def round_trip(number):
        blobs = [f"{number}-{i}".encode() * 1000 for i in range(20)]
        keys = [result.key for result in local.ca_store.save_blobs(iter(blobs))]
        return dict(local.ca_store.load_blobs(keys)) == dict(zip(keys, blobs))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(round_trip, range(16)))
