# SPDX-License-Identifier: Apache-2.0
"""Saving and loading artifacts: every way through, and what is said when it ends early."""

import functools
import hashlib
import json
import pickle
import threading
import warnings

import numpy as np
import pytest

from metaflow.datastore import task_datastore as module
from metaflow.datastore.artifacts import SerializationMetadata, SerializedBlob, SerializerStore
from metaflow.datastore.exceptions import DataException, UnpicklableArtifactException
from metaflow.datastore.task_datastore import LoadError, TaskDataStore
from metaflow.exception import MetaflowException, MetaflowInternalError
from metaflow.plugins.datastores.serializers.pickle_serializer import PickleSerializer


class Toy:
    """A serializer of everything; tests change what its functions do."""

    TYPE = "toy"
    takes = staticmethod(lambda obj: True)
    reads = staticmethod(lambda metadata: metadata.encoding == "toy-v1")
    made = staticmethod(lambda obj: ([SerializedBlob(b"toy")], SerializationMetadata("thing", 3, "toy-v1", {})))
    read = staticmethod(lambda data, metadata: data)

    can_serialize = classmethod(lambda cls, obj: cls.takes(obj))
    can_deserialize = classmethod(lambda cls, metadata: cls.reads(metadata))
    serialize = classmethod(lambda cls, obj, format: cls.made(obj))
    deserialize = classmethod(lambda cls, data, metadata=None, format=None: cls.read(data, metadata))


def toy(**functions):
    return type("Toy", (Toy,), {name: staticmethod(function) for name, function in functions.items()})


def raising(error):
    def function(*args):
        raise error

    return function


def returning(value):
    return lambda *args: value


@pytest.fixture
def save_with(write):
    """Saves `x` by a serializer and gives the task."""

    def save(serializer, obj=None):
        task = write()
        task._serializers = [serializer]
        task.save_artifacts([("x", obj)])
        return task

    return save


def failure(write, serializer, expected=DataException, obj=None):
    task = write()
    task.save_artifacts([("kept", 1)])
    before = dict(task._objects), dict(task._info)
    task._serializers = [serializer]
    with pytest.raises(expected) as caught:
        task.save_artifacts([("x", obj)])
    assert (task._objects, task._info) == before
    return caught.value


# ---- round trips ----


def test_it_is_ours_and_the_original_is_within_reach(write):
    task = write()
    assert type(task) is TaskDataStore and isinstance(task, module._orig.TaskDataStore)
    assert module._orig.TaskDataStore is not TaskDataStore


@pytest.mark.parametrize("obj", [None, 1, "text", {"a": [1, 2]}, np.arange(50_000), b"x" * 100_000, "y" * 200_000], ids=lambda obj: type(obj).__name__)
def test_keys_and_infos_are_stock_s(write, reopen, obj):
    task = write()
    task.save_artifacts([("x", obj)])
    pickled = pickle.dumps(obj, 4)
    assert task._objects == {"x": hashlib.sha1(pickled).hexdigest()}
    assert task._info == {
        "x": {"size": len(pickled), "type": str(type(obj)), "encoding": "pickle-v4", "serializer_info": {"source": "metaflow"}}
    }
    assert pickle.dumps(reopen(task)["x"], 4) == pickled


def test_the_dicts_are_dicts(write):
    task = write()
    assert type(task._objects) is dict and type(task._info) is dict
    task._objects["y"], task._info["y"] = "0" * 40, {}
    assert task.ds_metadata == {"objects": {"y": "0" * 40}, "info": {"y": {}}}


def test_loading(write, reopen):
    task = write()
    task.save_artifacts([("a", [1]), ("b", [1]), ("c", 2)])
    loaded = list(reopen(task).load_artifacts(["a", "c", "b", "c"]))
    assert sorted(loaded) == [("a", [1]), ("b", [1]), ("c", 2), ("c", 2)]
    first, second = (value for name, value in loaded if name in "ab")
    assert first is not second


def test_loading_is_lazy(write):
    write().load_artifacts(["nothing"])  # nothing happens before the first value is asked for


def test_what_is_being_written_can_be_loaded(write):
    task = write()
    task.save_artifacts([("x", 1)])
    assert task["x"] == 1


def test_old_artifacts_have_no_info(write, reopen):
    task = write()
    task.save_artifacts([("x", 1)])
    task._info["x"] = {}
    assert task["x"] == 1
    task._info = {"other": {}}
    assert task["x"] == 1
    task._info["x"] = {"encoding": "gzip+pickle-v4", "serializer_info": None}
    assert task["x"] == 1


