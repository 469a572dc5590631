# SPDX-License-Identifier: Apache-2.0
"""Many artifacts in one call: small ones are stored in groups and read ahead, which nobody is to notice."""

import gc
import hashlib
import os
import pathlib
import pickle
import signal
import sys
import threading

import numpy as np
import pytest

from coffer import NotFound, SerializerFailed
from coffer._coffer import Blobs
from metaflow.datastore.artifacts import SerializationMetadata, SerializedBlob
from metaflow.datastore.content_addressed_store import BlobError
from metaflow.datastore.exceptions import DataException, UnpicklableArtifactException
from metaflow.datastore.task_datastore import LoadError

from conftest import blob_file

COUNT = 5000


def key_of(blob):
    return hashlib.sha1(blob).hexdigest()


def resident(field):
    text = pathlib.Path("/proc/self/status").read_text()
    return int(text.split(f"{field}:")[1].split()[0]) * 1024


@pytest.fixture
def peak():
    """What the memory has grown by at the peak, since the last call."""

    def measure():
        gc.collect()
        before = resident("VmRSS")
        pathlib.Path("/proc/self/clear_refs").write_text("5")
        return lambda: resident("VmHWM") - before

    return measure


# ---- order and contents ----


def test_thousands_come_back_under_their_names(write, reopen):
    named = [(f"a{number}", {"id": number % 700, "name": "x" * (number % 50)}) for number in range(COUNT)]
    task = write()
    task.save_artifacts(iter(named), len_hint=COUNT)
    assert task._objects == {name: key_of(pickle.dumps(each, 4)) for name, each in named}
    task = reopen(task)
    names = [name for name, _ in named][::-1]
    loaded = list(task.load_artifacts(names))
    assert dict(loaded) == dict(named) and len(loaded) == COUNT
    same = [each for name, each in loaded if named[int(name[1:])][1] == named[1][1]]
    assert len({id(each) for each in same}) == len(same)  # each its own object


def test_blobs_arrive_in_the_order_of_the_keys(local):
    blobs = [b"%d" % number * (100_000 if number % 97 == 0 else 3) for number in range(1000)]
    results = local.ca_store.save_blobs(iter(blobs))
    assert [result.key for result in results] == [key_of(blob) for blob in blobs]
    keys = [result.key for result in results]
    assert list(local.ca_store.load_blobs(keys)) == list(zip(keys, blobs))
    assert list(local.ca_store.load_blobs(iter(keys), force_raw=True)) == [
        (key, blob_file(local, key).read_bytes()) for key in keys
    ]


def test_an_array_that_its_maker_uses_again_is_stored_as_it_was(write, reopen):
    array = np.empty(20_000)

    def artifacts():
        for number in range(300):
            array[:] = number
            yield f"a{number}", array

    task = write()
    task.save_artifacts(artifacts())
    task = reopen(task)
    for name, loaded in task.load_artifacts([f"a{number}" for number in range(300)]):
        assert (loaded == int(name[1:])).all()


def test_a_large_blob_is_stored_before_the_next_one_is_asked_for(local):
    large, seen = os.urandom(2 << 20), []

    def blobs():
        yield b"hello"
        yield large
        seen.append(blob_file(local, key_of(large)).exists())
        yield b"more"

    local.ca_store.save_blobs(blobs())
    assert seen == [True]


# ---- references ----


def test_a_reference_may_be_to_a_blob_of_the_same_call(local):
    hello, more = key_of(b"hello"), key_of(b"more")
    results = local.ca_store.save_blobs([b"hello", hello, b"more", hello, more])
    assert [result.key for result in results] == [hello, hello, more, hello, more]


def test_a_reference_to_nothing_fails_in_its_place(local):
    with pytest.raises(BlobError, match="0123"):
        local.ca_store.save_blobs([b"a", b"b", "0123" * 10, b"c"])


# ---- failures ----


