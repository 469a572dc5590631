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
    from metaflow.datastore.content_addressed_store import BroughtBlob, ContentAddressedStore

    keys = []

    def noting(load, key_of):
        def noted(self, *arguments):
            keys.append(key_of(self, *arguments))
            return load(self, *arguments)

        return noted

    monkeypatch.setattr(ContentAddressedStore, "load_pickle", noting(ContentAddressedStore.load_pickle, lambda self, key, size: key))
    monkeypatch.setattr(BroughtBlob, "load_pickle", noting(BroughtBlob.load_pickle, lambda self, size: self._key))
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
    assert set(streamed) == {task._objects["numbers"], task._objects["text"]}
    assert list(task.load_artifacts([])) == []


def test_a_cache_of_blobs_gets_the_bytes(flow, streamed):
    task = saved(flow, ("numbers", NUMBERS))
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


def test_damage_names_the_artifact(flow, tmp_path, streamed):
    task = saved(flow, ("numbers", NUMBERS))
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


def test_what_unpickling_raises(flow, streamed):
    errors = {"value": ValueError("no"), "metaflow": MetaflowException("for the user")}
    task = saved(flow, *((name, [NUMBERS, Failing(error)]) for name, error in errors.items()))
    with pytest.raises(LoadError, match="Serializer PickleSerializer failed to load artifact 'value' .*ValueError: no") as caught:
        task["value"]
    assert type(caught.value.__cause__) is ValueError
    with pytest.raises(MetaflowException, match="for the user") as caught:
        task["metaflow"]
    assert type(caught.value) is MetaflowException and streamed


@pytest.mark.parametrize("size", [0, -1, 5, 1 << 70, "many", None, 1.5, 16 << 20])
def test_sizes_that_nothing_large_has(size):
    assert not pickles.is_large(size)


def test_artifacts_of_one_key_that_are_read_in_two_ways(flow, streamed):
    """What the other serializer makes of the bytes of a pickle is its own business."""
    from metaflow.datastore.artifacts.serializer import ArtifactSerializer

    class Plain(ArtifactSerializer):
        TYPE = None

        @classmethod
        def can_deserialize(cls, metadata):
            return metadata.encoding == "plain"

        @classmethod
        def deserialize(cls, data, metadata=None, **options):
            return len(data[0])

    task = saved(flow, ("numbers", NUMBERS))
    task._objects["size"], task._info["size"] = task._objects["numbers"], {**task._info["numbers"], "encoding": "plain"}
    task._serializers = [Plain, *task._serializers]
    loaded = dict(task.load_artifacts(["size", "numbers"]))
    assert loaded == {"size": task._info["numbers"]["size"], "numbers": NUMBERS} and len(streamed) == 1
