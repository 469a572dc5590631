# SPDX-License-Identifier: Apache-2.0
"""A process that saves is killed at each of its writes, renames and flushes in turn; readers must then find a complete
attempt or one that is not done."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

import pytest

MOST_CALLS = 2000

# Reads every store given on standard input with Metaflow's own classes, in one process.
STOCK_READER = """
import hashlib, json, sys
from metaflow.datastore import FlowDataStore
from metaflow.datastore.exceptions import DataException
from metaflow.plugins.datastores.local_storage import LocalStorage

def look(root):
    flow = FlowDataStore("CrashFlow", environment=None, storage_impl=LocalStorage, ds_root=root)
    try:
        task = flow.get_task_datastore("1", "start", "1")
    except DataException as error:
        assert "No completed attempts" in str(error), error
        return "not-done"
    found = dict(task.load_artifacts(["small", "large"]))
    sums = {name: hashlib.sha1(value).hexdigest() for name, value in found.items()}
    return "complete %d %s" % (task.attempt, json.dumps(sums, sort_keys=True))

for root in json.load(sys.stdin):
    print(look(root))
"""


@pytest.fixture(scope="module")
def program(build_dir):
    return str(build_dir / "tests/crash/crash-save")


@pytest.fixture(scope="module")
def shim(build_dir):
    return str(build_dir / "tests/crash/libcrash-shim.so")


@pytest.fixture
def stores(tmp_path):
    """A directory for hundreds of stores: in memory where there is such, since a flush changes nothing after a mere kill."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="coffer-crash-") as directory:
        yield pathlib.Path(directory)


def run(program, *args, **env):
    return subprocess.run([program, *args], env={**os.environ, **env}, capture_output=True, text=True, timeout=60)


def save_killed_at(program, shim, root, attempt, number, **env):
    """Save with a kill at call `number`; True when the process got through without that many calls."""
    done = run(program, "save", root, str(attempt), LD_PRELOAD=shim, SHIM_KILL_AT=str(number), **env)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode == 0


def kill_everywhere(program, shim, template, directory, attempt, **env):
    """One store for each call that a save makes, left as the kill left it."""
    roots = []
    for number in range(1, MOST_CALLS):
        root = directory / str(number) / ".metaflow"
        if template:
            shutil.copytree(template, root)
        if save_killed_at(program, shim, str(root), attempt, number, **env):
            return roots
        roots.append(root)
    pytest.fail(f"a save makes more than {MOST_CALLS} calls")