def test_what_can_t_be_pickled_is_named_and_nothing_is_recorded(write):
    task = write()
    task.save_artifacts([("kept", 1)])
    before = dict(task._objects), dict(task._info)
    artifacts = [(f"a{number}", threading.Lock() if number == 3 else number) for number in range(COUNT)]
    with pytest.raises(UnpicklableArtifactException, match='"a3"'):
        task.save_artifacts(iter(artifacts))
    assert (task._objects, task._info) == before
    task.save_artifacts([("later", 2)])
    assert set(task._objects) == {"kept", "later"}


@pytest.mark.parametrize("place", [0, 3, 250, 998])
def test_what_can_t_be_stored_is_named_and_nothing_is_recorded(local, place):
    task = local.get_task_datastore("1", "step", "1", attempt=0, mode="w")
    blob_file(local, key_of(pickle.dumps(place, 4))).mkdir(parents=True)
    with pytest.raises(DataException, match=f"Artifact 'a{place}' of task") as caught:
        task.save_artifacts((f"a{number}", number) for number in range(1000))
    assert isinstance(caught.value.__cause__, BlobError) and caught.value.__cause__.index == place
    assert (task._objects, task._info) == ({}, {})


def test_places_of_references_count(local):
    blob_file(local, key_of(b"c")).mkdir(parents=True)
    with pytest.raises(BlobError) as caught:
        local.ca_store.save_blobs([b"a", key_of(b"a"), key_of(b"a"), b"c", b"d"])
    assert caught.value.index == 3


@pytest.mark.parametrize("place", [0, 50, 900])
def test_what_is_missing_is_named_after_those_before_it(write, reopen, flow, place):
    task = write()
    task.save_artifacts((f"a{number}", number) for number in range(1000))
    task = reopen(task)
    blob_file(flow, task._objects[f"a{place}"]).unlink()
    seen = []
    with pytest.raises(DataException, match=f"'a{place}'.*missing"):
        seen.extend(name for name, _ in task.load_artifacts([f"a{number}" for number in range(1000)]))
    assert len(seen) == (place if flow.TYPE == "local" else len(seen))


def test_a_load_that_is_given_up_lets_go(local):
    task = local.get_task_datastore("1", "step", "1", attempt=0, mode="w")
    task.save_artifacts((f"a{number}", number) for number in range(1000))
    for stop in (0, 1, 33, 500):
        loading = task.load_artifacts([f"a{number}" for number in range(1000)])
        for _ in range(stop):
            next(loading)
        loading.close()


# ---- memory ----


def test_memory_does_not_grow_with_what_is_saved_and_loaded(local, peak):
    task = local.get_task_datastore("1", "step", "1", attempt=0, mode="w")
    sizes = [900 << 10, 10, 200 << 10, 5 << 20, 300] * 12
    names = [f"a{number}" for number in range(len(sizes))]
    task.save_artifacts([("warm", os.urandom(5 << 20))])
    list(task.load_artifacts(["warm"]))
    added = peak()
    task.save_artifacts((name, os.urandom(size)) for name, size in zip(names, sizes))
    assert added() < 24 << 20  # of 73 MiB
    added = peak()
    assert [len(each) for _, each in task.load_artifacts(names)] == sizes
    assert added() < 24 << 20


def test_nothing_stays(local):
    task = local.get_task_datastore("1", "step", "1", attempt=0, mode="w")
    kept = [bytes([number]) * 100_000 for number in range(20)]
    counts = [sys.getrefcount(each) for each in kept]
    for _ in range(3):
        task.save_artifacts((f"a{number}", each) for number, each in enumerate(kept))
    assert [sys.getrefcount(each) for each in kept] == counts


# ---- threads and forks ----


def test_threads_save_and_load_beside_each_other(local):
    trouble = []

    def work(number):
        try:
            task = local.get_task_datastore("1", "step", str(number), attempt=0, mode="w")
            named = {f"a{each}": [each % 11, number % 2] for each in range(700)}
            task.save_artifacts(iter(named.items()))
            assert dict(task.load_artifacts(list(named))) == named
        except BaseException as error:
            trouble.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not trouble


def in_child(work):
    """True when `work` came to its end, in a child, with a true value."""
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        os._exit(0 if work() else 1)
    return os.waitpid(child, 0)[1] == 0


