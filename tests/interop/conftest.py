# SPDX-License-Identifier: Apache-2.0
import json

import pytest

import metaflow.datastore.task_datastore as task_datastore
from running import run_flow, run_python

assert not hasattr(task_datastore, "LoadError"), "this is the drop-in, not the stock Metaflow"


@pytest.fixture(scope="session")
def zoo_store(tmp_path_factory):
    """A datastore with two runs of ZooFlow: a failed one, and its resumption."""
    sysroot = tmp_path_factory.mktemp("zoo")
    run_flow(sysroot, "zoo_flow.py", "run", "--max-workers", "2", expect=1, extra_env={"ZOO_FAIL_AT_END": "1"})
    run_flow(sysroot, "zoo_flow.py", "resume")
    return sysroot


class Sysroot:
    """A directory of its own above a .metaflow, and the real Metaflow that works in it."""

    def __init__(self, path):
        self.path = path
        self.store = path / ".metaflow"

    def python(self, code, *args):
        """Run `code`, which may use `metaflow`, and return what it prints as JSON on its last line."""
        return json.loads(run_python(self.path, code, *args).splitlines()[-1])


@pytest.fixture
def sysroot(tmp_path):
    return Sysroot(tmp_path)
