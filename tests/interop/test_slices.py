# SPDX-License-Identifier: Apache-2.0
"""Slices of arrays that coffer and the real Metaflow wrote: NumPy's answer, with little read."""
import io
import subprocess

import numpy as np
import pytest

from running import run_python

SLICES = ["0", "-1", "3:7", "::3", "2:,1", ":,0", "-3:-1,::2", "1:2,0:1", "5:2", "0:0", "100:", ",".join([":", "1"])]
BIG_ROWS = 1_000_000

MAKE = """
import numpy as np
generator = np.random.default_rng(5)
small = np.arange(60, dtype="<i4").reshape(12, 5)
arrays = {
    "small": small,
    "fortran": np.asfortranarray(small),
    "swapped": small.astype(">f8"),
    "strided": small[::2, ::-1],
    "texts": small.astype("U5"),
    "records": np.array([(i, i / 2) for i in range(12)], dtype=[("a", "<i4"), ("b", "<f8")]),
    "medium": generator.integers(0, 100, (200_000, 5)),
    "medium_fortran": np.asfortranarray(generator.random((200_000, 5))),
}
"""
SAVE = MAKE + """
import sys
from metaflow.datastore import FlowDataStore
from metaflow.plugins.datastores.local_storage import LocalStorage

flow = FlowDataStore("Flow", environment=None, storage_impl=LocalStorage, ds_root=sys.argv[1])
task = flow.get_task_datastore("1", "start", "1", attempt=0, mode="w")
task.init_task()
task.save_artifacts(iter({**arrays, "number": 5, "objects": np.array([None, "x"]), "scalar": np.float64(2.5)}.items()))
task.done()
print("null")
"""


def arrays():
    names = {}
    exec(MAKE, names)
    return names["arrays"]


@pytest.fixture(scope="module")
def store(coffer_bin, tmp_path_factory):
    """Flow/1/start/1 by the real Metaflow, Flow/1/start/2 by coffer as pickles, Flow/1/start/3 as typed Tensors."""
    root = tmp_path_factory.mktemp("slices")
    store = root / ".metaflow"
    run_python(root, SAVE, store)
    files = {name: root / f"{name}.npy" for name in arrays()}
    for name, array in arrays().items():
        np.save(files[name], array)
    typed = [f"{name}:Tensor=@{file}" for name, file in files.items() if name not in ("texts", "records")]
    for task, pairs in ((2, [f"{name}={file}" for name, file in files.items()]), (3, typed)):
        subprocess.run([coffer_bin, "-s", store, "put", "-q", f"Flow/1/start/{task}", *pairs], check=True)
    return store


def run(coffer_bin, store, *args):
    return subprocess.run([coffer_bin, "-s", store, *args], capture_output=True)


@pytest.mark.parametrize("task", [1, 2, 3])
def test_a_slice_is_what_numpy_says(coffer_bin, store, task):
    for name, array in arrays().items():
        if task == 3 and name in ("texts", "records"):
            continue
        for text in SLICES:
            if array.ndim == 1 and "," in text:
                continue
            done = run(coffer_bin, store, "get", f"Flow/1/start/{task}/{name}", f"--slice={text}", "--as", "npy")
            assert done.returncode == 0, (name, text, done.stderr)
            expected = eval(f"array[{text}]", {"array": array})
            found = np.load(io.BytesIO(done.stdout))
            assert found.shape == expected.shape and found.dtype.kind == array.dtype.kind, (name, text)
            assert np.array_equal(found, expected), (name, text)


def test_a_slice_is_shown(coffer_bin, store):
    shown = run(coffer_bin, store, "show", "Flow/1/start/1/medium", "--slice", "199998:,0").stdout.decode()
    last = arrays()["medium"][199998:, 0]
    assert f"array([{last[0]}, {last[1]}], dtype='int64')" in shown and "shape     2\n" in shown


@pytest.mark.parametrize(
    "name, text, message",
    [
        ("small", "12", "index 12 is out of the range of dimension 0, which has 12 places"),
        ("small", "0,0,0", "3 slices for an array of 2 dimensions"),
        ("scalar", "0", "1 slices for an array of 0 dimensions"),
        ("number", "0", "artifact 'number' is no array of numbers"),
        ("objects", "0", "artifact 'objects' is no array of numbers"),
        ("small", "::-1", "'::-1' is no slice"),
        ("small", "1:2:3:4", "'1:2:3:4' is no slice"),
        ("small", "", "'' is no slice"),
        ("small", "99999999999999999999", "'99999999999999999999' is no slice"),
        ("small", ",".join("0" * 65), "is no slice"),
        ("absent", "0", 'no artifact "absent"'),
    ],
)
def test_what_can_not_be_sliced_is_said(coffer_bin, store, name, text, message):
    for command in ("get", "show"):
        done = run(coffer_bin, store, command, f"Flow/1/start/1/{name}", f"--slice={text}")
        assert done.returncode in (1, 2, 3) and done.stdout == b"", (command, done)
        assert message in done.stderr.decode() and done.stderr.count(b"\n") == 1


def test_little_is_read_for_a_slice(coffer_bin, tmp_path):
    """Damage elsewhere in the array is not even seen."""
    np.save(tmp_path / "big.npy", np.random.default_rng(1).random((BIG_ROWS, 8)))
    subprocess.run([coffer_bin, "-s", tmp_path, "put", "-q", "Flow/1/start/1", f"x={tmp_path / 'big.npy'}"], check=True)
    blob = max((tmp_path / ".metaflow/Flow/data").rglob("*"), key=lambda path: path.stat().st_size)
    with blob.open("r+b") as file:
        file.seek(blob.stat().st_size // 2)
        file.write(b"damage")
    path = "Flow/1/start/1/x"
    array = np.load(tmp_path / "big.npy", mmap_mode="r")
    done = run(coffer_bin, tmp_path, "get", path, "--slice", f"{BIG_ROWS - 5}:", "--as", "npy")
    assert done.returncode == 0 and np.array_equal(np.load(io.BytesIO(done.stdout)), array[-5:])
    damaged = run(coffer_bin, tmp_path, "get", path, "--slice", f"{BIG_ROWS // 2}", "--as", "npy")
    assert damaged.returncode == 3 and blob.name.encode() in damaged.stderr