def test_a_name_saved_twice_has_the_later_value(write):
    task = write()
    task.save_artifacts([("x", 1), ("x", "two")])
    assert task["x"] == "two" and task._info["x"]["type"] == "<class 'str'>"


def test_serializers_can_be_set_and_unset(write):
    task = write()
    mine = [toy()]
    task._serializers = mine
    assert task._serializers is mine
    task._serializers = None
    assert task._serializers is SerializerStore.get_ordered_serializers()


# ---- errors while saving ----


def test_nobody_takes_it(write):
    error = failure(write, toy(takes=returning(False)), obj=[1])
    assert str(error) == (
        "No serializer claimed artifact 'x' (type: list). The PickleSerializer fallback normally handles all objects — "
        "check that it is installed and enabled."
    )


def test_a_serializer_fails(write):
    error = failure(write, toy(made=raising(ValueError("boom"))))
    assert str(error) == "Serializer Toy failed on artifact 'x': ValueError: boom"
    assert isinstance(error.__cause__, ValueError)


def test_errors_of_metaflow_pass(write):
    mine = MetaflowException("mine")
    assert failure(write, toy(made=raising(mine)), MetaflowException) is mine


def test_interrupts_pass(write):
    assert type(failure(write, toy(made=raising(KeyboardInterrupt())), KeyboardInterrupt)) is KeyboardInterrupt


def test_a_serializer_can_say_that_pickle_would_not_do(write):
    error = failure(write, toy(made=raising(UnpicklableArtifactException())), UnpicklableArtifactException)
    assert str(error) == 'Cannot pickle dump artifact named "x"'
    assert not isinstance(error, DataException) and type(error.__cause__) is UnpicklableArtifactException


@pytest.mark.parametrize("made", [17, ([],), ([], 1, 2), None])
def test_wrong_shapes(write, made):
    assert str(failure(write, toy(made=returning(made)))).startswith("Serializer Toy failed on artifact 'x': ")


METADATA = SerializationMetadata("thing", 3, "toy-v1", {})


@pytest.mark.parametrize("blobs", [[], None, ()])
def test_no_blobs(write, blobs):
    assert str(failure(write, toy(made=returning((blobs, METADATA))))) == "Serializer Toy returned no blobs for artifact 'x'"


def test_too_many_blobs(write):
    error = failure(write, toy(made=returning(([SerializedBlob(b"a")] * 3, METADATA))))
    assert str(error) == (
        "Serializer Toy returned 3 blobs for artifact 'x'; only single-blob serializers are supported at this time. If you have "
        "a need for multi blob serializers, please reach out to the Metaflow team."
    )


@pytest.mark.parametrize("blobs", [[b"bytes"], iter([SerializedBlob(b"a")]), 5, {"a": 1}])
def test_what_is_no_list_of_blobs(write, blobs):
    assert "returned no list of SerializedBlob for artifact 'x'" in str(failure(write, toy(made=returning((blobs, METADATA)))))


@pytest.mark.parametrize("metadata", [None, ("thing", 3, "toy-v1", {}), METADATA._replace(serializer_info=5)])
def test_what_is_no_metadata(write, metadata):
    error = failure(write, toy(made=returning(([SerializedBlob(b"a")], metadata))))
    assert "returned no SerializationMetadata for artifact 'x'" in str(error)


@pytest.mark.parametrize("change", [{"serializer_info": {"a": {1, 2}}}, {"size": b"3"}, {"obj_type": int}])
def test_metadata_that_json_can_t_hold(write, change):
    error = failure(write, toy(made=returning(([SerializedBlob(b"a")], METADATA._replace(**change)))))
    assert "metadata for artifact 'x' that JSON can't hold" in str(error)


def test_nothing_of_a_batch_that_fails_is_recorded(write):
    task = write()
    with pytest.raises(UnpicklableArtifactException):
        task.save_artifacts([("a", 1), ("b", threading.Lock()), ("c", 3)])
    assert task._objects == {} and task._info == {}


def test_the_iterator_s_own_error_passes(write):
    def artifacts():
        yield "a", 1
        raise KeyError("mine")

    task = write()
    with pytest.raises(KeyError, match="mine"):
        task.save_artifacts(artifacts())
    assert task._info == {}


# ---- what can't be pickled ----


class Model:
    def __init__(self, layers):
        self.layers = layers


class Layer:
    def __init__(self):
        self._lock = threading.Lock()


