# SPDX-License-Identifier: Apache-2.0
"""Flows of the real Metaflow, run with the drop-in and without, and what each makes of the other's data."""

import collections
import json
import re

import pytest

# What differs between two runs of stock Metaflow too: where the note was put.
DIFFERS = {"note"}

READ_ALL = """
import hashlib, json, pickle, sys
from metaflow import Flow, namespace
namespace(None)
keys = {}
for run in Flow(sys.argv[1]):
    for step in run:
        for task in step:
            for artifact in task:
                if artifact.id not in ("note",):
                    digest = hashlib.sha1(pickle.dumps(artifact.data, 4)).hexdigest()
                    keys["/".join(artifact.pathspec.split("/")[2:])] = digest
print(json.dumps(keys))
"""


def data_of(metaflow, flow, run=None):
    """The data.json of each attempt of a run, by step, place in the foreach, and file. Numbers of tasks depend on which is quicker."""
    runs = [path for path in (metaflow.store / flow).iterdir() if path.name.isdigit()]
    (run,) = [path for path in runs if run in (None, path.name)]
    found = {}
    for path in run.rglob("*.data.json"):
        data = json.loads(path.read_text())
        found[path.parent.parent.name, data["objects"].get("_foreach_stack"), path.name] = data
    assert len(found) == len(list(run.rglob("*.data.json")))
    return found


def runs_of(metaflow, flow):
    return sorted(path.name for path in (metaflow.store / flow).iterdir() if path.name.isdigit())


def last_line(said):
    return json.loads(said.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def failed(make_metaflow):
    """The flow with all features, run until its last step fails: with the drop-in, and without."""
    places = {True: make_metaflow("on"), False: make_metaflow("off")}
    for on, place in places.items():
        place.flow("features", "run", "--max-workers", "4", on=on, expect=1, FAIL_AT_END="1")
    return places


@pytest.fixture(scope="module")
def resumed(failed):
    """And resumed by the other one."""
    for on, place in failed.items():
        place.flow("features", "resume", on=not on)
    return failed


def without_differences(objects):
    return {name: value for name, value in objects.items() if name not in DIFFERS}


def test_the_same_keys_with_and_without(failed):
    ours, stock = (data_of(failed[on], "Features", runs_of(failed[on], "Features")[0]) for on in (True, False))
    assert ours.keys() == stock.keys() and len(ours) > 20
    for file, data in ours.items():
        assert list(data["objects"]) == list(stock[file]["objects"])
        assert without_differences(data["objects"]) == without_differences(stock[file]["objects"]), file
        assert without_differences(data["info"]) == without_differences(stock[file]["info"]), file
        assert {**data, "objects": 0, "info": 0} == {**stock[file], "objects": 0, "info": 0}


def test_the_same_files_with_and_without(failed):
    def names(place):
        run = runs_of(place, "Features")[0]
        found = (path.relative_to(place.store).as_posix() for path in place.store.rglob("*") if path.is_file())
        changing = re.compile(rf"{run}|(?<=/)\d+(?=/)|_\d{{13}}(?=\.json)|[0-9a-f]{{32}}")  # run, tasks, milliseconds, cards
        return collections.Counter(changing.sub("*", name) for name in found if "/data/" not in name)

    assert names(failed[True]) == names(failed[False])


def test_retries_and_catches_went_the_same_way(failed):
    for place in failed.values():
        files = data_of(place, "Features", runs_of(place, "Features")[0])
        assert sum(step == "inner" and file == "1.data.json" for step, _, file in files) == 1
        assert any("trouble" in data["objects"] for (step, _, _), data in files.items() if step == "left")


def test_a_resumed_run_has_the_keys_of_its_origin(resumed):
    for place in resumed.values():
        first, second = runs_of(place, "Features")
        origin, clone = data_of(place, "Features", first), data_of(place, "Features", second)
        starts = [next(data for (step, _, _), data in each.items() if step == "start") for each in (origin, clone)]
        assert starts[0]["objects"] == starts[1]["objects"]
        assert any("total" in data["objects"] for (step, _, _), data in clone.items() if step == "end")


def test_each_reads_all_of_what_the_other_wrote(resumed):
    for place in resumed.values():
        ours, stock = (last_line(place.python(READ_ALL, "Features", on=on)) for on in (True, False))
        assert ours == stock and len(ours) > 300


def test_dump_says_the_same(resumed):
    for place in resumed.values():
        run = runs_of(place, "Features")[0]
        ours, stock = (place.flow("features", "dump", f"{run}/start/1", "--private", "--max-value-size", "1000", on=on) for on in (True, False))
        assert ours == stock and "nested" in ours


def test_the_card_is_there(failed):
    for place in failed.values():
        run = runs_of(place, "Features")[0]
        for on in (True, False):
            assert "<html" in place.flow("features", "card", "get", f"{run}/start/1", on=on).lower()


@pytest.mark.parametrize("on", [True, False])
def test_spin_takes_up_a_task_of_the_other(failed, on):
    """A step alone, on the data of a run that the other one made."""
    place = failed[not on]
    run = runs_of(place, "Features")[0]
    (task,) = (path.name for path in (place.store / "Features" / run / "right").iterdir() if path.name.isdigit())
    said = place.flow("features", "spin", f"{run}/right/{task}", "--persist", on=on)
    assert "success" in said.lower()
    (spun,) = (place.sysroot / ".metaflow_spin" / "Features").glob("*/right/*/0.data.json")
    objects = json.loads(spun.read_text())["objects"]
    origin = json.loads((place.store / "Features" / run / "right" / task / "0.data.json").read_text())["objects"]
    assert objects["side"] == origin["side"] and objects["table"] == origin["table"]


def test_fifty_tasks_eight_at_a_time(metaflow):
    metaflow.flow("wide", "run", "--max-workers", "8")
    works = [data for (step, _, _), data in data_of(metaflow, "Wide").items() if step == "work"]
    assert len(works) == 50 and len({data["objects"]["same"] for data in works}) == 1
    assert not [path for path in metaflow.store.rglob("*") if path.name.startswith("tmp")]


def test_an_artifact_that_can_t_be_stored_is_named_in_the_log(metaflow):
    said = metaflow.flow("unpicklable", "run", expect=1)
    assert "artifact \"model\": model['layers'][1]._lock is a _thread.lock, which pickle can't store" in said
    assert not list(metaflow.store.rglob("start/*/0.DONE.lock"))
