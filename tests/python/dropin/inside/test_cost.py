# SPDX-License-Identifier: Apache-2.0
"""What is on the disk when an attempt is done, and how much memory it took to get there."""

import gc
import pathlib

import numpy as np
import pytest

MIB = 1 << 20


class Watched:
    """The library's blobs, with notes of what is asked of them and whether the attempt was done by then."""

    def __init__(self, blobs, done):
        self.blobs, self.done, self.notes = blobs, done, []

    def __getattr__(self, name):
        def call(*args):
            self.notes.append((name, *args, self.done.exists()))
            return getattr(self.blobs, name)(*args)

        return call


def test_done_comes_after_all_that_it_vouches_for(local, tmp_path):
    parent = local.get_task_datastore("1", "start", "1", attempt=0, mode="w")
    parent.init_task()
    parent.save_artifacts([("inherited", 1)])
    parent.done()
    task = local.get_task_datastore("1", "end", "2", attempt=0, mode="w")
    task.init_task()
    task.passdown_partial(parent, ["inherited"])
    task.save_artifacts([("own", "x" * 1000)])
    task._objects["gone"], task._info["gone"] = "0" * 40, {"encoding": "pickle-v4"}  # that is for whoever loads it
    watched = Watched(local.ca_store._blobs(), tmp_path / ".metaflow/Flow/1/end/2/0.DONE.lock")
    local.ca_store._files = watched
    task.done()
    blobs, data, first_sync, done, last_sync = watched.notes
    assert blobs == ("require", set(task._objects.values()), False)
    assert data == ("require_file", "Flow/1/end/2/0.data.json", False)
    assert first_sync == ("sync", False)
    assert done == ("require_file", "Flow/1/end/2/0.DONE.lock", True)
    assert last_sync == ("sync", True)


def test_a_disk_that_fails_leaves_the_attempt_undone(local, tmp_path):
    from coffer import IOFailure
    from metaflow.datastore.exceptions import DataException

    class Failing(Watched):
        def sync(self):
            raise IOFailure("the disk is broken")

    task = local.get_task_datastore("1", "end", "2", attempt=0, mode="w")
    task.init_task()
    done = tmp_path / ".metaflow/Flow/1/end/2/0.DONE.lock"
    local.ca_store._files = Failing(local.ca_store._blobs(), done)
    with pytest.raises(DataException, match="the disk is broken"):
        task.done()
    assert not done.exists() and not task._is_done_set


def memory_kib(field):
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    raise LookupError(field)


def grown_mib(call):
    """By how much memory grows while it is called, at the most."""
    gc.collect()
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    before = memory_kib("VmRSS")
    call()
    return (memory_kib("VmHWM") - before) / 1024


def test_other_storages_are_given_files_and_bring_files(foreign):
    task = foreign.get_task_datastore("1", "step", "1", attempt=0, mode="w")
    task.init_task()
    task.save_artifacts([("warm", np.arange(5 * MIB))])
    task["warm"]
    array = np.random.default_rng(1).random(25 * MIB // 8 * 4)  # 100 MiB
    loaded = []
    assert grown_mib(lambda: task.save_artifacts([("array", array)])) < 100 + 64  # what the storage reads of it
    assert grown_mib(lambda: task.save_artifacts([("again", array)])) < 64
    assert grown_mib(lambda: loaded.append(task["array"])) < 100 + 64
    assert np.array_equal(*loaded, array)


@pytest.mark.parametrize("count", [1, 4])
def test_saving_arrays_takes_little_memory(local, count):
    """Stock takes 2.8 times their size."""
    arrays = {f"a{i}": np.random.default_rng(i).random(25 * MIB // 8 * 4) for i in range(count)}  # 100 MiB each
    task = local.get_task_datastore("1", "step", "1", attempt=0, mode="w")
    task.init_task()
    task.save_artifacts([("warm", np.arange(MIB))])
    assert grown_mib(lambda: task.save_artifacts(iter(arrays.items()), len_hint=count)) < 64
    for name, array in arrays.items():
        assert np.array_equal(task[name], array)


def test_typed_arrays_are_neither_copied_when_saved_nor_when_loaded(flow):
    from coffer.types import Tensor

    arrays = {f"a{i}": np.random.default_rng(i).random(25 * MIB // 8 * 4) for i in range(2)}  # 100 MiB each
    task = flow.get_task_datastore("1", "step", "1", attempt=0, mode="w")
    task.init_task()
    task.save_artifacts([("warm", Tensor(np.arange(MIB)))])
    whole = 0 if flow._storage_impl.TYPE == "local" else 100  # what is stored of one, which other storages read at once
    assert grown_mib(lambda: task.save_artifacts((name, Tensor(array)) for name, array in arrays.items())) < whole + 64
    loaded = {name: task[name].value for name in arrays}
    for name, array in arrays.items():
        assert np.array_equal(loaded[name], array) and not loaded[name].flags.owndata and not loaded[name].flags.writeable


def test_a_serializer_that_derives_from_the_typed_one_gets_and_gives_bytes(local, monkeypatch):
    from coffer.types import Int32
    from metaflow_extensions.coffer.plugins.iotype_serializer import IOTypeSerializer

    seen = []

    class Derived(IOTypeSerializer):
        TYPE = None  # not to be registered

        @classmethod
        def serialize(cls, obj, **options):
            blobs, metadata = super().serialize(obj, **options)
            seen.append(type(blobs[0].value))
            return blobs, metadata

        @classmethod
        def deserialize(cls, data, metadata=None, **options):
            seen.append(type(data[0]))
            return super().deserialize(data, metadata, **options)

    task = local.get_task_datastore("1", "step", "1", attempt=0, mode="w")
    monkeypatch.setattr(task, "_serializers", [Derived])
    task.init_task()
    task.save_artifacts([("n", Int32(5))])
    assert task["n"] == Int32(5) and seen == [bytes, bytes]