def test_a_child_goes_on_with_a_load(local):
    task = local.get_task_datastore("1", "step", "1", attempt=0, mode="w")
    named = {f"a{number}": number for number in range(1000)}
    task.save_artifacts(iter(named.items()))
    loading = task.load_artifacts(list(named))
    loaded = dict(next(loading) for _ in range(10))
    assert in_child(lambda: {**loaded, **dict(loading)} == named)
    assert {**loaded, **dict(loading)} == named


@pytest.mark.parametrize("place", [10, 129, 300])
def test_a_child_goes_on_with_a_save(local, place):
    task = local.get_task_datastore("1", "step", "1", attempt=0, mode="w")
    parent = os.getpid()
    children = []

    def artifacts():
        for number in range(700):
            if number == place:
                child = os.fork()
                if child == 0:
                    signal.alarm(60)
                else:
                    children.append(child)
            yield f"a{number}", number

    task.save_artifacts(artifacts())
    right = task._objects == {f"a{number}": key_of(pickle.dumps(number, 4)) for number in range(700)}
    if os.getpid() != parent:
        os._exit(0 if right else 1)
    assert right
    assert os.waitpid(children[0], 0)[1] == 0


# ---- what they are made of ----


def test_a_saver_is_used_by_one_call_at_a_time(tmp_path):
    blobs = Blobs("local", tmp_path, "Flow/data", sync=False)
    saver = blobs.saver()
    assert saver.keys() == []
    saver.add(b"hello")
    saver.add(bytearray(b"more"))
    saver.flush()
    assert saver.keys() == [key_of(b"hello"), key_of(b"more")]
    del blobs
    saver.add(b"another")
    with pytest.raises(TypeError):
        saver.add("text")
    saver.flush()
    assert saver.keys()[2] == key_of(b"another")


def test_a_loader_takes_any_iterable(tmp_path):
    blobs = Blobs("local", tmp_path, "Flow/data", sync=False)
    keys = [blobs.save(b"%d" % number) for number in range(100)]
    assert list(blobs.load_many(iter(keys))) == [b"%d" % number for number in range(100)]
    assert list(blobs.load_many([])) == []
    for wrong in (7, [7], ["a\0b"]):
        with pytest.raises((TypeError, ValueError)):
            blobs.load_many(wrong)


def test_pickles_come_back_under_the_names_of_their_keys(tmp_path):
    blobs = Blobs("local", tmp_path, "Flow/data", sync=False)
    names_of_key = {blobs.save(pickle.dumps([number], 4)): [number, (number,)] for number in range(100)}
    loaded = blobs.load_pickles(names_of_key)
    pairs = list(loaded)
    assert pairs == [(name, [number]) for number in range(100) for name in (number, (number,))]
    assert pairs[0][1] is not pairs[1][1] and loaded.count == 100
    assert list(blobs.load_pickles({})) == []
    for wrong in ([], 7, {7: ["a"]}, {"0" * 40: 7}, {"0" * 40: []}):
        with pytest.raises((TypeError, ValueError)):
            blobs.load_pickles(wrong)


@pytest.mark.parametrize("prefix, expected", [("mine:", 0), ("pickle-", 3), ("", 3)])
def test_whoever_reads_encodings_of_a_prefix_is_asked_about_those_only(write, reopen, prefix, expected):
    asked = []

    class Mine:
        TYPE = "mine"
        ENCODING_PREFIX = prefix

        @classmethod
        def can_deserialize(cls, metadata):
            asked.append(metadata)
            return False

    task = write()
    task.save_artifacts((f"a{number}", number) for number in range(3))
    task = reopen(task)
    task._serializers = [Mine, *task._serializers]
    assert dict(task.load_artifacts(["a0", "a1", "a2"])) == {"a0": 0, "a1": 1, "a2": 2}
    assert len(asked) == (expected if task.TYPE == "local" else 3)


