# SPDX-License-Identifier: Apache-2.0
"""The serializers in C that come with the package, switched on, on Python's objects."""
import gc
import gzip
import io
import os
import pathlib

import pytest

import coffer

numpy = pytest.importorskip("numpy")

ARRAYS = {
    "matrix": numpy.arange(12.0).reshape(3, 4),
    "fortran": numpy.asfortranarray(numpy.arange(12.0).reshape(3, 4)),
    "strided": numpy.arange(24)[::-3],
    "scalar": numpy.array(2.5),
    "empty": numpy.zeros((0, 3), dtype="u1"),
    "big_endian": numpy.arange(3, dtype=">i4"),
    "complex": numpy.array([1j, 2]),
    "truth": numpy.array([True, False]),
    "text": numpy.array(["é", "bc"]),
    "bytes": numpy.array([b"a", b"bcd"]),
    "dates": numpy.array(["2020-01-01", "NaT"], dtype="M8[D]"),
    "records": numpy.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")]),
}
FOREIGN = {
    "objects": numpy.array([None, 1], dtype=object),
    "number": numpy.float64(1.5),
    "masked": numpy.ma.masked_array([1, 2], mask=[True, False]),
    "list": [1, 2],
}


@pytest.fixture
def open_with(tmp_path):
    """Opens a store whose registry has these toggles."""

    def open_store(toggles):
        return coffer.open(tmp_path / "store", registry=coffer.Registry(toggles=toggles), sync=False)

    return open_store


def save(store, **artifacts):
    with store.task("Flow/1/step/1", mode="w") as task:
        task.update(artifacts)
    return store.task("Flow/1/step/1")


def path_of(store, task, name):
    key = task.info(name).key
    return pathlib.Path(store.root) / "Flow/data" / key[:2] / key


def make_raw(path):
    """Puts the blob there as Metaflow's save_data does: its bytes as they are."""
    data = gzip.decompress(path.read_bytes())
    path.unlink()
    path.write_bytes(data)
    path.with_name(path.name + "_meta").write_text('{"cas_raw": true, "cas_version": 1}')


def mapped_file(address):
    """The file that memory at the address is mapped from, or ''."""
    with open("/proc/self/maps") as maps:
        for line in maps:
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            if start <= address < end:
                return " ".join(line.split()[5:])
    return ""


def state_of(registry, name):
    return {record.name: record.state for record in registry.status()}.get(name)


def test_they_are_off_unless_asked_for(write):
    assert write(x=ARRAYS["matrix"]).info("x").encoding == "pickle-v4"
    assert state_of(coffer.default_registry(), "npy") == "disabled"


def test_the_environment_switches_them_on(run_python):
    program = """
import coffer, numpy
print(coffer.serialize(numpy.arange(3))[1].encoding, coffer.serialize([3])[1].encoding)
"""
    said = run_python(program, env=dict(os.environ, COFFER_SERIALIZERS="+npy"))
    assert said == "npy-v1 pickle-v4\n"


def test_it_is_not_loaded_before_an_array_comes():
    registry = coffer.Registry(toggles="+npy")
    coffer.serialize([1, 2], registry=registry)
    assert state_of(registry, "npy") == "known"
    coffer.serialize(numpy.arange(3), registry=registry)
    assert state_of(registry, "npy") == "active"


@pytest.mark.parametrize("name", ARRAYS)
def test_npy_stores_and_loads_arrays(open_with, name):
    array = ARRAYS[name]
    task = save(open_with("+npy"), x=array)
    info = task.info("x")
    assert (info.encoding, info.type, info.source) == ("npy-v1", "<class 'numpy.ndarray'>", "coffer")
    loaded = task["x"]
    assert type(loaded) is numpy.ndarray and loaded.dtype == array.dtype and loaded.shape == array.shape
    assert numpy.array_equal(loaded, array, equal_nan=name == "dates")
    assert numpy.load(io.BytesIO(task.load_bytes("x"))).dtype == array.dtype


@pytest.mark.parametrize("name", FOREIGN)
def test_npy_leaves_to_pickle_what_would_not_come_back_as_it_was(open_with, name):
    task = save(open_with("+npy"), x=FOREIGN[name])
    assert task.info("x").encoding == "pickle-v4"
    assert type(task["x"]) is type(FOREIGN[name])


def test_without_npy_its_artifacts_name_the_package_that_reads_them(open_with):
    save(open_with("+npy"), x=ARRAYS["matrix"])
    with pytest.raises(coffer.Declined, match="npy-v1.*coffer"):
        open_with("-npy").task("Flow/1/step/1")["x"]


def test_an_array_is_serialized_without_a_store():
    registry = coffer.Registry(toggles="+npy")
    blobs, metadata = coffer.serialize(ARRAYS["fortran"], registry=registry)
    assert numpy.array_equal(coffer.deserialize(blobs, metadata, registry=registry), ARRAYS["fortran"])


def test_saving_an_array_leaves_its_reference_count(open_with):
    import sys

    array = numpy.arange(1000.0)
    before = sys.getrefcount(array)
    save(open_with("+npy"), x=array)
    assert sys.getrefcount(array) == before


def test_a_raw_blob_is_loaded_as_memory_mapped_array(open_with):
    store = open_with("+npy")
    array = numpy.arange(1 << 18, dtype="f8").reshape(512, 512)
    task = save(store, x=array)
    path = path_of(store, task, "x")
    make_raw(path)
    loaded = task["x"]
    assert mapped_file(loaded.ctypes.data) == str(path)
    assert not loaded.flags.writeable and not loaded.flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        loaded[0, 0] = 1
    with pytest.raises(ValueError):
        loaded.flags.writeable = True
    assert numpy.array_equal(loaded, array)


def test_a_mapped_array_outlives_store_task_and_file(open_with):
    store = open_with("+npy")
    array = numpy.arange(1 << 18, dtype="f8")
    task = save(store, x=array)
    path = path_of(store, task, "x")
    make_raw(path)
    part = task["x"][10:20]
    address = part.ctypes.data
    path.unlink()
    del store, task
    gc.collect()
    assert numpy.array_equal(part, array[10:20])
    assert mapped_file(address).startswith(str(path))
    del part
    gc.collect()
    assert not mapped_file(address).startswith(str(path)), "the mapping is left behind"


def test_damage_in_a_raw_blob_is_found(open_with):
    store = open_with("+npy")
    task = save(store, x=numpy.arange(1000))
    path = path_of(store, task, "x")
    make_raw(path)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(coffer.Corrupt):
        task["x"]


def test_bytes_that_are_no_npy_file_are_refused():
    registry = coffer.Registry(toggles="+npy")
    for data in (b"", b"\x93NUMPY", b"\x93NUMPY\x01\x00\xff\xff{", os.urandom(100)):
        with pytest.raises(coffer.DataError):
            coffer.deserialize([data], coffer.Metadata(None, len(data), "npy-v1", {}), registry=registry)


def test_hdf5_stores_and_loads_arrays(open_with):
    store = open_with("+hdf5")
    if state_of(store.registry, "hdf5") is None:
        pytest.skip("the package was built without it")
    task = save(store, x=ARRAYS["matrix"])
    if state_of(store.registry, "hdf5") == "pending_on_imports":
        pytest.skip("the HDF5 library is not installed")
    assert task.info("x").encoding == "hdf5-v1"
    assert numpy.array_equal(task["x"], ARRAYS["matrix"])
