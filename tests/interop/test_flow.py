# SPDX-License-Identifier: Apache-2.0
"""A real flow of the real Metaflow (foreach, retry, join, resume), looked at by the command, and the other way round."""
import hashlib
import io
import json
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from running import FLOWS, run_flow, run_python
from tagged import tagged

sys.path.insert(0, str(FLOWS))
import zoo  # noqa: E402

OBJECTS = zoo.all_objects()

# What tagged.py works out on its own; the others are compared by what the tests below say of them.
DESCRIBED = [
    name
    for name in OBJECTS
    if name
    in (
        "none true small negative big real infinite imaginary text blob array_of_bytes pair empty_tuple nested a_set "
        "a_frozenset moment moment_utc day clock span money ratio identifier a_path a_slice a_range np_float np_int "
        "np_bool np_uint8 np_half np_complex np_big_endian np_fortran np_zero_dims np_empty np_dates np_spans np_bytes "
        "np_text np_structured np_objects"
    ).split()
]


def coffer(binary, store, *args, expect=0, binary_output=False):
    env = {key: value for key, value in os.environ.items() if not key.startswith(("METAFLOW_", "COFFER_"))}
    done = subprocess.run([binary, "--store", str(store), *args], env=env, capture_output=True, timeout=120)
    assert done.returncode == expect, (args, done.stdout[-500:], done.stderr.decode())
    return done.stdout if binary_output else done.stdout.decode()


def runs_of(sysroot):
    """The failed run and its resumption."""
    return sorted(path.name for path in (sysroot / ".metaflow/ZooFlow").iterdir() if path.name.isdigit())


def task_path(sysroot, run, step):
    tasks = sorted(path.name for path in (sysroot / ".metaflow/ZooFlow" / run / step).iterdir() if path.name.isdigit())
    return [f"ZooFlow/{run}/{step}/{task}" for task in tasks]


@pytest.fixture(scope="module")
def start(zoo_store):
    return task_path(zoo_store, runs_of(zoo_store)[0], "start")[0]


def data_json(sysroot, path, attempt=0):
    return json.loads((sysroot / ".metaflow" / path / f"{attempt}.data.json").read_text())


def test_every_animal_is_in_the_store(zoo_store, start):
    assert set(OBJECTS) <= set(data_json(zoo_store, start)["objects"])


@pytest.mark.parametrize("name", OBJECTS)
def test_show_agrees_with_metaflow_on_the_metadata(coffer_bin, zoo_store, start, name):
    shown = json.loads(coffer(coffer_bin, zoo_store, "show", "--json", f"{start}/{name}"))
    stored = data_json(zoo_store, start)
    assert shown["key"] == stored["objects"][name]
    assert shown["type"] == stored["info"][name]["type"] == str(type(OBJECTS[name]))
    assert (shown.get("size_bytes") or shown.get("size")) == stored["info"][name]["size"]
    assert shown["encoding"] == "pickle-v4"
    assert "value" in shown


@pytest.mark.parametrize("name", DESCRIBED)
def test_show_tells_the_value(coffer_bin, zoo_store, start, name):
    shown = json.loads(coffer(coffer_bin, zoo_store, "show", "--json", f"{start}/{name}"))
    assert shown["value"] == tagged(OBJECTS[name])


@pytest.mark.parametrize(
    "name, words",
    [
        ("an_object", ["Plain", "alpha", "beta"]),
        ("config", ["Config", "rate", "layers", "net"]),
        ("point", ["Point", "3", "4.5"]),
        ("color", ["Color"]),
        ("counter", ["Counter", '"a"']),
        ("queue", ["deque", "maxlen"]),
        ("default", ["defaultdict", "list"]),
        ("ordered", ["OrderedDict", '"z"']),
        ("a_class", ["OrderedDict"]),
        ("a_function", ["len"]),
        ("an_error", ["ValueError", "bad"]),
        ("np_scalar", ["float32", "1.25"]),
        ("np_dtype", ["dtype", "float32"]),
        ("np_large", ["200000", "float64", "$more"]),
        ("pd_frame", ["DataFrame", '"n"', '"x"', '"s"', '"t"', '"c"']),
        ("pd_series", ["Series", "weights", '"p"']),
        ("pd_index", ["Index", "30"]),
        ("pd_range", ["RangeIndex"]),
        ("pd_times", ["DatetimeIndex"]),
        ("pd_timestamp", ["Timestamp", "2024-05-06"]),
        ("sk_model", ["LogisticRegression", "coef_"]),
        ("shared", ["$ref"]),
        ("cyclic", ["$ref"]),
        ("surrogate", ["a\\ud800b"]),
    ],
)
def test_show_names_what_there_is(coffer_bin, zoo_store, start, name, words):
    shown = coffer(coffer_bin, zoo_store, "show", "--json", f"{start}/{name}")
    for word in words:
        assert word in shown


@pytest.mark.parametrize("name", OBJECTS)
def test_show_prints_every_animal_for_people(coffer_bin, zoo_store, start, name):
    assert coffer(coffer_bin, zoo_store, "show", f"{start}/{name}").startswith(f"{start}/{name}\n")


@pytest.mark.parametrize("name", OBJECTS)
def test_get_gives_the_pickle_that_metaflow_stored(coffer_bin, zoo_store, start, name):
    got = coffer(coffer_bin, zoo_store, "get", f"{start}/{name}", "--as", "pickle", "-o", "-", binary_output=True)
    assert hashlib.sha1(got).hexdigest() == data_json(zoo_store, start)["objects"][name]
    assert type(pickle.loads(got)) is type(OBJECTS[name])