@pytest.mark.parametrize("place", [0, 40])
def test_pickles_go_on_after_an_error(tmp_path, place):
    blobs = Blobs("local", tmp_path, "Flow/data", sync=False)
    keys = [blobs.save(b"no pickle" if number == place else pickle.dumps(number, 4)) for number in range(100)]
    keys.insert(place + 1, "0" * 40)
    loaded = blobs.load_pickles({key: [key, key] for key in keys})
    assert [next(loaded) for _ in range(2 * place)] == [(key, number) for number, key in enumerate(keys[:place]) for _ in range(2)]
    for _ in range(2):
        with pytest.raises(SerializerFailed) as caught:
            next(loaded)
        assert isinstance(caught.value.__cause__, pickle.UnpicklingError) and loaded.count == place + 1
    with pytest.raises(NotFound):
        next(loaded)
    assert loaded.count == place + 2
    assert [number for _, number in loaded] == [number for number in range(place + 1, 100) for _ in range(2)]


def test_an_object_may_use_the_loader_that_makes_it(tmp_path):
    blobs = Blobs("local", tmp_path, "Flow/data", sync=False)
    keys = [blobs.save(each) for each in (pickle.dumps(Greedy(), 4), pickle.dumps(2, 4))]
    Greedy.loader = blobs.load_pickles({key: ["a", "b"] for key in keys})
    assert list(Greedy.loader) == [("a", ("b", ("a", 2))), ("b", 2)]


class Greedy:
    """Becomes, with what the loader gives next."""

    loader = None

    def __reduce__(self):
        return next_of_greedy, ()


def next_of_greedy():
    return next(Greedy.loader)


def test_what_can_t_be_unpickled_is_named_after_those_before_it(write, reopen, place=500):
    task = write()
    task.save_artifacts((f"a{number}", Fragile() if number == place else number) for number in range(1000))
    task = reopen(task)
    seen = []
    with pytest.raises(LoadError, match=f"'a{place}'.*ZeroDivisionError") as caught:
        seen.extend(task.load_artifacts([f"a{number}" for number in range(1000)]))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert len(seen) == (place if task.TYPE == "local" else len(seen))


class Fragile:
    def __reduce__(self):
        return divmod, (1, 0)


def test_whoever_looks_at_more_than_encodings_is_asked_for_each(write, reopen):
    asked = []

    class Mine:
        TYPE = "mine"

        @classmethod
        def can_deserialize(cls, metadata):
            asked.append(metadata)
            return metadata.size == 5

        @classmethod
        def deserialize(cls, data, metadata=None, format=None):
            return "mine"

    task = write()
    task.save_artifacts((f"a{number}", number) for number in (3, 300, 300_000))
    task = reopen(task)
    task._serializers = [Mine, *task._serializers]
    assert dict(task.load_artifacts(["a3", "a300", "a300000"])) == {"a3": "mine", "a300": 300, "a300000": 300_000}
    assert len(asked) == 3


def test_stock_s_serializer_with_another_answer_is_asked_for_each(write, reopen, monkeypatch):
    task = write()
    task.save_artifacts([("a", 1), ("b", "two")])
    task = reopen(task)
    stock = task._serializers[-1]
    monkeypatch.setattr(stock, "can_deserialize", lambda metadata: metadata.obj_type == "<class 'int'>")
    assert dict(task.load_artifacts(["a"])) == {"a": 1}
    with pytest.raises(DataException, match="No deserializer"):
        dict(task.load_artifacts(["a", "b"]))


def test_a_serializer_of_one_s_own_is_asked_for_each(write):
    asked = []

    class Mine:
        TYPE = "mine"

        @classmethod
        def can_serialize(cls, obj):
            asked.append(obj)
            return obj % 2 == 1

        @classmethod
        def serialize(cls, obj, format=None):
            return [SerializedBlob(b"mine %d" % obj)], SerializationMetadata("int", 6, "mine-v1", {})

    task = write()
    task._serializers = [Mine, *task._serializers]
    task.save_artifacts((f"a{number}", number) for number in range(500))
    assert asked == list(range(500))
    assert [info["encoding"] for info in task._info.values()] == ["pickle-v4", "mine-v1"] * 250
    assert task._objects["a7"] == key_of(b"mine 7")
