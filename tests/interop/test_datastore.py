# SPDX-License-Identifier: Apache-2.0
"""Tasks written by the library are read by the real Metaflow (datastore and client), and the other way."""
import json
import pickle
import subprocess

import pytest

OBJECTS = {
    "number": 2**80,
    "text": "w\u00f6rld \U0001f30d",
    "nested": {"a": [1, 2.5, None, True], "b": {"c": (1, 2)}},
    "empty": {},
    "binary": bytes(range(256)) * 1000,
    "\u00fcmlaut": {1, 2, 3},
}

# Saves what objects.pickle holds as attempts of Flow/1/start, with Metaflow's own task datastore.
STOCK_WRITER = """
import json, pickle, sys
from metaflow.datastore import FlowDataStore
from metaflow.plugins.datastores.local_storage import LocalStorage

flow = FlowDataStore("Flow", environment=None, storage_impl=LocalStorage, ds_root=sys.argv[1])
for attempt in json.loads(sys.argv[3]):
    task = flow.get_task_datastore("1", "start", sys.argv[2], attempt=attempt, mode="w")
    task.init_task()
    objects = pickle.load(open("objects.pickle", "rb"))
    objects["attempt"] = attempt
    task.save_artifacts(iter(objects.items()))
    task.save_metadata({"task_end": {}})
    task.done()
print("null")
"""

STOCK_READER = """
import json, pickle, sys
from metaflow.datastore import FlowDataStore
from metaflow.plugins.datastores.local_storage import LocalStorage

flow = FlowDataStore("Flow", environment=None, storage_impl=LocalStorage, ds_root=sys.argv[1])
task = flow.get_task_datastore("1", "start", sys.argv[2])
wanted = pickle.load(open("objects.pickle", "rb"))
found = dict(task.load_artifacts(list(task._objects)))
assert {name: value for name, value in found.items() if name in wanted} == wanted
(other,) = flow.get_task_datastores("1", ["start"], allow_not_done=False) if sys.argv[3] == "alone" else [task]
assert other._objects == task._objects
print(json.dumps({"attempt": task.attempt, "names": list(found), "info": task._info, "objects": task._objects}))
"""


