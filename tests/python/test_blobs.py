# SPDX-License-Identifier: Apache-2.0
"""Blobs without tasks around them."""

import gzip
import hashlib
import json
import pickle

import pytest

import coffer
from coffer._coffer import Blobs, find_key, pack, pickle_artifact, unpack, unpack_pickle

KEY = "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"  # of "hello"


@pytest.fixture
def blobs(tmp_path):
    return Blobs("local", tmp_path, "Flow/data", sync=False)


def file_of(tmp_path, key):
    return tmp_path / "Flow" / "data" / key[:2] / key


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("data", [b"", b"hello", bytearray(b"ab" * 100_000), memoryview(b"xyz")], ids=len)
def test_saved_bytes_come_back(blobs, tmp_path, data, raw):
    key = blobs.save(data, raw=raw)
    assert key == hashlib.sha1(data).hexdigest()
    assert key in blobs
    contents, is_raw = blobs.load(key)
    assert (bytes(contents), is_raw) == (bytes(data), raw)
    file = file_of(tmp_path, key).read_bytes()
    assert bytes(blobs.load_stored(key)) == file
    assert (file if raw else gzip.decompress(file)) == bytes(data)


def test_a_pickle_of_several_pieces_is_saved(blobs):
    pickled = pickle_artifact({"a": b"x" * 200_000, "b": "text"})
    assert bytes(blobs.load(blobs.save(pickled))[0]) == bytes(pickled)


def test_what_is_not_there(blobs):
    assert KEY not in blobs
    assert "../../etc/passwd" not in blobs
    for look in (blobs.load, blobs.load_stored):
        with pytest.raises(coffer.NotFound, match=KEY):
            look(KEY)
    with pytest.raises(coffer.Invalid, match="no key"):
        blobs.load("hello")


def test_damage_is_found(blobs, tmp_path):
    key = blobs.save(b"hello" * 1000)
    file = file_of(tmp_path, key)
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(coffer.Corrupt, match=key):
        blobs.load(key)


def test_sync_covers_what_was_saved_and_required(tmp_path):
    blobs = Blobs("local", tmp_path, "Flow/data")
    blobs.require([blobs.save(b"hello"), "0" * 40, "no key"])
    blobs.sync()
    assert bytes(blobs.load(KEY)[0]) == b"hello"


def test_an_unknown_storage_is_refused(tmp_path):
    with pytest.raises(coffer.Unsupported, match="floppy"):
        Blobs("floppy", tmp_path, "Flow/data")


@pytest.mark.parametrize("raw", [False, True])
def test_packed_bytes_are_what_a_file_holds(blobs, tmp_path, raw):
    data = b"some text " * 500
    key, stored, metadata = pack(data, raw=raw)
    assert json.loads(metadata) == {"cas_raw": raw, "cas_version": 1}
    assert blobs.save(data, raw=raw) == key
    assert file_of(tmp_path, key).read_bytes() == bytes(stored)
    assert bytes(unpack(key, "s3://bucket/x", file_of(tmp_path, key), metadata)) == data


def test_unpacking_checks_the_key(tmp_path):
    _, stored, metadata = pack(b"other")
    file = tmp_path / "brought"
    file.write_bytes(bytes(stored))
    with pytest.raises(coffer.Corrupt, match=f"blob {KEY} in 's3://bucket/x'"):
        unpack(KEY, "s3://bucket/x", file, metadata)
    with pytest.raises(coffer.Malformed, match="Could not extract encoding version for 's3://bucket/x'"):
        unpack(KEY, "s3://bucket/x", file, "{}")


def test_a_key_can_be_found_before_packing():
    array = bytearray(b"hello")
    assert find_key(b"hello") == find_key(array) == KEY
    assert pack(b"hello", key=KEY)[0] == KEY
    array[0] = ord("j")
    assert pack(array, key=KEY)[0] == hashlib.sha1(b"jello").hexdigest()
    with pytest.raises(ValueError, match="no key"):
        pack(b"hello", key="hello")


@pytest.mark.parametrize("size", [0, 20 << 20])
def test_pickles_in_files_of_others(tmp_path, size):
    data = [b"x" * (20 << 20)]
    file = tmp_path / "brought"
    key, stored, metadata = pack(pickle.dumps(data, 4))
    file.write_bytes(bytes(stored))
    assert unpack_pickle(key, "s3://bucket/x", file, metadata, size) == data
    with pytest.raises(coffer.Corrupt, match=f"blob {KEY} in 's3://bucket/x'"):
        unpack_pickle(KEY, "s3://bucket/x", file, None, size)  # without metadata the key is checked whatever the size
    file.write_bytes(bytes(stored)[:-3])
    with pytest.raises(coffer.Corrupt, match=f"blob {key} in 's3://bucket/x'"):
        unpack_pickle(key, "s3://bucket/x", file, metadata, size)
    key, stored, metadata = pack(b"no pickle")
    file.write_bytes(bytes(stored))
    with pytest.raises(coffer.SerializerFailed):
        unpack_pickle(key, "s3://bucket/x", file, metadata, size)