@pytest.mark.parametrize("name", [name for name, each in OBJECTS.items() if isinstance(each, np.ndarray) and each.dtype != object])
def test_get_gives_arrays_as_npy(coffer_bin, zoo_store, start, name):
    got = coffer(coffer_bin, zoo_store, "get", f"{start}/{name}", "--as", "npy", "-o", "-", binary_output=True)
    loaded = np.load(io.BytesIO(got), allow_pickle=False)
    expected = OBJECTS[name]
    assert loaded.dtype == expected.dtype and loaded.shape == expected.shape
    assert loaded.tobytes() == expected.tobytes()


@pytest.mark.parametrize("name", ["none", "small", "big", "real", "numbers", "long_text", "text"])
def test_get_gives_json_that_python_reads_equal(coffer_bin, zoo_store, start, name):
    got = coffer(coffer_bin, zoo_store, "get", f"{start}/{name}", "--as", "json", "-o", "-")
    assert json.loads(got) == OBJECTS[name]


def test_verify_finds_a_real_store_sound(coffer_bin, zoo_store):
    summary = json.loads(coffer(coffer_bin, zoo_store, "verify", "--json"))
    assert summary["findings"] == []


def test_retry_shows_both_attempts(coffer_bin, zoo_store):
    run = runs_of(zoo_store)[0]
    retried = [path for path in task_path(zoo_store, run, "body") if (zoo_store / ".metaflow" / path / "1.data.json").exists()]
    assert len(retried) == 1
    shown = json.loads(coffer(coffer_bin, zoo_store, "show", "--json", f"{retried[0]}/tried"))
    assert shown["value"] == 1 and shown["attempt"] == 1
    first = json.loads(coffer(coffer_bin, zoo_store, "show", "--json", "--attempt", "0", f"{retried[0]}/_task_ok"))
    assert first["value"] is False


def test_join_saw_every_branch(coffer_bin, zoo_store):
    join = task_path(zoo_store, runs_of(zoo_store)[0], "join")[0]
    shown = json.loads(coffer(coffer_bin, zoo_store, "show", "--json", f"{join}/caught"))
    pairs = {tuple(each["$tuple"]) for each in shown["value"]}
    assert pairs == {("ant", 0), ("bee", 1), ("cat", 0)}


def test_resumed_run_refers_to_the_same_blobs(coffer_bin, zoo_store):
    failed, resumed = runs_of(zoo_store)
    keys = [
        {each["name"]: each["key"] for each in json.loads(coffer(coffer_bin, zoo_store, "ls", "--json", task_path(zoo_store, run, "start")[0]))}
        for run in (failed, resumed)
    ]
    assert keys[0] == keys[1]
    end = task_path(zoo_store, resumed, "end")[0]
    assert json.loads(coffer(coffer_bin, zoo_store, "show", "--json", f"{end}/finished"))["value"] is True


# ---- the other way: what the command writes, Metaflow reads ----


@pytest.fixture(scope="module")
def written(coffer_bin, tmp_path_factory):
    sysroot = tmp_path_factory.mktemp("written")
    document = '{"rate": 0.1, "big": %d, "names": ["a", "\u00fc"], "none": null}' % 2**80
    (sysroot / "document.json").write_text(document)
    np.save(sysroot / "table.npy", np.arange(12.0).reshape(3, 4))
    (sysroot / "note.txt").write_text("hello\nw\u00f6rld\n")
    (sysroot / "raw.bin").write_bytes(bytes(range(256)))
    (sysroot / "pickled.pkl").write_bytes(pickle.dumps({"k": (1, 2), "s": {3}}, protocol=4))
    (sysroot / "graph.json").write_text("{}")
    inputs = "document=document.json table=table.npy note=note.txt raw=raw.bin pickled=pickled.pkl _graph_info=graph.json"
    coffer(
        coffer_bin,
        sysroot,
        "put",
        "InheritFlow/77/start/1",
        *(f"{name}={sysroot / file}" for name, file in (each.split("=") for each in inputs.split())),
    )
    return sysroot


def test_the_client_finds_the_run_and_reads_every_kind(written):
    code = """
import json
from metaflow import Flow, Task, namespace
namespace(None)
task = Task("InheritFlow/77/start/1")
data = task.data
assert data.document == {"rate": 0.1, "big": 2**80, "names": ["a", "\\u00fc"], "none": None}
assert data.table.shape == (3, 4) and data.table[2, 3] == 11.0 and data.table.dtype == "float64"
assert data.note == "hello\\nw\\u00f6rld\\n"
assert data.raw == bytes(range(256))
assert data.pickled == {"k": (1, 2), "s": {3}}
assert [run.id for run in Flow("InheritFlow")] == ["77"]
print(json.dumps(sorted(each.id for each in task)))
"""
    names = json.loads(run_python(written, code))
    assert {"document", "table", "note", "raw", "pickled"} <= set(names)


def test_a_step_of_the_real_metaflow_inherits_what_the_command_wrote(coffer_bin, written):
    run_flow(written, "inherit_flow.py", "step", "end", "--run-id", "77", "--task-id", "2", "--input-paths", "77/start/1")
    shown = json.loads(coffer(coffer_bin, written, "show", "--json", "InheritFlow/77/end/2/total"))
    assert shown["value"] == 66.0
    ours = json.loads(coffer(coffer_bin, written, "ls", "--json", "InheritFlow/77/start/1"))
    theirs = json.loads(coffer(coffer_bin, written, "ls", "--json", "InheritFlow/77/end/2"))
    key = {each["name"]: each["key"] for each in theirs}
    # The step touched them all, so that Metaflow pickled them again: equal keys mean equal bytes. An array names NumPy's own module
    # by version, and we write the name that NumPy 1 knows too.
    inherited = {each["name"]: each["key"] for each in ours if each["name"] in ("document", "note", "raw", "pickled")}
    assert len(inherited) == 4
    assert inherited.items() <= key.items()
