# SPDX-License-Identifier: Apache-2.0
"""Typed artifacts in real flows: with coffer in place of Metaflow's datastore, and in Metaflow as it is."""

import os
import pathlib
import subprocess
import sys

import pytest

pytest.importorskip("metaflow")
pytest.importorskip("numpy")

import coffer
from coffer import types

FLOWS = pathlib.Path(__file__).resolve().parent / "flows"

READ = """
import typed_shapes, sys
from coffer import types
from metaflow import Flow, namespace
namespace(None)
run = Flow("TypedFlow").latest_run
data = run["end"].task.data
assert data.number == types.Int32(6), data.number
assert data.box.value == typed_shapes.Box("crate", typed_shapes.Size(2, 3), None)
assert data.local.value.count == 7 and type(data.local.value) is types.Record
assert data.array.value.tolist() == [[0, 1, 2], [3, 4, 5]]
assert data.money.value == 3 and data.config.value["b"] == [1, 2.5, None]
typed_shapes.check_one_of_each(data)
print(run.pathspec)
"""


class Metaflow:
    def __init__(self, root):
        self.root = root

    def call(self, *words, on):
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("METAFLOW_", "COFFER_"))}
        more = {
            "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(self.root),
            "METAFLOW_HOME": str(self.root / "home"),
            "METAFLOW_CLIENT_CACHE_PATH": str(self.root / f"cache-{on}"),
            "METAFLOW_USER": "tester",
            "USERNAME": "tester",
            "PYTHONPATH": str(FLOWS),
            **({} if on else {"COFFER_DISABLE": "1"}),
        }
        done = subprocess.run(
            [sys.executable, *map(str, words)], env={**kept, **more}, cwd=self.root, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout


@pytest.fixture(scope="module", params=[True, False], ids=["drop-in", "stock"])
def ran(request, tmp_path_factory):
    """A run of the flow, written by one of the two."""
    metaflow = Metaflow(tmp_path_factory.mktemp("flow"))
    metaflow.call(FLOWS / "typed_flow.py", "--no-pylint", "--quiet", "run", on=request.param)
    return metaflow


@pytest.mark.parametrize("on", [True, False], ids=["drop-in", "stock"])
def test_client_reads_typed_artifacts(ran, on):
    assert ran.call("-c", READ, on=on).startswith("TypedFlow/")


def test_store_reads_what_a_flow_wrote(ran):
    store = coffer.open(ran.root / ".metaflow")
    step = next((ran.root / ".metaflow" / "TypedFlow").glob("[0-9]*/end/*[0-9]"))
    with store.task("/".join(step.parts[-4:])) as task:
        assert task["number"] == types.Int32(6)
        assert task.info("number").encoding == "iotype:Int32" and task.info("number").type == "<class 'coffer.types.Int32'>"
        assert task.info("array").encoding == "iotype:Tensor[float32,2,?]"
        assert task.info("money").serializer_info == {
            "currency": "EUR",
            "iotype": "Money",
            "spec": {"type": "integer"},
            "source": "coffer",
        }
        assert task.info("plain").encoding == "pickle-v4"  # typing is opt-in
        assert bytes(task.load_bytes("config")) == '{"a":"é","b":[1,2.5,null]}'.encode()
