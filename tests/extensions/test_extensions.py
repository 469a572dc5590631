# SPDX-License-Identifier: Apache-2.0
"""The extensions npy and hdf5 through the command: what they store is read by NumPy and h5py without us."""
import io
import json
import os
import subprocess

import h5py
import numpy
import pytest

NUMBERS = ["?", "i1", "u1", "<i2", ">i2", "<u4", ">u8", "<i8", "<f2", ">f2", "<f4", "<f8", ">f8", "<c8", ">c8", "<c16", ">c16"]
OTHERS = ["<U3", "S5", "<M8[ns]", "<m8[s]", [("a", "<i4"), ("b", "<f8")]]


def arrays_of(dtype):
    plain = numpy.arange(6).reshape(2, 3)
    filled = plain.astype(dtype) if isinstance(dtype, str) and dtype[0] != "S" else numpy.zeros((2, 3), dtype)
    yield "c", filled
    yield "fortran", numpy.asfortranarray(filled)
    yield "scalar", filled[:1, 1].reshape(())
    yield "empty", filled[:0]
    yield "many", numpy.zeros((1,) * 20, dtype)


def cases(dtypes):
    for dtype in dtypes:
        for layout, array in arrays_of(dtype):
            yield pytest.param(array, id=f"{dtype if isinstance(dtype, str) else 'record'}-{layout}")


@pytest.fixture
def coffer(coffer_bin, build_dir, tmp_path):
    """Runs the command with the extensions of the build, of which some are switched on."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("COFFER_", "XDG_"))}
    env["COFFER_EXTENSION_PATH"] = ":".join(str(build_dir / "extensions" / name) for name in ("npy", "hdf5"))
    env["COFFER_STORE"] = str(tmp_path / "store")
    env["HOME"] = str(tmp_path)
    env["COFFER_SYNC"] = "0"

    def run(*words, on="", text=True):
        done = subprocess.run([coffer_bin, *words], env=dict(env, COFFER_SERIALIZERS=on), capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode() if text else done.stdout

    return run


def put(coffer, tmp_path, array, on):
    numpy.save(tmp_path / "array.npy", array)
    coffer("put", "Demo/1/start/1", f"x={tmp_path / 'array.npy'}", on=on)
    return json.loads(coffer("show", "--json", "Demo/1/start/1", on=on))


def encoding_of(tmp_path):
    data = json.loads(next((tmp_path / "store").rglob("0.data.json")).read_text())
    return data["info"]["x"]["encoding"], data["info"]["x"]["serializer_info"].get("source")


def same(left, right):
    return left.dtype == right.dtype and left.shape == right.shape and numpy.array_equal(left, right)


@pytest.mark.parametrize("array", list(cases(NUMBERS)))
def test_h5py_reads_what_hdf5_stores(coffer, tmp_path, array):
    put(coffer, tmp_path, array, "+hdf5")
    assert encoding_of(tmp_path) == ("hdf5-v1", "coffer")
    image = coffer("get", "--raw", "Demo/1/start/1/x", "-o", "-", text=False)
    with h5py.File(io.BytesIO(image)) as file:
        assert list(file) == ["data"]
        assert same(file["data"][()], array) if array.shape else file["data"][()] == array
        assert file["data"].dtype == array.dtype
    back = coffer("get", "Demo/1/start/1/x", "--as", "npy", "-o", "-", on="+hdf5", text=False)
    assert same(numpy.load(io.BytesIO(back)), array)


@pytest.mark.parametrize("array", list(cases(NUMBERS + OTHERS)))
def test_numpy_reads_what_npy_stores(coffer, tmp_path, array):
    put(coffer, tmp_path, array, "+npy")
    assert encoding_of(tmp_path) == ("npy-v1", "coffer")
    file = coffer("get", "--raw", "Demo/1/start/1/x", "-o", "-", text=False)
    assert same(numpy.load(io.BytesIO(file)), array)
    back = coffer("get", "Demo/1/start/1/x", "--as", "npy", "-o", "-", on="+npy", text=False)
    assert same(numpy.load(io.BytesIO(back)), array)


def test_what_hdf5_cannot_hold_goes_on_as_a_pickle(coffer, tmp_path):
    put(coffer, tmp_path, numpy.array(["a", "b"]), "+hdf5")
    assert encoding_of(tmp_path) == ("pickle-v4", "metaflow")


def test_both_are_off_by_default(coffer, tmp_path):
    put(coffer, tmp_path, numpy.arange(3), "")
    assert encoding_of(tmp_path) == ("pickle-v4", "metaflow")
    states = {one["name"]: one["state"] for one in json.loads(coffer("serializers", "--json"))}
    assert states == {"iotype": "active", "pickle": "active", "npy": "disabled", "hdf5": "disabled"}


def test_an_artifact_of_an_extension_that_is_off_names_its_source(coffer, coffer_bin, tmp_path):
    put(coffer, tmp_path, numpy.arange(3), "+hdf5")
    env = dict(os.environ, COFFER_STORE=str(tmp_path / "store"), HOME=str(tmp_path))
    done = subprocess.run([coffer_bin, "get", "Demo/1/start/1/x", "--as", "npy", "-o", str(tmp_path / "out.npy")], env=env,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "hdf5-v1" in done.stderr and "coffer" in done.stderr
    assert not (tmp_path / "out.npy").exists()