def test_the_path_to_what_pickle_can_t_store(write):
    task = write()
    with pytest.raises(UnpicklableArtifactException) as caught:
        task.save_artifacts([("model", Model([1, 2, 3, Layer()]))])
    text = str(caught.value)
    assert text.startswith('Cannot pickle dump artifact named "model"')
    assert 'artifact "model": model.layers[3]._lock is a _thread.lock, which pickle can\'t store' in text
    cause = caught.value.__cause__
    assert type(cause) is UnpicklableArtifactException and isinstance(cause.__cause__, TypeError)
    assert caught.value.headline == "Cannot pickle artifact"


def test_other_errors_of_pickle_name_the_path_too(write):
    task = write()
    with pytest.raises(DataException) as caught:
        task.save_artifacts([("jobs", {"first": lambda: 1})])
    text = str(caught.value)
    assert text.startswith("Serializer PickleSerializer failed on artifact 'jobs': ")
    assert "artifact \"jobs\": jobs['first'] is a lambda" in text


class Refuser:
    def __reduce__(self):
        raise ValueError("not me")


def test_an_object_that_refuses(write):
    error = failure(write, PickleSerializer, obj=[Refuser()])
    assert str(error).startswith("Serializer PickleSerializer failed on artifact 'x': ValueError: not me")
    assert "x[0] is a" in str(error)


def test_a_serializer_of_the_pickle_class_s_kind_does_its_own_work(write):
    class Mine(PickleSerializer):
        TYPE = None

        @classmethod
        def serialize(cls, obj, format=None):
            return [SerializedBlob(b"mine")], METADATA

    task = write()
    task._serializers = [Mine]
    task.save_artifacts([("x", 1)])
    assert task._objects["x"] == hashlib.sha1(b"mine").hexdigest()


def test_a_function_put_into_the_pickle_class_is_called(write, monkeypatch):
    monkeypatch.setattr(PickleSerializer, "serialize", lambda obj, format=None: ([SerializedBlob(b"mine")], METADATA))
    task = write()
    task._serializers = [PickleSerializer]
    task.save_artifacts([("x", 1)])
    assert task._objects["x"] == hashlib.sha1(b"mine").hexdigest()


# ---- references and sources ----


def test_a_reference_to_a_stored_blob(write, reopen):
    task = write()
    task.save_artifacts([("a", [1, 2])])
    key = task._objects["a"]
    task._serializers = [toy(made=returning(([SerializedBlob(key)], SerializationMetadata("l", 1, "pickle-v4", {}))))]
    task.save_artifacts([("b", None)])
    assert task._objects == {"a": key, "b": key}
    task._serializers = None
    assert reopen(task)["b"] == [1, 2]


def test_a_reference_to_nothing(write):
    error = failure(write, toy(made=returning(([SerializedBlob("0" * 40)], METADATA))))
    assert "Artifact 'x' of task 'Flow/1/step/" in str(error) and "0" * 40 in str(error)


def test_text_that_is_no_reference(write):
    error = failure(write, toy(made=returning(([SerializedBlob("text", is_reference=False)], METADATA))))
    assert "returned text to be stored for artifact 'x'" in str(error)


def test_the_source_is_added_to_a_copy(save_with, monkeypatch):
    monkeypatch.setattr(SerializerStore, "get_source_for", classmethod(lambda cls, serializer: "my-package"))
    info = {"level": 3}
    made = ([SerializedBlob(b"a")], METADATA._replace(serializer_info=info))
    assert save_with(toy(made=returning(made)))._info["x"]["serializer_info"] == {"level": 3, "source": "my-package"}
    assert info == {"level": 3}


def test_the_author_s_source_stays(save_with, monkeypatch):
    monkeypatch.setattr(SerializerStore, "get_source_for", classmethod(lambda cls, serializer: "my-package"))
    made = ([SerializedBlob(b"a")], METADATA._replace(serializer_info={"source": "author"}))
    assert save_with(toy(made=returning(made)))._info["x"]["serializer_info"] == {"source": "author"}


def test_empty_info_is_left_out(save_with):
    assert save_with(toy())._info["x"] == {"size": 3, "type": "thing", "encoding": "toy-v1"}


# ---- errors while loading ----


def test_no_metadata_at_all(write):
    task = write()
    with pytest.raises(DataException) as caught:
        task["x"]
    assert str(caught.value) == f"Datastore for task '{task._path}' does not have the required metadata to load artifacts"


def test_an_unknown_name_is_a_key_error(write):
    task = write()
    task.save_artifacts([("x", 1)])
    for name in ("y", ""):
        with pytest.raises(KeyError) as caught:
            task[name]
        assert caught.value.args == (name,)
    task._info["y"] = {"encoding": "pickle-v4"}
    with pytest.raises(KeyError):
        task["y"]
    assert task.get("y") is None and task.get("y", 5) == 5


