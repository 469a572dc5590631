# SPDX-License-Identifier: Apache-2.0
"""Artifacts that are unpickled while they are read: all is as with small ones."""
import array
import random

import pytest
from metaflow.datastore.exceptions import DataException
from metaflow.datastore.task_datastore import LoadError, pickles
from metaflow.exception import MetaflowException

from specimens import Failing

MIB = 1 << 20
NUMBERS = array.array("q", random.Random(1).randbytes(17 * MIB))


@pytest.fixture
def streamed(monkeypatch):
    """The keys that were loaded by way of a stream."""
    from metaflow.datastore.content_addressed_store import ContentAddressedStore

    keys, load = [], ContentAddressedStore.load_pickle

    def noted(self, key, size):
        keys.append(key)
        return load(self, key, size)

    monkeypatch.setattr(ContentAddressedStore, "load_pickle", noted)
    return keys


def saved(flow, *artifacts):
    task = flow.get_task_datastore("1", "step", "1", attempt=0, mode="w")
    task.init_task()
    task.save_artifacts(iter(artifacts))
    task.done()
    return flow.get_task_datastore("1", "step", "1")


def test_large_and_small_ones_come_back(flow, streamed):
    numbers, text = NUMBERS, "plain \u20ac text " * (2 * MIB)
    task = saved(flow, ("numbers", numbers), ("small", [1]), ("text", text), ("same", numbers))
    loaded = dict(task.load_artifacts(["text", "numbers", "small", "same"]))
    assert loaded == {"numbers": numbers, "small": [1], "text": text, "same": numbers}
    assert loaded["same"] is not loaded["numbers"]
    assert task["numbers"] == numbers and task.get("text") == text
    assert bool(streamed) == (type(flow._storage_impl).__name__ == "LocalStorage")


def test_a_cache_of_blobs_gets_the_bytes(local, streamed):
    task = saved(local, ("numbers", NUMBERS))
    kept = {}

    class Cache:
        def load_key(self, key):
            return kept.get(key)

        def store_key(self, key, blob):
            kept[key] = blob

    task._ca_store.set_blob_cache(Cache())
    for _ in range(2):
        assert task["numbers"] == NUMBERS
    assert not streamed and isinstance(kept[task._objects["numbers"]], bytes)


def test_damage_names_the_artifact(local, tmp_path, streamed):
    task = saved(local, ("numbers", NUMBERS))
    key = task._objects["numbers"]
    file = tmp_path / ".metaflow" / "Flow" / "data" / key[:2] / key
    stored = bytearray(file.read_bytes())
    stored[len(stored) // 2] ^= 255
    file.write_bytes(stored)
    with pytest.raises(DataException, match=f"(?s)Artifact 'numbers' of task .*Could not unpack artifact.*{key}"):
        task["numbers"]
    file.unlink()
    with pytest.raises(DataException, match=f"(?s)Artifact 'numbers' of task .*{key}"):
        list(task.load_artifacts(["numbers"]))
    assert task.get("numbers", "default") == "default" and streamed


def test_what_unpickling_raises(local, streamed):
    errors = {"value": ValueError("no"), "metaflow": MetaflowException("for the user")}
    task = saved(local, *((name, [NUMBERS, Failing(error)]) for name, error in errors.items()))
    with pytest.raises(LoadError, match="Serializer PickleSerializer failed to load artifact 'value' .*ValueError: no") as caught:
        task["value"]
    assert type(caught.value.__cause__) is ValueError
    with pytest.raises(MetaflowException, match="for the user") as caught:
        task["metaflow"]
    assert type(caught.value) is MetaflowException and streamed


@pytest.mark.parametrize("size", [0, -1, 5, 1 << 70, "many", None, 1.5, 16 << 20])
def test_sizes_that_nothing_large_has(size):
    assert not pickles.is_large(size)
