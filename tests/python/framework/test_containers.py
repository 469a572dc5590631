# SPDX-License-Identifier: Apache-2.0
"""The class-level state: containers that are the truth, and records."""

import copy
import dataclasses
import json

import pytest

# ---- _records ----


def test_records_are_a_dict(framework):
    framework.module("fake_toy")
    (record,) = framework.bootstrap(("toy", "fake_toy.Toy"))
    records = framework.Store._records
    assert isinstance(records, dict) and len(records) == 1 and bool(records)
    assert records["toy"] is record is records.get("toy") and "toy" in records
    assert records == {"toy": record} and {"toy": record} == records and records != {}
    assert dict(records) == {"toy": record} == {**records} == records.copy() == copy.copy(records)
    assert list(records) == ["toy"] == list(records.keys()) == list(reversed(records))
    assert list(records.values()) == [record] and list(records.items()) == [("toy", record)]
    assert records.get("nothing") is None and records.get("nothing", 5) == 5
    assert 42 not in records and None not in records and "no\0thing" not in records
    assert repr(records) == repr({"toy": record})
    assert records | {"a": 1} == {"toy": record, "a": 1} and {"a": 1} | records == {"a": 1, "toy": record}
    with pytest.raises(KeyError):
        records["nothing"]
    with pytest.raises(KeyError):
        del records["nothing"]


def test_records_can_be_put_and_taken_out(framework):
    records = framework.Store._records
    one, two = (framework.Record(name=name, class_path="a.B") for name in ("one", "two"))
    records["one"] = one
    assert records.setdefault("one", two) is one and records.setdefault("two", two) is two
    assert list(records) == ["one", "two"]
    records["one"] = two
    assert list(records) == ["one", "two"] and records["one"] is two
    assert records.pop("one") is two and records.pop("one", None) is None
    assert records.popitem() == ("two", two)
    assert records == {} and not records
    records.update({"one": one}, two=two)
    assert list(records.values()) == [one, two]
    records.clear()
    assert len(records) == 0 and framework.diagnostic.list_serializer_status() == []


def test_a_record_that_is_put_in_is_what_dispatch_sees(framework):
    Toy = framework.define()
    record = framework.Record(name="toy", class_path="a.Toy", state=framework.State.ACTIVE, type="toy", source="a-package")
    framework.Store._records["toy"] = record
    assert framework.Store.get_source_for(Toy) == "a-package"
    framework.Store._active_serializers.add(Toy)
    framework.Store._ordered_cache = None
    assert framework.Store.get_ordered_serializers() == [Toy]
    del framework.Store._records["toy"]
    assert framework.Store.get_source_for(Toy) is None


def test_a_record_keeps_what_is_set_on_it(framework):
    record = framework.Record(name="toy", class_path="a.Toy")
    framework.Store._records["toy"] = record
    record.remark = "mine"
    assert framework.Store._records["toy"] is record and framework.Store._records["toy"].remark == "mine"


# ---- records ----


def test_a_record_by_hand_has_defaults(framework):
    record = framework.Record("toy", "a.Toy")
    assert (record.name, record.class_path, record.state) == ("toy", "a.Toy", framework.State.KNOWN)
    assert record.awaiting_modules == [] and record.last_error is None and record.priority is None and record.type is None
    assert record.import_trigger is None and record.dispatch_error_count == 0 and record.source is None
    assert not hasattr(record, "_previously_awaited")
    for missing in ({"name": "toy"}, {"class_path": "a.Toy"}, {}):
        with pytest.raises(TypeError):
            framework.Record(**missing)
    with pytest.raises(TypeError):
        framework.Record("toy", "a.Toy", color="red")


FIELDS = {
    "name": "other",
    "class_path": "b.Other",
    "awaiting_modules": ["heavy", "more"],
    "last_error": "a line",
    "priority": -3,
    "type": "other",
    "import_trigger": "hook",
    "dispatch_error_count": 7,
    "source": "a-package",
}


@pytest.mark.parametrize("name", FIELDS)
def test_fields_can_be_given_and_set(framework, name):
    given = framework.Record(**{"name": "toy", "class_path": "a.Toy", name: FIELDS[name]})
    later = framework.Record("toy", "a.Toy")
    setattr(later, name, FIELDS[name])
    assert getattr(given, name) == getattr(later, name) == FIELDS[name]
    assert given == later
    framework.Store._records["it"] = later
    assert getattr(framework.Store._records["it"], name) == FIELDS[name]
    if FIELDS[name] and name not in ("name", "class_path", "awaiting_modules", "dispatch_error_count"):
        setattr(later, name, None)
        assert getattr(later, name) is None and given != later


