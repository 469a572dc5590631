# SPDX-License-Identifier: Apache-2.0
"""The states of one entry."""

import importlib
import sys
import types

import pytest


# ---- declared ----


def test_a_good_entry_becomes_active(framework):
    module = framework.module("fake_toy", priority=7)
    (record,) = framework.bootstrap(("toy", "fake_toy.Toy"), source="a-package")
    assert record.as_dict() == {
        "name": "toy",
        "class_path": "fake_toy.Toy",
        "state": "active",
        "awaiting_modules": [],
        "last_error": None,
        "priority": 7,
        "type": "toy",
        "import_trigger": "eager",
        "dispatch_error_count": 0,
        "source": "a-package",
    }
    assert list(framework.Store._active_serializers) == [module.Toy] == framework.Store.get_ordered_serializers()


def test_what_is_off_is_not_imported(framework, monkeypatch):
    monkeypatch.setattr(importlib, "import_module", lambda *_: pytest.fail("imported"))
    (record,) = framework.bootstrap(("toy", "fake_toy.Toy"), disabled_names={"toy", "other"}, source="a-package")
    assert record == framework.Record("toy", "fake_toy.Toy", state=framework.State.DISABLED, source="a-package")


def test_modules_are_imported_through_importlib(framework, monkeypatch):
    module = framework.module("fake_toy")
    asked = []
    monkeypatch.setattr(importlib, "import_module", lambda name, *_: asked.append(name) or module)
    (record,) = framework.bootstrap(("toy", "somewhere.else.Toy"))
    assert asked == ["somewhere.else"] and record.state == framework.State.ACTIVE


def test_states_while_it_is_loaded(framework, package):
    seen = []
    package(
        "notes_states",
        "import sys\nsys.modules['__test__'].note('import')\nfrom __test__ import *\n"
        + framework.source(setup="sys.modules['__test__'].note('setup')"),
    )
    test = types.ModuleType("__test__")
    test.note = lambda what: seen.append((what, framework.Store._records["toy"].state.value, framework.Store._records["toy"].type))
    test.__dict__.update(framework.names)
    sys.modules["__test__"] = test
    framework.bootstrap(("toy", "notes_states.Toy"))
    assert seen == [("import", "importing", None), ("setup", "importing_deps", "toy")]


def test_states_while_it_is_retried(framework):
    module = framework.module("fake_toy", setup="import __states_need__")
    (record,) = framework.bootstrap(("toy", "fake_toy.Toy"))
    seen = []
    module.Toy.setup_imports = classmethod(lambda cls, context=None: seen.append(record.state.value))
    framework.Store._on_module_imported("__states_need__", None)
    assert seen == ["class_loaded"] and record.state == framework.State.ACTIVE


@pytest.mark.parametrize("absent", ["", "Toy = None"])
def test_a_module_without_the_class(framework, absent):
    framework.module("fake_empty", text=absent)
    (record,) = framework.bootstrap(("toy", "fake_empty.Toy"))
    assert record.state == framework.State.BROKEN and record.type is None
    assert record.last_error == "class 'Toy' not found in module 'fake_empty'"


@pytest.mark.parametrize(("type", "shown"), [("other", "other"), ("", ""), (None, "None")])
def test_a_class_of_another_type(framework, type, shown):
    framework.module("fake_toy", type=type)
    (record,) = framework.bootstrap(("toy", "fake_toy.Toy"))
    assert record.state == framework.State.BROKEN and record.type is None and record.priority is None
    assert record.last_error == f"tuple name 'toy' != class.TYPE '{shown}'"


@pytest.mark.parametrize(
    ("raised", "error"),
    [("ValueError('bad value')", "ValueError: bad value"), ("RuntimeError()", "RuntimeError: "), ("OSError(2, 'gone')", "FileNotFoundError: [Errno 2] gone")],
)
def test_a_setup_that_fails(framework, raised, error):
    framework.module("fake_toy", setup=f"raise {raised}")
    (record,) = framework.bootstrap(("toy", "fake_toy.Toy"))
    assert record.state == framework.State.BROKEN and record.last_error.strip() == error.strip()
    assert record.type == "toy" and record.priority == 100 and record.import_trigger is None
    assert framework.order() == []


