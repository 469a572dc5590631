# SPDX-License-Identifier: Apache-2.0
"""get_ordered_serializers."""

import pytest


def test_nothing_is_an_order(framework):
    assert framework.Store.get_ordered_serializers() == []


def test_the_same_list_until_it_is_cleared(framework):
    framework.Store._active_serializers.update([framework.define(type="one"), framework.define(type="two")])
    framework.Store._ordered_cache = None
    order = framework.Store.get_ordered_serializers()
    assert framework.Store.get_ordered_serializers() is order and framework.Store._ordered_cache is order
    framework.Store._ordered_cache = None
    assert framework.Store._ordered_cache is None
    again = framework.Store.get_ordered_serializers()
    assert again == order and again is not order


def test_a_list_that_is_put_there_is_the_order(framework):
    one, two = framework.define(type="one"), framework.define(type="two")
    framework.Store._ordered_cache = mine = [two, one]
    assert framework.Store.get_ordered_serializers() is mine and framework.Store._ordered_cache is mine
    framework.define(type="three")
    assert framework.Store._ordered_cache is None and framework.order() == []


def test_lower_priority_first(framework):
    for name, priority in (("late", 9999), ("early", -5), ("middle", 100)):
        framework.Store._active_serializers.add(framework.define(type=name, priority=priority))
    framework.Store._ordered_cache = None
    assert framework.order() == ["early", "middle", "late"]


def test_priorities_that_no_int_of_the_library_holds(framework):
    for name, priority in (("huge", 10**30), ("tiny", -(10**30)), ("half", 50.5), ("whole", 50)):
        framework.Store._active_serializers.add(framework.define(type=name, priority=priority))
    framework.Store._ordered_cache = None
    order = framework.order()
    assert order[0] == "tiny" and order[3] == "huge" and set(order[1:3]) == {"half", "whole"}


def test_a_priority_that_changes_counts_in_the_next_order(framework):
    one, two = framework.define(type="one"), framework.define(type="two")
    framework.Store._active_serializers.update([one, two])
    framework.Store._ordered_cache = None
    assert framework.order() == ["two", "one"]
    one.PRIORITY = 1
    framework.Store._ordered_cache = None
    assert framework.order() == ["one", "two"]


def test_of_equals_the_later_entry_wins(framework):
    framework.module("fake_a", name="A", type="a")
    framework.module("fake_b", name="B", type="b")
    framework.bootstrap(("a", "fake_a.A"), ("b", "fake_b.B"))
    assert framework.order() == ["b", "a"]


def test_members_without_a_record_come_after_those_with_one(framework):
    loose = framework.define(type="loose")
    framework.Store._active_serializers.add(loose)
    framework.module("fake_a", name="A", type="a")
    framework.bootstrap(("a", "fake_a.A"))
    assert framework.order() == ["loose", "a"]  # the later of equals first


def test_a_record_that_is_active_late_keeps_its_place(framework, package):
    package("late_needs")
    framework.module("fake_late", name="Late", type="late", setup="import no_such_dependency_yet")
    framework.module("fake_a", name="A", type="a")
    framework.bootstrap(("late", "fake_late.Late"), ("a", "fake_a.A"))
    assert framework.order() == ["a"]
    package("no_such_dependency_yet")
    framework.Store._on_module_imported("no_such_dependency_yet", None)
    assert framework.order() == ["a", "late"]


@pytest.mark.parametrize("change", ["state", "pool", "class"])
def test_only_active_records_with_a_class_in_the_pool_count(framework, change):
    framework.module("fake_a", name="A", type="a")
    module = framework.module("fake_b", name="B", type="b")
    _, record = framework.bootstrap(("a", "fake_a.A"), ("b", "fake_b.B"))
    framework.Store._active_serializers.add(framework.define(type="loose"))
    if change == "pool":
        framework.Store._active_serializers.discard(module.B)
        expected = ["loose", "a"]
    elif change == "state":  # it is still in the pool, but its record does not place it
        record.state = framework.State.BROKEN
        expected = ["loose", "b", "a"]
    else:
        framework.Store._all_serializers.pop("b")
        expected = ["loose", "b", "a"]
    framework.Store._ordered_cache = None
    assert framework.order() == expected


def test_the_class_of_a_record_is_the_one_registered_last(framework):
    framework.module("fake_a", name="A", type="a")
    framework.module("fake_b", name="B", type="b")
    framework.bootstrap(("a", "fake_a.A"), ("b", "fake_b.B"))
    later = framework.define(type="a")
    framework.Store._active_serializers.add(later)
    framework.Store._ordered_cache = None
    order = framework.Store.get_ordered_serializers()
    assert [cls.TYPE for cls in order] == ["a", "b", "a"] and order[2] is later


def test_activation_clears_the_order(framework):
    framework.module("fake_a", name="A", type="a")
    framework.Store.get_ordered_serializers()
    framework.bootstrap(("a", "fake_a.A"))
    assert framework.Store._ordered_cache is None


def test_a_replaced_type_leaves_the_pool(ours):
    ours.module("fake_first", name="First", type="a")
    ours.bootstrap(("a", "fake_first.First"))
    second = ours.module("fake_second", name="Second", type="a")
    ours.bootstrap(("a", "fake_second.Second"), source="newer")
    assert ours.Store.get_ordered_serializers() == [second.Second]
    assert ours.Store.get_source_for(second.Second) == "newer"


def test_source_of_a_class(framework):
    module = framework.module("fake_a", name="A", type="a")
    framework.bootstrap(("off", "x.Y"), ("a", "fake_a.A"), disabled_names={"off"}, source="a-package")
    assert framework.Store.get_source_for(module.A) == "a-package"
    assert framework.Store.get_source_for(framework.define(type=None)) is None
    assert framework.Store.get_source_for(framework.define(type="other")) is None
    assert framework.Store.get_source_for(object) is None and framework.Store.get_source_for(None) is None
    framework.Store._records["a"].source = None
    assert framework.Store.get_source_for(module.A) is None