def test_state_can_be_set(framework):
    record = framework.Record("toy", "a.Toy", state=framework.State.BROKEN)
    assert record.state is framework.State.BROKEN and record.state.value == "broken"
    for state in framework.State:
        record.state = state
        assert record.state is state


def test_awaiting_modules_is_a_live_list(framework):
    record = framework.Record("toy", "a.Toy")
    record.awaiting_modules.append("one")
    record.awaiting_modules.extend(["two", "three"])
    record.awaiting_modules.remove("two")
    record.awaiting_modules[0] = "first"
    names = record.awaiting_modules
    names.insert(0, "zero")
    assert record.awaiting_modules == ["zero", "first", "three"] == names and isinstance(names, list)
    assert json.dumps(names) == '["zero", "first", "three"]' and len(names) == 3 and "zero" in names
    assert names + ["x"] == ["zero", "first", "three", "x"] and ["x"] + names == ["x", "zero", "first", "three"]
    assert record.awaiting_modules.pop() == "three" and sorted(names) == ["first", "zero"]
    assert names[-1] == "first" and names[:1] == ["zero"] and repr(names) == "['zero', 'first']"
    record.awaiting_modules.clear()
    assert record.awaiting_modules == [] and not names


def test_records_do_not_share_lists(framework):
    one, two = framework.Record("a", "a.A"), framework.Record("b", "b.B")
    one.awaiting_modules.append("heavy")
    assert two.awaiting_modules == []


def test_records_are_dataclasses(framework):
    record = framework.Record("toy", "a.Toy", priority=5)
    assert dataclasses.is_dataclass(record)
    assert record == framework.Record(name="toy", class_path="a.Toy", priority=5) and record != framework.Record("toy", "a.Toy")
    assert record != "toy"
    assert dataclasses.replace(record, priority=6) == framework.Record("toy", "a.Toy", priority=6)
    assert dataclasses.asdict(record)["priority"] == 5
    assert [field.name for field in dataclasses.fields(record)] == list(record.as_dict())
    assert repr(record) == (
        "SerializerRecord(name='toy', class_path='a.Toy', state=<SerializerState.KNOWN: 'known'>, awaiting_modules=[], last_error=None, "
        "priority=5, type=None, import_trigger=None, dispatch_error_count=0, source=None)"
    )
    assert copy.copy(record) == record and copy.deepcopy(record) == record
    with pytest.raises(TypeError):
        hash(record)


def test_as_dict_is_plain_and_in_order(framework):
    record = framework.Record("toy", "a.Toy", awaiting_modules=["heavy"], state=framework.State.PENDING_ON_IMPORTS)
    values = record.as_dict()
    assert list(values) == [
        "name",
        "class_path",
        "state",
        "awaiting_modules",
        "last_error",
        "priority",
        "type",
        "import_trigger",
        "dispatch_error_count",
        "source",
    ]
    assert values["state"] == "pending_on_imports" and type(values["state"]) is str
    values["awaiting_modules"].append("more")
    assert record.awaiting_modules == ["heavy"]
    json.dumps(values)


def test_the_status_lists_every_record(framework):
    framework.module("fake_toy")
    framework.bootstrap(("off", "a.B"), ("toy", "fake_toy.Toy"), ("gone", "fake_toy.Gone"), ("waits", "no_such_module.X"), disabled_names={"off"})
    states = [(each["name"], each["state"]) for each in framework.diagnostic.list_serializer_status()]
    assert states == [("off", "disabled"), ("toy", "active"), ("gone", "broken"), ("waits", "pending_on_imports")]


# ---- _active_serializers ----


def test_the_pool_is_an_ordered_set(framework):
    one, two, three = (framework.define(type=name) for name in ("one", "two", "three"))
    pool = framework.Store._active_serializers
    pool.add(two)
    pool.update([one, three])
    pool.add(two)
    assert list(pool) == [two, one, three] and len(pool) == 3 and one in pool
    pool.discard(one)
    pool.discard(one)
    assert list(pool) == [two, three] and one not in pool and "toy" not in pool
    pool.clear()
    assert list(pool) == [] and len(pool) == 0