def test_a_fresh_record_replaces_one_of_the_name(framework):
    framework.module("fake_toy")
    first, _ = framework.bootstrap(("toy", "gone.Toy"), ("other", "x.Y"))
    (second,) = framework.bootstrap(("toy", "fake_toy.Toy"))
    assert first is not second and list(framework.Store._records) == ["toy", "other"]


# ---- parked ----


def test_a_missing_module_parks(framework):
    (record,) = framework.bootstrap(("toy", "no_such_package.part.Toy"))
    assert record.state == framework.State.PENDING_ON_IMPORTS and record.awaiting_modules == ["no_such_package"]
    assert record.last_error == "ModuleNotFoundError: No module named 'no_such_package'"
    assert framework.Store._pending_by_module == {"no_such_package": ["toy"]}
    assert sys.meta_path[0] is framework.interceptor and "no_such_package" in framework.interceptor._watched
    assert not hasattr(record, "_previously_awaited")


def test_a_missing_module_in_setup_parks(framework):
    framework.module("fake_toy", setup="import no_such_package.part")
    (record,) = framework.bootstrap(("toy", "fake_toy.Toy"))
    assert record.state == framework.State.PENDING_ON_IMPORTS and record.awaiting_modules == ["no_such_package"]
    assert record.type == "toy" and record.priority == 100 and framework.order() == []


def test_the_name_is_what_python_reports(framework):
    framework.module("fake_toy", setup="from json import no_such_name_in_it")
    (record,) = framework.bootstrap(("toy", "fake_toy.Toy"))
    assert record.awaiting_modules == ["json"] and record.last_error.startswith("ImportError: cannot import name")


def test_an_import_error_without_a_name_breaks(framework):
    framework.module("fake_toy", setup="raise ImportError('no idea')")
    (record,) = framework.bootstrap(("toy", "fake_toy.Toy"))
    assert record.state == framework.State.BROKEN and record.last_error == "ImportError with no module name: no idea"
    assert framework.Store._pending_by_module == {} and record.awaiting_modules == []


def test_several_wait_for_one(framework):
    framework.bootstrap(("one", "no_such_package.One"), ("two", "no_such_package.Two"))
    assert framework.Store._pending_by_module == {"no_such_package": ["one", "two"]}


def test_parking_by_hand(framework):
    record = framework.Record("toy", "a.Toy")
    framework.Store._records["toy"] = record
    framework.Store._park_on_import_error(record, ModuleNotFoundError("No module named 'heavy'", name="heavy"))
    assert record.state == framework.State.PENDING_ON_IMPORTS and record.awaiting_modules == ["heavy"]
    assert record.last_error == "ModuleNotFoundError: No module named 'heavy'"
    assert framework.Store._pending_by_module["heavy"] == ["toy"]
    framework.Store._park_on_import_error(record, ImportError("No module named 'heavy'", name="heavy"))
    assert record.state == framework.State.BROKEN and record.last_error == "repeated ImportError on 'heavy': No module named 'heavy'"


def test_parking_by_hand_without_a_name(framework):
    record = framework.Record("toy", "a.Toy", state=framework.State.IMPORTING)
    framework.Store._park_on_import_error(record, ImportError("what"))
    assert record.state == framework.State.BROKEN and record.last_error == "ImportError with no module name: what"


def test_parking_on_what_it_waited_for_before(framework):
    record = framework.Record("toy", "a.Toy")
    record._previously_awaited = {"heavy"}
    framework.Store._park_on_import_error(record, ImportError("still gone", name="heavy"))
    assert record.state == framework.State.BROKEN and record.last_error == "repeated ImportError on 'heavy': still gone"
    assert record._previously_awaited == {"heavy"}


# ---- fired ----


