# SPDX-License-Identifier: Apache-2.0
"""Several threads, several interpreters, and the end of one."""

import gc
import sys
import threading

import pytest

import coffer

COUNT = 20


@pytest.fixture
def brisk_switches():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    yield
    sys.setswitchinterval(interval)


def test_dispatch_while_others_register(ours, brisk_switches):
    from coffer.framework._registry import REGISTRY

    ours.module("fake_fallback", name="Fallback", type="fallback", priority=9999)
    ours.bootstrap(("fallback", "fake_fallback.Fallback"))
    for n in range(COUNT):
        ours.module(f"fake_{n}", name="Toy", type=f"toy_{n}", takes=f"obj == {n}")
    failures, stop = [], threading.Event()

    def watch(function):
        def run():
            try:
                while not stop.is_set():
                    function()
            except BaseException as error:
                failures.append(error)

        return threading.Thread(target=run)

    def dispatch_by_classes():
        for cls in ours.Store.get_ordered_serializers():
            if cls.can_serialize(5):
                cls.serialize(5)
                return
        raise AssertionError("nobody takes it")

    threads = [
        watch(dispatch_by_classes),
        watch(lambda: coffer.serialize(6, registry=REGISTRY)),
        watch(lambda: coffer.deserialize([b"x"], ("t", 1, "fallback-v1", {}), registry=REGISTRY)),
        watch(ours.diagnostic.list_serializer_status),
        watch(lambda: (ours.Store._records.copy(), list(ours.Store._records.values()), list(ours.Store._active_serializers))),
    ]
    for thread in threads:
        thread.start()
    for n in range(COUNT):
        ours.bootstrap((f"toy_{n}", f"fake_{n}.Toy"), (f"waits_{n}", f"no_such_package_{n}.X"))
        ours.Store._records.pop(f"waits_{n}")
        ours.define(type=f"loose_{n}")
    stop.set()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert ours.order() == [f"toy_{n}" for n in reversed(range(COUNT))] + ["fallback"]


def test_threads_that_need_one_lazy_class_wait_for_it(ours, package):
    text = "\n".join(f"from coffer.framework import {name}" for name in ours.names) + "\nimport time\ntime.sleep(0.3)\n" + ours.source()
    package("slow_lazy_toys", text)
    ours.Store.bootstrap_entries([("toy", "slow_lazy_toys.Toy")], lazy={"toy": (["builtins.complex"], [], [], 100)})
    from coffer.framework._registry import REGISTRY

    made = []
    threads = [threading.Thread(target=lambda: made.append(coffer.serialize(1j, registry=REGISTRY)[1].encoding)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert made == ["toy-v1"] * 6


def test_nothing_is_left_of_a_record_that_was_never_entered(ours):
    record = ours.Record("toy", "a.Toy")
    gc.collect()
    before = sys.getrefcount(ours.Record)
    for _ in range(100):
        ours.Record("toy", "a.Toy", awaiting_modules=["x"])
    gc.collect()
    assert sys.getrefcount(ours.Record) < before + 10 and record.name == "toy"


def test_reading_and_dispatching_hold_memory_flat(ours):
    import tracemalloc

    from coffer.framework._registry import REGISTRY

    ours.module("fake_toy")
    (record,) = ours.bootstrap(("toy", "fake_toy.Toy"))

    def turn():
        for _ in range(500):
            record.dispatch_error_count += 1
            record.state = record.state
            record.awaiting_modules.append("x")
            record.awaiting_modules.clear()
            ours.Store._pending_by_module["heavy"] = ["toy"]
            del ours.Store._pending_by_module["heavy"]
            ours.Store._ordered_cache = None
            ours.order()
            coffer.serialize("text", registry=REGISTRY)
        gc.collect()

    turn()
    tracemalloc.start()
    turn()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(5):
        turn()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 60_000  # the smallest object, once a round, is more


def test_a_registry_of_its_own_goes_with_everything_it_has(run_python):
    run_python(
        """
import gc, types, weakref
from coffer import _coffer
from coffer.framework import _glue
class Toy:
    TYPE, PRIORITY = "toy", 5
    can_serialize = classmethod(lambda cls, obj: True)
registry = _coffer.ClassRegistry()
registry.glue = _glue
registry.activate(Toy)
registry.put_class("toy", Toy)
registry.declare("waits", "no_such_package.X", None, False, None)
Toy.registry = registry
gone = weakref.ref(Toy)
del Toy, registry
gc.collect()
assert gone() is None
"""
    )


def test_the_interpreter_ends_with_a_registry_in_use(run_python):
    run_python(
        """
import threading, time
from coffer.framework import *
from coffer.framework.serializer import SerializerStore
class Toy(ArtifactSerializer):
    TYPE = "toy"
    can_serialize = classmethod(lambda cls, obj: False)
    can_deserialize = serialize = deserialize = can_serialize
SerializerStore._active_serializers.add(Toy)
SerializerStore.bootstrap_entries([("waits", "no_such_package.X")])
def dispatch():
    while True:
        SerializerStore._ordered_cache = None
        SerializerStore.get_ordered_serializers()
threading.Thread(target=dispatch, daemon=True).start()
time.sleep(0.1)
"""
    )


def test_interpreters_have_registries_of_their_own(run_python):
    run_python(
        """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
import sys
from coffer.framework import SerializerStore
SerializerStore.bootstrap_entries([("here", "no_such_package.X")])
for _ in range(3):
    other = interpreters.create()
    problem = interpreters.run_string(other, f'''
import sys
sys.path[:] = {sys.path!r}
from coffer.framework import ArtifactSerializer, SerializerStore
assert not SerializerStore._records
class Toy(ArtifactSerializer):
    TYPE = "toy"
    can_serialize = classmethod(lambda cls, obj: True)
    can_deserialize = serialize = deserialize = can_serialize
SerializerStore._active_serializers.add(Toy)
SerializerStore.bootstrap_entries([("there", "no_such_package.X")])
assert SerializerStore.get_ordered_serializers() == [Toy]
''')
    assert problem is None, problem
    interpreters.destroy(other)
assert list(SerializerStore._records) == ["here"]
"""
    )
