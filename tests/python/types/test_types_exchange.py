# SPDX-License-Identifier: Apache-2.0
"""What the command writes, Python reads, and the other way; both give it the same key."""

import importlib.util
import json
import os
import pathlib
import resource
import subprocess

import pytest

coffer = pytest.importorskip("coffer")

from coffer.types import type_named

CASES = json.loads((pathlib.Path(__file__).resolve().parents[2] / "conformance" / "types.json").read_text())


@pytest.fixture(scope="module")
def vectors(build_dir):
    """Those of Table where both sides have it: it is an extension here, and needs a package there."""
    has_table = (build_dir / "extensions/table/coffer_table.so").exists() and importlib.util.find_spec("pyarrow")
    return {f"v{number}": case for number, case in enumerate(CASES["vectors"]) if has_table or case["type"] != "Table"}


@pytest.fixture(scope="module")
def run(coffer_bin, build_dir):
    def run(root, *words):
        env = dict(os.environ, COFFER_EXTENSION_PATH=str(build_dir / "extensions/table"))
        done = subprocess.run([coffer_bin, *words], cwd=root, env=env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def written(run, vectors, tmp_path_factory):
    """Every vector in a task by the command, and in one by Python."""
    root = tmp_path_factory.mktemp("exchange")
    texts = {name: case["wire"].replace("@", "@@", 1) if case["wire"].startswith("@") else case["wire"] for name, case in vectors.items()}
    run(root, "put", "-q", "Flow/1/command/1", *(f"{name}:{case['type']}={texts[name]}" for name, case in vectors.items()))
    store = coffer.open(root / ".metaflow")
    with store.task("Flow/1/python/1", mode="w") as task:
        task.update({name: type_named(case["type"]).deserialize(case["wire"], "wire") for name, case in vectors.items()})
    return root, store


def test_the_same_bytes_under_the_same_key(written, vectors):
    _, store = written
    with store.task("Flow/1/command/1") as command, store.task("Flow/1/python/1") as python:
        for name, case in vectors.items():
            ours, theirs = python.info(name), command.info(name)
            assert (ours.key, ours.encoding, ours.size, ours.type) == (theirs.key, theirs.encoding, theirs.size, theirs.type), case
            assert bytes(command.load_bytes(name)).hex() == case["storage"], case
            assert command[name] == python[name] == type_named(case["type"]).deserialize([bytes.fromhex(case["storage"])]), case


def test_the_command_reads_what_python_wrote(written, vectors, run):
    root, _ = written
    seen = set()
    for name, case in vectors.items():
        if case["type"] not in seen:
            assert run(root, "get", "--wire", f"Flow/1/python/1/{name}") == case["wire"], case
            assert json.loads(run(root, "spec", f"Flow/1/python/1/{name}")) == case["spec"], case
            seen.add(case["type"])


def test_claims_of_size_allocate_nothing():
    def read_all():
        for case in CASES["refused"]:
            if case["type"].startswith("Tensor"):
                with pytest.raises(coffer.Error):
                    wire = case.get("wire")
                    cls = type_named(case["type"])
                    cls.deserialize(wire, "wire") if wire else cls.deserialize(bytes.fromhex(case["storage"]))

    read_all()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read_all()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 << 10  # KiB; the claims are of GiB and more