def test_a_module_that_appears_activates(framework, package):
    module = framework.module("fake_toy", setup="import __appears_later__", priority=3)
    (record,) = framework.bootstrap(("toy", "fake_toy.Toy"))
    sys.modules["__appears_later__"] = types.ModuleType("__appears_later__")
    framework.Store._on_module_imported("__appears_later__", None)
    assert record.state == framework.State.ACTIVE and record.import_trigger == "hook" and record.last_error is None
    assert record.awaiting_modules == [] and record._previously_awaited == {"__appears_later__"} and record.priority == 3
    assert framework.Store._pending_by_module == {} and framework.Store.get_ordered_serializers() == [module.Toy]


def test_the_same_module_missing_again_breaks(framework):
    framework.module("fake_toy", setup="import no_such_package")
    (record,) = framework.bootstrap(("toy", "fake_toy.Toy"))
    framework.Store._on_module_imported("no_such_package", None)
    assert record.state == framework.State.BROKEN
    assert record.last_error == "repeated ImportError on 'no_such_package': No module named 'no_such_package'"


def test_another_missing_module_parks_again(framework):
    framework.module("fake_toy", setup="import __first_need__\nimport no_second_need")
    (record,) = framework.bootstrap(("toy", "fake_toy.Toy"))
    assert record.awaiting_modules == ["__first_need__"]
    sys.modules["__first_need__"] = types.ModuleType("__first_need__")
    framework.Store._on_module_imported("__first_need__", None)
    assert record.state == framework.State.PENDING_ON_IMPORTS and record.awaiting_modules == ["no_second_need"]
    assert record._previously_awaited == {"__first_need__"} and "no_second_need" in framework.interceptor._watched
    sys.modules["no_second_need"] = types.ModuleType("no_second_need")
    framework.Store._on_module_imported("no_second_need", None)
    assert record.state == framework.State.ACTIVE and record._previously_awaited == {"__first_need__", "no_second_need"}


def test_going_in_circles_breaks(framework):
    framework.module("fake_toy", setup="import __circle_a__\nimport no_circle_b")
    (record,) = framework.bootstrap(("toy", "fake_toy.Toy"))
    sys.modules["__circle_a__"] = types.ModuleType("__circle_a__")
    framework.Store._on_module_imported("__circle_a__", None)
    del sys.modules["__circle_a__"]
    framework.Store._on_module_imported("no_circle_b", None)
    assert record.state == framework.State.BROKEN and record.last_error.startswith("repeated ImportError on '__circle_a__': ")


def test_the_class_is_gone_on_retry(framework):
    (record,) = framework.bootstrap(("toy", "comes_without.Toy"))
    framework.module("comes_without", text="")
    framework.Store._on_module_imported("comes_without", None)
    assert record.state == framework.State.BROKEN and record.last_error == "class 'Toy' not found in 'comes_without' on retry"


def test_another_type_on_retry(framework):
    (record,) = framework.bootstrap(("toy", "comes_wrong.Toy"))
    framework.module("comes_wrong", type="other")
    framework.Store._on_module_imported("comes_wrong", None)
    assert record.state == framework.State.BROKEN and record.last_error == "tuple name 'toy' != class.TYPE 'other'"


def test_a_setup_that_fails_on_retry(framework):
    (record,) = framework.bootstrap(("toy", "comes_failing.Toy"))
    framework.module("comes_failing", setup="raise ValueError('bad value')")
    framework.Store._on_module_imported("comes_failing", None)
    assert record.state == framework.State.BROKEN and record.last_error == "ValueError: bad value" and record.type == "toy"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("raise ValueError('nothing works')", "retry crashed: ValueError: nothing works"),
        ("class Toy: pass", "retry crashed: AttributeError: type object 'Toy' has no attribute 'TYPE'"),
    ],
)
def test_a_retry_that_crashes(framework, package, text, error):
    (record,) = framework.bootstrap(("toy", "comes_crashing.Toy"))
    package("comes_crashing", text)
    framework.Store._on_module_imported("comes_crashing", None)
    assert record.state == framework.State.BROKEN and record.last_error == error