def read_stock(roots):
    done = subprocess.run(
        [sys.executable, "-c", STOCK_READER],
        input=json.dumps([str(root) for root in roots]),
        env={**os.environ, "METAFLOW_USER": "tester", "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def read_ours(program, root):
    done = run(program, "read", str(root))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def whole(program, tmp_path_factory):
    """A store with attempt 0 complete, and what stock Metaflow says of its artifacts."""
    root = tmp_path_factory.mktemp("whole") / ".metaflow"
    assert run(program, "save", str(root), "0").returncode == 0
    assert read_ours(program, root) == "complete 0"
    (seen,) = read_stock([root])
    state, attempt, sums = seen.split(" ", 2)
    assert (state, attempt) == ("complete", "0")
    return root, sums


def check_stores(program, roots, sums, attempt):
    """Each of `roots` is readable as complete or not done, by us and by Metaflow alike, and can be completed."""
    ours = [read_ours(program, root) for root in roots]
    stock = read_stock(roots)
    started = [(root / "CrashFlow/1/start/1" / f"{attempt}.attempt.json").exists() for root in roots]
    for index, (mine, theirs) in enumerate(zip(ours, stock)):
        # Before this attempt was started, a reader sees the one before it.
        seen = attempt if started[index] else attempt - 1
        if mine == f"complete {seen}":
            assert theirs == f"complete {seen} {sums}", f"call {index + 1}"
        else:
            assert mine == ("not-done" if started[index] else "not-found"), f"call {index + 1}"
            assert theirs == "not-done", f"call {index + 1}"
    assert "not-done" in ours and f"complete {attempt}" in ours
    for root in roots:
        if read_ours(program, root) != f"complete {attempt}":
            again = run(program, "save", str(root), str(attempt))
            assert again.returncode == 0, again.stderr
        assert read_ours(program, root) == f"complete {attempt}"
        assert run(program, "mend", str(root)).stdout == "sound\n"
        assert list(root.glob(f"CrashFlow/1/start/1/_meta/{attempt}_artifact_*.json")), root


@pytest.mark.parametrize(
    "env",
    [{"COFFER_SYNC": "1"}, {"COFFER_SYNC": "1", "SHIM_TORN": "1"}, {"COFFER_SYNC": "0", "SHIM_TORN": "1"}],
    ids=["durable", "half-written", "not durable"],
)
def test_new_store_survives_a_kill_at_every_call(program, shim, whole, stores, env):
    roots = kill_everywhere(program, shim, None, stores, 0, **env)
    assert len(roots) > 30
    check_stores(program, roots, whole[1], 0)


def test_second_attempt_survives_a_kill_at_every_call(program, shim, whole, stores):
    roots = kill_everywhere(program, shim, whole[0], stores, 1)
    check_stores(program, roots, whole[1], 1)


def test_damaged_blob_is_replaced_whatever_call_is_killed(program, shim, whole, stores, tmp_path):
    """An attempt that was never completed has left a truncated blob: saving the same bytes again must not trust it."""
    template = tmp_path / "template"
    shutil.copytree(whole[0], template)
    (template / "CrashFlow/1/start/1/0.DONE.lock").unlink()
    blobs = [path for path in (template / "CrashFlow/data").glob("*/*") if not path.name.endswith("_meta")]
    largest = max(blobs, key=lambda path: path.stat().st_size)
    os.truncate(largest, largest.stat().st_size // 2)
    for path in blobs:
        pathlib.Path(f"{path}_meta").unlink()
    roots = kill_everywhere(program, shim, template, stores, 0)
    check_stores(program, roots, whole[1], 0)


PUT_INPUTS = {"small": b"small", "large": bytes(range(256)) * 1200}


def put(coffer_bin, root, inputs, **env):
    files = [f"{name}={inputs / name}" for name in PUT_INPUTS]
    return run(coffer_bin, "--store", str(root), "put", "-q", "CrashFlow/1/start/1", *files, METAFLOW_USER="tester", **env)


def read_command(coffer_bin, root):
    """What `coffer get` says of the artifacts: all of them, or none."""
    got = [
        subprocess.run([coffer_bin, "--store", str(root), "get", "--raw", f"CrashFlow/1/start/1/{name}", "-o", "-"],
                       capture_output=True, timeout=60)
        for name in PUT_INPUTS
    ]
    if all(done.returncode == 0 for done in got):
        assert all(content in done.stdout for done, content in zip(got, PUT_INPUTS.values()))
        return "complete"
    assert all(done.returncode != 0 and not done.stdout for done in got)
    return "not-done"


def test_put_survives_a_kill_at_every_call(coffer_bin, shim, stores, tmp_path):
    """The same through the command."""
    for name, content in PUT_INPUTS.items():
        (tmp_path / name).write_bytes(content)
    whole_root = tmp_path / "whole" / ".metaflow"
    assert put(coffer_bin, whole_root, tmp_path).returncode == 0
    (expected,) = read_stock([whole_root])
    roots = []
    for number in range(1, MOST_CALLS):
        root = stores / f"put-{number}" / ".metaflow"
        done = put(coffer_bin, root, tmp_path, LD_PRELOAD=shim, SHIM_KILL_AT=str(number))
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        if done.returncode == 0:
            break
        roots.append(root)
    assert len(roots) > 30
    states = [read_command(coffer_bin, root) for root in roots]
    assert set(states) == {"complete", "not-done"}
    for state, theirs in zip(states, read_stock(roots)):
        assert theirs == (expected if state == "complete" else "not-done")
    for state, root in zip(states, roots):
        if state == "not-done":
            again = put(coffer_bin, root, tmp_path)
            assert again.returncode == 0, again.stderr
            assert read_command(coffer_bin, root) == "complete"
        assert run(coffer_bin, "--store", str(root), "verify", "--repair", "-q").returncode == 0


class Disk:
    """What a power loss may take away: data and directory entries that changed since they were last flushed."""

    def __init__(self, root):
        self.root = str(root)
        self.unflushed_data = set()  # inodes
        self.unflushed_entries = set()  # paths
        self.directories = {}  # inode -> path
        for path in [root.parent, root, *root.rglob("*")] if root.exists() else [root.parent]:
            self.directories[path.stat().st_ino] = str(path)
            if path != root.parent:
                self.unflushed_entries.add(str(path))
                self.unflushed_data.add(path.stat().st_ino)

    def apply(self, verb, *args):
        getattr(self, "apply_" + verb)(*args)

    def apply_create(self, path, inode):
        self.unflushed_entries.add(path)
        self.unflushed_data.add(int(inode))

    def apply_write(self, inode):
        self.unflushed_data.add(int(inode))

    def apply_mkdir(self, path):
        self.unflushed_entries.add(path)

    def apply_rename(self, old, new):
        self.unflushed_entries.add(new)

    def apply_link(self, old, new):
        self.unflushed_entries.add(new)

    def apply_unlink(self, path):
        pass

    def apply_syncfs(self):
        self.unflushed_data.clear()
        self.unflushed_entries.clear()

    def apply_sync(self, inode):
        self.unflushed_data.discard(int(inode))
        directory = self.path_of(int(inode))
        if directory:
            self.unflushed_entries = {path for path in self.unflushed_entries if os.path.dirname(path) != directory}

    def path_of(self, inode):
        if inode not in self.directories:
            for path in pathlib.Path(self.root).parent.rglob("*"):
                if path.is_dir():
                    self.directories[path.stat().st_ino] = str(path)
        return self.directories.get(inode)

    def lost(self, path):
        """Parts of `path`, from the root's directory down, that a power loss may take away."""
        parts = [path, *path.parents][: len(path.relative_to(pathlib.Path(self.root).parent).parts)]
        missing = [str(part) for part in parts if str(part) in self.unflushed_entries]
        if path.stat().st_ino in self.unflushed_data:
            missing.append(f"data of {path}")
        return missing


def needed_files(root, attempt):
    """What a complete attempt consists of, but for its DONE.lock."""
    task = root / "CrashFlow/1/start/1"
    data = json.loads((task / f"{attempt}.data.json").read_text())
    blobs = [root / "CrashFlow/data" / key[:2] / key for key in data["objects"].values()]
    assert blobs
    sidecars = [pathlib.Path(f"{path}_meta") for path in blobs]
    return [task / f"{attempt}.attempt.json", task / f"{attempt}.data.json", *blobs, *sidecars]


def replay(program, shim, root, attempt, log):
    """Save, and yield the disk's state at the moment when DONE.lock appears and at the end."""
    disk = Disk(root)
    done = run(program, "save", str(root), str(attempt), LD_PRELOAD=shim, SHIM_LOG=str(log), COFFER_SYNC="1")
    assert done.returncode == 0, done.stderr
    lines = [line.split("\t") for line in log.read_text().splitlines()]
    for verb, *args in lines:
        if verb in ("rename", "link") and args[-1].endswith(f"{attempt}.DONE.lock"):
            yield disk
        disk.apply(verb, *args)
    yield disk


@pytest.mark.parametrize("earlier", ["nothing", "not flushed"])
def test_all_is_on_the_disk_before_done_lock_appears(program, shim, tmp_path, earlier):
    root = tmp_path / "store" / ".metaflow"
    attempt = 0
    if earlier != "nothing":
        # The blobs are there already, but whoever stored them did not flush them.
        root.parent.mkdir()
        assert run(program, "save", str(root), "0", COFFER_SYNC="0").returncode == 0
        attempt = 1
    else:
        root.parent.mkdir()
    states = replay(program, shim, root, attempt, tmp_path / "log")
    before = next(states)
    assert [lost for path in needed_files(root, attempt) for lost in before.lost(path)] == []
    lock = root / f"CrashFlow/1/start/1/{attempt}.DONE.lock"
    assert str(lock) not in before.unflushed_entries
    after = next(states)
    assert after.lost(lock) == []


def test_model_of_the_disk_notices_what_is_not_flushed(program, shim, tmp_path):
    root = tmp_path / "store" / ".metaflow"
    root.parent.mkdir()
    log = tmp_path / "log"
    disk = Disk(root)
    done = run(program, "save", str(root), "0", LD_PRELOAD=shim, SHIM_LOG=str(log), COFFER_SYNC="0")
    assert done.returncode == 0, done.stderr
    for line in log.read_text().splitlines():
        disk.apply(*line.split("\t"))
    for path in needed_files(root, 0):
        assert any(lost.startswith("data of") for lost in disk.lost(path))
        assert str(root) in disk.lost(path)
