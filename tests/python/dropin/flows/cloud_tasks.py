# SPDX-License-Identifier: Apache-2.0
"""Saves and loads artifacts in one of Metaflow's storages: cloud_tasks.py STORAGE [COMMAND ROOT]..., in a process of its own."""

import functools
import gzip
import io
import json
import sys

import numpy as np

from metaflow.datastore import FlowDataStore
from metaflow.datastore.exceptions import DataException
from metaflow.plugins import DATASTORES

SMALL = {
    "few": {"number": 1, "array": np.arange(50_000), "same": [1, 2], "again": [1, 2]},
    "many": {f"a{i}": list(range(i)) for i in range(15)},
}
LARGE_BYTES = {"azure": 65 << 20, "gs": 20 << 20, "s3": 20 << 20}  # more than a client sends, or asks for, at once


def open_flow(kind, root):
    (storage,) = [each for each in DATASTORES if each.TYPE == kind]
    return FlowDataStore("Flow", storage_impl=storage, ds_root=root)


def save(flow, task, artifacts):
    task = flow.get_task_datastore("1", "step", task, attempt=0, mode="w")
    task.init_task()
    task.save_artifacts(iter(artifacts.items()), len_hint=len(artifacts))
    task.done()
    return task


def load(flow, task, artifacts):
    task = flow.get_task_datastore("1", "step", task)
    for name, value in task.load_artifacts(list(artifacts)):
        assert np.array_equal(value, artifacts[name]), name
    return task


def small(transfer, flow):
    """Says the keys of all artifacts."""
    print(json.dumps([transfer(flow, task, artifacts)._objects for task, artifacts in SMALL.items()]))


def large(transfer, flow):
    transfer(flow, "large", {"bytes": np.random.default_rng(1).bytes(LARGE_BYTES[flow.TYPE])})


def damage(flow):
    save(flow, "damaged", {"number": 1})
    task, storage = load(flow, "damaged", {"number": 1}), flow._storage_impl
    key = task._objects["number"]
    path = f"Flow/data/{key[:2]}/{key}"
    with storage.load_bytes([path]) as loaded:
        ((_, file, metadata),) = loaded
        assert metadata == {"cas_raw": False, "cas_version": 1}, metadata
        with open(file, "rb") as stored:
            sound = stored.read()
    for contents in (gzip.compress(b"other"), sound[:-4], b""):
        storage.save_bytes([(path, (io.BytesIO(contents), metadata))], overwrite=True)
        check_refusal(task, "number", path, key)
    storage.save_bytes([(path, (io.BytesIO(sound), metadata))], overwrite=True)
    assert task["number"] == 1
    task._objects["number"] = key = "0" * 40
    check_refusal(task, "number", f"Flow/data/00/{key}", key)


def check_refusal(task, name, path, key):
    try:
        task[name]
    except DataException as error:
        assert f"Artifact '{name}'" in str(error) and path in str(error) and key in str(error), error
    else:
        raise AssertionError("nobody noticed")


COMMANDS = {
    "save": functools.partial(small, save),
    "load": functools.partial(small, load),
    "save-large": functools.partial(large, save),
    "load-large": functools.partial(large, load),
    "damage": damage,
}

if __name__ == "__main__":
    _, kind, *words = sys.argv
    for command, root in zip(words[::2], words[1::2]):
        COMMANDS[command](open_flow(kind, root))
