# SPDX-License-Identifier: Apache-2.0
import os

import pytest

os.environ.pop("COFFER_DISABLE", None)  # set for all other tests

import metaflow  # noqa: E402
from metaflow.datastore import FlowDataStore  # noqa: E402
from metaflow.datastore.task_datastore import LoadError  # noqa: E402,F401  there only in the drop-in
from metaflow.plugins.datastores.local_storage import LocalStorage  # noqa: E402


class ForeignStorage(LocalStorage):
    """Somebody's own storage: the library knows nothing of where it keeps things."""

    TYPE = "foreign"

    def __init__(self, root):
        super().__init__(root)
        self.saved = []

    def save_bytes(self, path_and_bytes_iter, overwrite=False, len_hint=0):
        def noted():
            for path, what in path_and_bytes_iter:
                self.saved.append(path)
                yield path, what

        super().save_bytes(noted(), overwrite=overwrite, len_hint=len_hint)


@pytest.fixture(params=[LocalStorage, ForeignStorage], ids=["local", "foreign"])
def flow(request, tmp_path):
    return FlowDataStore("Flow", storage_impl=request.param, ds_root=str(tmp_path / ".metaflow"))


@pytest.fixture
def local(tmp_path):
    return FlowDataStore("Flow", storage_impl=LocalStorage, ds_root=str(tmp_path / ".metaflow"))


@pytest.fixture
def foreign(tmp_path):
    return FlowDataStore("Flow", storage_impl=ForeignStorage, ds_root=str(tmp_path / ".metaflow"))


@pytest.fixture
def write(flow):
    """Opens a task for writing."""
    numbers = iter(range(1000))

    def open_task(**options):
        task = flow.get_task_datastore("1", "step", str(next(numbers)), attempt=0, mode="w", **options)
        task.init_task()
        return task

    return open_task


@pytest.fixture
def reopen(flow):
    """Opens a written task for reading, done or not."""

    def read(task):
        if not task._is_done_set:
            task.done()
        return flow.get_task_datastore(*task.pathspec.split("/"))

    return read


def blob_file(flow, key):
    import pathlib

    return pathlib.Path(flow.datastore_root) / "Flow" / "data" / key[:2] / key