def test_nobody_reads_it(save_with):
    task = save_with(toy())
    task._info["x"]["serializer_info"] = {"source": "my-package"}
    task._serializers = [PickleSerializer]
    with pytest.raises(DataException) as caught:
        task["x"]
    assert str(caught.value) == (
        "No deserializer claimed artifact 'x' (encoding: toy-v1, serializer_info: {'source': 'my-package'}). The artifact was "
        "written by 'my-package' — the corresponding extension may not be installed."
    )
    del task._info["x"]["serializer_info"]
    with pytest.raises(DataException) as caught:
        task["x"]
    assert str(caught.value) == "No deserializer claimed artifact 'x' (encoding: toy-v1, serializer_info: {})."


def test_a_deserializer_fails(save_with):
    task = save_with(toy(read=raising(ValueError("boom"))))
    with pytest.raises(LoadError) as caught:
        task["x"]
    assert str(caught.value) == (
        f"Serializer Toy failed to load artifact 'x' of task '{task._path}' (encoding: toy-v1): ValueError: boom"
    )
    assert isinstance(caught.value, DataException) and isinstance(caught.value.__cause__, ValueError)
    with pytest.raises(LoadError):
        task.get("x")  # it is there: a default would hide it


def test_metaflow_s_errors_and_interrupts_pass_on_load(save_with):
    for error in (MetaflowException("mine"), KeyboardInterrupt()):
        with pytest.raises(type(error)) as caught:
            save_with(toy(read=raising(error)))["x"]
        assert caught.value is error


def test_a_deserializer_gets_bytes_and_metadata(save_with):
    seen = []
    task = save_with(toy(read=lambda data, metadata: seen.append((data, metadata))))
    task["x"]
    assert seen == [([b"toy"], METADATA)] and type(seen[0][0][0]) is bytes


def test_a_missing_blob_names_artifact_key_and_path(write, tmp_path):
    task = write()
    task.save_artifacts([("x", [1, 2, 3]), ("y", [1, 2, 3])])
    key = task._objects["x"]
    file = tmp_path / ".metaflow" / "Flow" / "data" / key[:2] / key
    file.unlink()
    with pytest.raises(DataException) as caught:
        list(task.load_artifacts(["x", "y"]))
    for part in ("'x'", "'y'", task._path, key, str(file)):
        assert part in str(caught.value)
    assert task.get("x", "default") == "default"


def test_a_damaged_blob_names_the_artifact(write, tmp_path):
    task = write()
    task.save_artifacts([("x", [1, 2, 3])])
    key = task._objects["x"]
    file = tmp_path / ".metaflow" / "Flow" / "data" / key[:2] / key
    stored = bytearray(file.read_bytes())
    stored[len(stored) // 2] ^= 255
    file.unlink()
    file.write_bytes(stored)
    with pytest.raises(DataException, match=f"(?s)Artifact 'x' of task .*{key}"):
        task["x"]


# ---- dispatch that fails ----


@pytest.mark.parametrize("question", ["takes", "reads"])
def test_a_serializer_that_fails_when_asked_is_skipped_and_noted(write, question):
    task = write()
    task.save_artifacts([("x", 1)])
    task._serializers = [toy(**{question: raising(ValueError("boom"))}), PickleSerializer]
    with pytest.warns(RuntimeWarning, match="Serializer Toy raised ValueError during dispatch and was skipped: boom"):
        if question == "takes":
            task.save_artifacts([("y", 2)])
        else:
            assert task["x"] == 1


def test_dispatch_errors_are_counted():
    record = SerializerStore._records["pickle"]
    before = record.dispatch_error_count
    with pytest.warns(RuntimeWarning):
        module._record_dispatch_error(PickleSerializer, ValueError("boom"))
    assert record.dispatch_error_count == before + 1
    assert record.last_error == "dispatch: ValueError: boom"
    record.dispatch_error_count, record.last_error = before, None


def test_a_serializer_without_record_only_warns():
    with pytest.warns(RuntimeWarning):
        module._record_dispatch_error(functools.partial(int), ValueError("boom"))


def test_warnings_can_be_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning):
            module._record_dispatch_error(PickleSerializer, ValueError("boom"))


# ---- the attempt ----


def test_modes_and_states_are_guarded(write, reopen):
    task = write()
    task.save_artifacts([("x", 1)])
    reader = reopen(task)
    with pytest.raises(MetaflowInternalError, match=r"Tried to write to datastore \(method save_artifacts\) after it was marked .done\(\)"):
        task.save_artifacts([("y", 1)])
    with pytest.raises(MetaflowInternalError, match=r"\(method clone\)"):
        task.clone(reader)
    with pytest.raises(MetaflowInternalError, match="operation 'save_artifacts' requiring mode 'w' but have mode 'r'"):
        reader.save_artifacts([("y", 1)])