@pytest.fixture
def tool(build_dir):
    def run(*args):
        command = [str(build_dir / "tests/datastore-tool"), *(str(arg) for arg in args)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    return run


@pytest.fixture
def objects(sysroot):
    """The objects as pickles in files, as arguments of the tool's write."""
    (sysroot.path / "objects.pickle").write_bytes(pickle.dumps(OBJECTS))
    arguments = []
    for name, value in OBJECTS.items():
        path = sysroot.path / f"{name}.pickle"
        path.write_bytes(pickle.dumps(value, protocol=4))
        arguments += [name, str(type(value)), "pickle-v4", "metaflow", path]
    return arguments


def write(tool, sysroot, task, attempt, outcome, arguments, flow="Flow", run="1", step="start"):
    done = tool("write", sysroot.store, flow, run, step, task, attempt, outcome, *arguments)
    assert done.returncode == 0, done.stderr


def read_artifacts(tool, sysroot, task):
    """What the library reads: name -> its description, and the unpickled objects."""
    directory = sysroot.path / f"read-{task}"
    directory.mkdir()
    done = tool("read", sysroot.store, "Flow", "1", "start", task, directory)
    assert done.returncode == 0, done.stderr
    described = {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}
    return described, {name: pickle.loads((directory / name).read_bytes()) for name in described}


def test_stock_reads_what_we_write(tool, sysroot, objects):
    write(tool, sysroot, "1", 0, "unsaid", objects)
    seen = sysroot.python(STOCK_READER, str(sysroot.store), "1", "alone")
    assert seen["attempt"] == 0
    assert seen["names"] == list(OBJECTS)
    assert seen["info"]["text"]["type"] == "<class 'str'>"
    assert seen["info"]["binary"]["size"] == len(pickle.dumps(OBJECTS["binary"], protocol=4))


def test_we_read_what_stock_writes(tool, sysroot, objects):
    sysroot.python(STOCK_WRITER, str(sysroot.store), "1", "[0, 1]")
    seen = sysroot.python(STOCK_READER, str(sysroot.store), "1", "alone")
    described, found = read_artifacts(tool, sysroot, "1")
    assert found == {**OBJECTS, "attempt": 1}
    for name, info in seen["info"].items():
        assert described[name]["key"] == seen["objects"][name]
        assert {key: described[name][key] for key in info} == info
    assert tool("verify", sysroot.store).stdout == f"2 {2 * len(found)} {len(found) + 1} 0\n"


def test_data_json_is_the_same_to_the_byte(tool, sysroot, objects):
    sysroot.python(STOCK_WRITER, str(sysroot.store), "1", "[0]")
    done = tool("clone", sysroot.store, "Flow", "1", "start", "1", "2")
    assert done.returncode == 0, done.stderr
    (sysroot.path / "zero.pickle").write_bytes(pickle.dumps(0, protocol=4))
    zero = ["attempt", "<class 'int'>", "pickle-v4", "metaflow", sysroot.path / "zero.pickle"]
    write(tool, sysroot, "3", 0, "unsaid", [*objects, *zero])
    texts = []
    for task in ("1", "2", "3"):
        text = (sysroot.store / f"Flow/1/start/{task}/0.data.json").read_text()
        version = json.dumps(json.loads(text)["python_version"])
        texts.append(text.replace(version, '"PYTHON"', 1))
    assert texts[0] == texts[1] == texts[2]
    assert texts[0].count('"PYTHON"') == 1


def test_files_of_a_task_are_the_same(tool, sysroot, objects):
    sysroot.python(STOCK_WRITER, str(sysroot.store), "1", "[0]")
    write(tool, sysroot, "2", 0, "unsaid", objects)
    stock, ours = (sysroot.store / f"Flow/1/start/{task}" for task in ("1", "2"))
    names = {path.name for path in ours.iterdir()}
    assert names == {"0.attempt.json", "0.data.json", "0.DONE.lock", "_meta"}
    assert names - {path.name for path in stock.iterdir()} == {"_meta"}
    assert (ours / "0.DONE.lock").read_bytes() == (stock / "0.DONE.lock").read_bytes()
    assert list(json.loads((ours / "0.attempt.json").read_text())) == ["time"]
    for name in ("_self.json",):
        assert json.loads((ours / "_meta" / name).read_text())["task_id"] == "2"


CLIENT = """
import json, pickle
from metaflow import Flow, Metaflow, Run, Step, Task, namespace
from metaflow.exception import MetaflowNamespaceMismatch

wanted = pickle.load(open("objects.pickle", "rb"))
assert [flow.id for flow in Metaflow()] == ["Flow"]
run = Flow("Flow").latest_run  # in the default namespace, that of the user
assert run.pathspec == "Flow/77" and run.user_tags == {"put-by-hand"} and "user:tester" in run.system_tags
assert [step.id for step in run.steps()] in (["start", "end"], ["end", "start"])
assert run.successful and run.finished and run.finished_at is not None
assert run.data.number == wanted["number"]

task = Task("Flow/77/start/1")
assert task.successful and task.finished and task.exception is None
assert task.current_attempt == 1 and task.runtime_name == "coffer"
for name, value in wanted.items():
    assert getattr(task.data, name) == value
    assert getattr(task.artifacts, name).data == value
    assert task[name].size == len(pickle.dumps(value, protocol=4))
assert {artifact.id for artifact in task} == set(wanted)  # the client leaves out what begins with "_"
assert set(task.metadata_dict) >= {"attempt", "ds-type", "ds-root", "attempt-done", "attempt_ok"}
assert Task("Flow/77/start/1", attempt=0).successful is False
assert Task("Flow/77/start/1", attempt=0).finished is False
assert not Task("Flow/77/start/2").successful and not Task("Flow/77/start/2").finished
assert Step("Flow/77/start").task.id in ("1", "2")
assert task.stdout == "" and task.stderr == ""

namespace("user:somebody")
try:
    Run("Flow/77")
    raise AssertionError("the run is in everybody's namespace")
except MetaflowNamespaceMismatch:
    pass
namespace(None)
assert [run.id for run in Flow("Flow")] == ["77"]
print(json.dumps(True))
"""


def test_client_finds_a_run_that_we_wrote(tool, sysroot, objects, monkeypatch):
    monkeypatch.setenv("METAFLOW_USER", "tester")
    write(tool, sysroot, "1", 0, "failed", objects[:5], run="77")
    write(tool, sysroot, "1", 1, "ok", objects, run="77")
    write(tool, sysroot, "2", 0, "unsaid", objects[:10], run="77")
    write(tool, sysroot, "3", 0, "ok", objects, run="77", step="end")
    assert sysroot.python(CLIENT) is True


def test_stock_continues_a_run_that_we_wrote(tool, sysroot, objects, monkeypatch):
    """Metaflow's own task datastore writes the next attempt, and we read it."""
    monkeypatch.setenv("METAFLOW_USER", "tester")
    write(tool, sysroot, "1", 0, "ok", objects)
    sysroot.python(STOCK_WRITER, str(sysroot.store), "1", "[1]")
    _, found = read_artifacts(tool, sysroot, "1")
    assert found == {**OBJECTS, "attempt": 1}


def test_attempt_that_is_done_is_not_written_again(tool, sysroot, objects):
    sysroot.python(STOCK_WRITER, str(sysroot.store), "1", "[0]")
    before = (sysroot.store / "Flow/1/start/1/0.data.json").read_bytes()
    done = tool("write", sysroot.store, "Flow", "1", "start", "1", 0, "ok", *objects)
    assert done.returncode == 1
    assert "attempt 0 of task 'Flow/1/start/1' is done already" in done.stderr
    assert (sysroot.store / "Flow/1/start/1/0.data.json").read_bytes() == before