def test_an_ordered_set_of_its_own(framework):
    ordered = framework.serializer._OrderedSet([3, 1])
    ordered.update([2, 1])
    ordered.add(3)
    ordered.discard(1)
    ordered.discard(9)
    assert list(ordered) == [3, 2] and len(ordered) == 2 and 3 in ordered and 1 not in ordered
    assert repr(ordered) == "_OrderedSet([3, 2])"
    ordered.clear()
    assert list(framework.serializer._OrderedSet()) == list(ordered) == []


def test_edits_of_the_pool_are_what_dispatch_sees(framework):
    one, two = framework.define(type="one"), framework.define(type="two")
    framework.Store._active_serializers.update([one, two])
    framework.Store._ordered_cache = None
    assert framework.order() == ["two", "one"]
    framework.Store._active_serializers.clear()
    framework.Store._active_serializers.add(one)
    framework.Store._ordered_cache = None
    assert framework.order() == ["one"]


def test_edits_of_the_pool_need_no_more_than_themselves(ours):
    one, two = ours.define(type="one"), ours.define(type="two")
    ours.Store._active_serializers.add(one)
    assert ours.order() == ["one"]
    ours.Store._active_serializers.add(two)
    assert ours.order() == ["two", "one"]
    ours.Store._active_serializers.discard(one)
    assert ours.order() == ["two"]


# ---- _all_serializers ----


def test_all_serializers_are_a_dict_of_classes(framework):
    one, two = framework.define(type="one"), framework.define(type="two")
    classes = framework.Store._all_serializers
    assert isinstance(classes, dict) and classes == {"one": one, "two": two} and classes["one"] is one
    saved = dict(classes)
    classes.clear()
    assert classes == {} and len(classes) == 0
    classes.update(saved)
    assert list(classes) == ["one", "two"]
    assert classes.pop("one") is one and "one" not in classes
    classes["other key"] = one
    assert classes["other key"] is one


# ---- _pending_by_module ----


def test_pending_is_a_dict_of_live_lists(framework):
    pending = framework.Store._pending_by_module
    pending.setdefault("heavy", []).append("one")
    pending.setdefault("heavy", []).append("two")
    assert pending == {"heavy": ["one", "two"]} and isinstance(pending, dict) and isinstance(pending["heavy"], list)
    pending["heavy"].remove("one")
    assert pending["heavy"] == ["two"] and pending.get("heavy") == ["two"] and pending.get("light", []) == []
    pending["light"] = ["three"]
    assert dict(pending) == {"heavy": ["two"], "light": ["three"]}
    assert pending.pop("heavy") == ["two"] and pending.pop("heavy", []) == []
    pending["empty"] = []
    assert pending["empty"] == [] and "empty" in pending
    pending.clear()
    assert pending == {}


# ---- attributes that are assigned ----


@pytest.mark.parametrize("name", ["_records", "_all_serializers", "_pending_by_module"])
def test_a_dict_can_be_assigned_and_put_back(framework, monkeypatch, name):
    framework.module("fake_toy")
    framework.bootstrap(("toy", "fake_toy.Toy"), ("waits", "no_such_module.X"))
    before = dict(getattr(framework.Store, name))
    with monkeypatch.context() as patch:
        patch.setattr(framework.Store, name, {})
        assert getattr(framework.Store, name) == {}
    assert getattr(framework.Store, name) == before


def test_a_pool_can_be_assigned_and_put_back(framework, monkeypatch):
    one, two = framework.define(type="one"), framework.define(type="two")
    framework.Store._active_serializers.add(one)
    with monkeypatch.context() as patch:
        patch.setattr(framework.Store, "_active_serializers", framework.serializer._OrderedSet([two]))
        framework.Store._ordered_cache = None
        assert framework.order() == ["two"]
    framework.Store._ordered_cache = None
    assert framework.order() == ["one"]


def test_the_containers_are_seen_from_a_serializer(framework):
    Toy = framework.define()
    assert Toy._all_serializers["toy"] is Toy and Toy._records == {} and Toy._ordered_cache is None
    assert Toy.get_ordered_serializers() is framework.Store.get_ordered_serializers() is Toy._ordered_cache


def test_attributes_of_the_store_that_are_no_containers_are_its_own(ours, monkeypatch):
    monkeypatch.setattr(ours.Store, "_something", 5, raising=False)
    assert ours.Store._something == 5