def test_an_attempt_that_is_not_done_has_no_artifacts(flow, write):
    task = write()
    task.save_artifacts([("x", 1)])
    reader = flow.get_task_datastore(*task.pathspec.split("/"), allow_not_done=True)
    assert reader._objects == {} and reader._info == {} and "x" not in reader and reader.get("x") is None
    assert dict(reader.items()) == {} and reader.ds_metadata == {"objects": {}, "info": {}}
    with pytest.raises(DataException, match="No completed attempts of the task was found"):
        flow.get_task_datastore(*task.pathspec.split("/"))


def test_a_done_attempt_without_data_has_no_artifacts(flow, write, tmp_path):
    task = write()
    task.done()
    (tmp_path / ".metaflow" / task._path / "0.data.json").unlink()
    assert flow.get_task_datastore(*task.pathspec.split("/"))._objects == {}


def test_a_clone_has_dicts_of_its_own(write, reopen):
    origin = write()
    origin.save_artifacts([("x", 1)])
    clone = write()
    clone.clone(reopen(origin))
    clone.save_artifacts([("y", 2)])
    clone._info["x"]["size"] = 0
    assert "y" not in origin._objects and origin._info["x"]["size"] != 0
    assert reopen(clone)["x"] == 1


def test_data_json_is_stock_s(write, tmp_path):
    task = write()
    task.save_artifacts([("x", {"a": 1})])
    task.done()
    text = (tmp_path / ".metaflow" / task._path / "0.data.json").read_text()
    data = json.loads(text)
    assert list(data) == ["datastore", "version", "attempt", "python_version", "objects", "info"]
    assert json.dumps(data) == text
    assert (tmp_path / ".metaflow" / task._path / "0.DONE.lock").read_text() == '""'


def test_done_is_written_last(foreign):
    task = foreign.get_task_datastore("1", "step", "1", attempt=0, mode="w")
    task.init_task()
    calls = []
    plain = foreign._storage_impl.save_bytes

    def save_bytes(items, **options):
        items = list(items)
        calls.append([path for path, _ in items])
        plain(iter(items), **options)

    foreign._storage_impl.save_bytes = save_bytes
    task.done()
    assert calls == [["Flow/1/step/1/0.data.json"], ["Flow/1/step/1/0.DONE.lock"]]


def test_metadata_that_json_can_t_hold_leaves_nothing(write, tmp_path):
    task = write()
    task._objects["x"], task._info["x"] = "0" * 40, {"a": {1}}
    with pytest.raises(TypeError):
        task.done()
    assert not (tmp_path / ".metaflow" / task._path / "0.data.json").exists()


def test_passing_down(write, reopen):
    origin = write()
    origin.save_artifacts([("x", 1), ("y", 2)])
    task = write()
    task.passdown_partial(reopen(origin), ["x", "z"])
    assert list(task._objects) == ["x"] and task["x"] == 1


def test_only_one_artifact_is_in_memory(local):
    """`persist` hands over objects that nobody else keeps."""
    import weakref

    class Big:
        alive = weakref.WeakSet()

        def __init__(self, name):
            self.name = name
            Big.alive.add(self)

        def __reduce__(self):
            most.append(len(Big.alive))
            return str, (self.name,)

    most = []
    task = local.get_task_datastore("1", "step", "1", attempt=0, mode="w")
    task.save_artifacts((name, Big(name)) for name in "abcd")
    assert most == [1, 1, 1, 1]


# ---- a store that is somebody else's ----


class PlainStore:
    """Knows bytes and nothing else."""

    TYPE = "plain"

    def __init__(self):
        self.blobs = {}

    def save_blobs(self, blobs, len_hint=0):
        from collections import namedtuple

        results = []
        for blob in blobs:
            assert type(blob) is bytes
            key = hashlib.sha1(blob).hexdigest()
            self.blobs[key] = blob
            results.append(namedtuple("result", "uri key")(None, key))
        return results

    def load_blobs(self, keys):
        return ((key, self.blobs[key]) for key in keys)


def test_another_blob_store_gets_and_gives_bytes(write):
    task = write()
    task._ca_store = PlainStore()
    array = np.arange(100_000)
    task.save_artifacts([("x", array)])
    assert (task["x"] == array).all()
    with pytest.raises(UnpicklableArtifactException, match="x is a _thread.lock"):
        task.save_artifacts([("x", threading.Lock())])
    task.done()