def test_one_bad_record_does_not_strand_the_others(framework, monkeypatch):
    framework.module("fake_good", name="Good", type="good", setup="import __shared_need__")
    framework.module("fake_bad", name="Bad", type="bad", setup="import __shared_need__")
    bad, good = framework.bootstrap(("bad", "fake_bad.Bad"), ("good", "fake_good.Good"))
    sys.modules["__shared_need__"] = types.ModuleType("__shared_need__")
    original = framework.Store._retry_bootstrap

    def retry(record):
        if record.name == "bad":
            raise RuntimeError("boom")
        original(record)

    monkeypatch.setattr(framework.Store, "_retry_bootstrap", retry)
    framework.Store._on_module_imported("__shared_need__", None)
    assert bad.state == framework.State.BROKEN and bad.last_error == "retry crashed: RuntimeError: boom"
    assert good.state == framework.State.ACTIVE and framework.order() == ["good"]


def test_firing_for_nobody_does_nothing(framework):
    framework.Store._on_module_imported("nobody_waits", None)
    assert framework.Store._records == {} and framework.Store._pending_by_module == {}


def test_names_without_a_record_are_passed_over(framework):
    framework.module("fake_toy", setup="import no_such_package")
    framework.bootstrap(("toy", "fake_toy.Toy"))
    framework.Store._pending_by_module["no_such_package"].insert(0, "nobody")
    framework.module("no_such_package", text="")
    framework.Store._on_module_imported("no_such_package", None)
    assert framework.order() == ["toy"] and framework.Store._pending_by_module == {}


def test_the_pending_map_may_be_filled_by_hand(framework):
    framework.module("fake_toy")
    record = framework.Record("toy", "fake_toy.Toy", state=framework.State.PENDING_ON_IMPORTS, awaiting_modules=["heavy"])
    framework.Store._records["toy"] = record
    framework.Store._pending_by_module["heavy"] = ["toy"]
    framework.Store._on_module_imported("heavy", None)
    assert record.state == framework.State.ACTIVE and record.awaiting_modules == []


def test_a_retry_by_hand(framework):
    framework.module("fake_toy")
    for state in framework.State:
        record = framework.Record("toy", "fake_toy.Toy", state=state)
        framework.Store._records["toy"] = record
        framework.Store._retry_bootstrap(record)
        assert record.state == framework.State.ACTIVE and record.import_trigger == "hook" and record.type == "toy"


def test_a_retry_of_a_record_that_is_in_no_registry(framework):
    module = framework.module("fake_toy")
    record = framework.Record("toy", "fake_toy.Toy")
    framework.Store._retry_bootstrap(record)
    assert record.state == framework.State.ACTIVE and module.Toy in framework.Store._active_serializers


def test_only_what_waits_is_driven(ours):
    ours.module("fake_toy", setup="import no_such_package")
    (waiting,) = ours.bootstrap(("toy", "fake_toy.Toy"))
    (disabled,) = ours.bootstrap(("toy", "fake_toy.Toy"), disabled_names={"toy"})
    ours.Store._pending_by_module["no_such_package"] = ["toy"]
    ours.module("no_such_package", text="")
    ours.Store._on_module_imported("no_such_package", None)
    assert disabled.state == ours.State.DISABLED and ours.order() == [] and ours.Store._pending_by_module == {}


def test_replacing_a_record_that_waits_leaves_no_name_behind(ours):
    ours.bootstrap(("toy", "no_such_package.Toy"))
    ours.bootstrap(("toy", "another_package.Toy"))
    assert ours.Store._pending_by_module == {"another_package": ["toy"]}


def test_reset(framework):
    framework.module("fake_toy")
    framework.bootstrap(("toy", "fake_toy.Toy"), ("waits", "no_such_package.X"))
    framework.Store.get_ordered_serializers()
    framework.Store._reset_for_tests()
    assert framework.Store._records == {} and list(framework.Store._active_serializers) == []
    assert framework.Store._pending_by_module == {} and framework.Store._ordered_cache is None
    assert list(framework.Store._all_serializers) == ["toy"]
    assert framework.interceptor not in sys.meta_path
    assert framework.interceptor._watched == set() and framework.interceptor._processed == set()
