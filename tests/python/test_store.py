# SPDX-License-Identifier: Apache-2.0
import gzip
import json
import pathlib
import pickle
import sys

import pytest

import coffer


def blob_path(store, flow, key):
    return pathlib.Path(store.root) / flow / "data" / key[:2] / key


def test_what_was_saved_is_loaded(write):
    saved = {"number": 10**30, "text": "é\n", "nested": {"a": [1, (2.5, None)], 3: {4, 5}}}
    task = write(**saved)
    assert dict(task) == saved
    assert list(task) == list(saved) and len(task) == 3
    assert "text" in task and "absent" not in task and 3 not in task and "a\0" not in task
    assert list(task.keys()) == list(saved) and list(task.values()) == list(saved.values())
    assert task.get("absent", 7) == 7 and task.get("number") == 10**30


def test_each_look_up_makes_a_new_object(write):
    task = write(x=[1])
    assert task["x"] == task["x"] and task["x"] is not task["x"]


def test_many_are_loaded_in_the_order_of_their_names(write):
    saved = {f"a{i}": {"number": i, "data": bytes(i)} for i in range(700)}
    task = write(large=bytes(3 << 20), **saved)
    names = [*reversed(saved), "large"]
    loaded = task.load_many(iter(names))
    assert list(loaded) == names
    assert loaded == {**saved, "large": bytes(3 << 20)}
    assert task.load_many([]) == {}
    assert task.load_many(["a1", "a1"]) == {"a1": saved["a1"]}


def test_the_one_of_many_that_cannot_be_loaded_is_named(write, store):
    task = write(**{f"a{i}": i for i in range(300)})
    with pytest.raises(coffer.NotFound, match="there is no artifact 'absent'"):
        task.load_many(["a1", "absent"])
    with pytest.raises(TypeError):
        task.load_many(["a1", 3])
    with pytest.raises(TypeError):
        task.load_many(5)
    blob_path(store, "Flow", task.info("a200").key).write_bytes(b"rubbish")
    with pytest.raises(coffer.Corrupt, match="artifact 'a200'"):
        task.load_many(task.names())
    assert task.load_many(["a199", "a201"]) == {"a199": 199, "a201": 201}


def test_opening_a_store_makes_nothing(tmp_path):
    store = coffer.open(tmp_path / "new")
    assert store.flows() == [] and list(tmp_path.iterdir()) == []
    assert store.root == str(tmp_path / "new" / ".metaflow")


def test_a_directory_that_holds_a_store_is_opened_like_the_store_itself(write, store):
    write(x=1)
    root = pathlib.Path(store.root)
    assert coffer.open(root).root == coffer.open(root.parent).root == store.root
    assert coffer.open(str(root)).flows() == ["Flow"]


def test_the_store_that_metaflow_would_use(tmp_path, monkeypatch):
    monkeypatch.delenv("COFFER_STORE", raising=False)
    monkeypatch.setenv("METAFLOW_DATASTORE_SYSROOT_LOCAL", str(tmp_path))
    with pytest.raises(coffer.NotFound):
        coffer.open()
    (tmp_path / ".metaflow").mkdir()
    assert coffer.open().root == str(tmp_path / ".metaflow")


def test_a_block_that_raises_leaves_the_task_not_done(store):
    with pytest.raises(RuntimeError, match="trouble"):
        with store.task("Flow/1/step/1", mode="w") as task:
            task["x"] = 1
            raise RuntimeError("trouble")
    assert task.closed
    assert store.attempts("Flow/1/step/1") == [(0, True, False, False)]
    with pytest.raises(coffer.WrongState):
        store.task("Flow/1/step/1")
    assert len(store.task("Flow/1/step/1", allow_not_done=True)) == 0


def test_a_block_may_end_the_task_itself(store):
    with store.task("Flow/1/step/1", mode="w") as task:
        task["x"] = 1
        task.done(ok=False)
    assert store.task("Flow/1/step/1")["_success"] is False


def test_names_with_an_underscore_are_left_out_but_there(write):
    task = write(x=1, _hidden=2)
    assert list(task) == ["x"] and dict(task) == {"x": 1}
    assert task.names(private=True) == ["x", "_hidden", "_task_ok", "_success"]
    assert task["_hidden"] == 2 and "_hidden" in task and task["_success"] is True


def test_info_is_what_was_recorded(write):
    task = write(x={"a": 1})
    info = task.info("x")
    assert info == (
        "x",
        info.key,
        len(pickle.dumps({"a": 1}, 4)),
        "<class 'dict'>",
        "pickle-v4",
        "metaflow",
        {"source": "metaflow"},
    )
    assert len(info.key) == 40
    with pytest.raises(coffer.NotFound):
        task.info("absent")


def test_keys_are_those_of_pickle(write, store):
    import hashlib

    value = {"a": [1, 2], "b": "text"}
    info = write(x=value).info("x")
    assert info.key == hashlib.sha1(pickle.dumps(value, 4)).hexdigest()
    assert gzip.decompress(blob_path(store, "Flow", info.key).read_bytes()) == pickle.dumps(value, 4)


def test_the_version_of_python_is_recorded_as_metaflow_does(write, store):
    write(x=1)
    text = (pathlib.Path(store.root) / "Flow/1/step/0/0.data.json").read_text()
    assert json.loads(text)["python_version"] == sys.version


def test_a_missing_name_is_a_key_error_that_names_it(write):
    with pytest.raises(KeyError) as caught:
        write(x=1)["absent"]
    assert isinstance(caught.value, coffer.NotFound)
    assert "absent" in str(caught.value) and "Flow/1/step/0" in str(caught.value)


def test_damage_is_found_and_not_taken_for_absence(write, store):
    task = write(x=list(range(1000)))
    path = blob_path(store, "Flow", task.info("x").key)
    path.write_bytes(gzip.compress(b"something else"))
    with pytest.raises(coffer.Corrupt, match="x"):
        task["x"]
    with pytest.raises(coffer.Corrupt):
        task.get("x")
    path.unlink()
    with pytest.raises(coffer.NotFound):
        task.get("x", "default")


def test_saving_several_is_all_or_none(store):
    with store.task("Flow/1/step/1", mode="w") as task:
        task["kept"] = 1
        with pytest.raises(coffer.SerializerFailed, match="second") as caught:
            task.update(first=1, second=lambda: 0, kept=2)
        assert isinstance(caught.value.__cause__, (pickle.PicklingError, AttributeError))
    task = store.task("Flow/1/step/1")
    assert dict(task) == {"kept": 1}


def test_writing_is_refused_where_it_can_t_be(write, store):
    task = write(x=1)
    with pytest.raises(coffer.WrongState):
        task["y"] = 1
    with pytest.raises(coffer.WrongState):
        store.task("Flow/1/step/0", mode="w")
    task.close()
    task.close()
    with pytest.raises(coffer.WrongState, match="closed"):
        task["x"]
    assert repr(task) == "<coffer.Task, closed>"


@pytest.mark.parametrize("pathspec", ["", "Flow", "Flow/1/step", "Flow/1/step/1/0", "Flow/../step/1", "Flow//step/1"])
def test_pathspecs_must_be_whole(store, pathspec):
    with pytest.raises(coffer.Invalid):
        store.task(pathspec, mode="w")


@pytest.mark.parametrize("name", ["", "a/b", "../x", "a\0b"])
def test_names_must_be_usable(store, name):
    with store.task("Flow/1/step/1", mode="w") as task:
        with pytest.raises(ValueError):
            task[name] = 1
        with pytest.raises(TypeError):
            task[1] = 1


def test_listing(write, store):
    for pathspec in ("Flow/10/a/1", "Flow/9/a/1", "Flow/9/b/2", "Flow/9/b/10", "Other/1/a/1"):
        with store.task(pathspec, mode="w"):
            pass
    assert store.flows() == ["Flow", "Other"]
    assert store.runs("Flow") == ["9", "10"]
    assert store.steps("Flow/9") == ["a", "b"]
    assert store.tasks("Flow/9/b") == ["2", "10"]
    assert store.runs("Nothing") == []


def test_attempts(store):
    for attempt in (0, 1):
        with store.task("Flow/1/a/1", mode="w", attempt=attempt) as task:
            task["x"] = attempt
    assert [attempt.number for attempt in store.attempts("Flow/1/a/1")] == [0, 1]
    assert store.task("Flow/1/a/1")["x"] == 1
    assert store.task("Flow/1/a/1", attempt=0)["x"] == 0
    with pytest.raises(coffer.NotFound):
        store.task("Flow/1/a/2")


def test_bytes_go_from_task_to_task_as_they_are(write, store):
    task = write(x={"a": 1})
    data = task.load_bytes("x")
    assert bytes(data) == pickle.dumps({"a": 1}, 4) and len(data) == len(bytes(data))
    with store.task("Flow/2/step/1", mode="w") as copy:
        copy.save_bytes("x", data, task.metadata("x"))
    copy = store.task("Flow/2/step/1")
    assert copy.info("x") == task.info("x") and copy["x"] == {"a": 1}
    assert coffer.deserialize([data], task.metadata("x")) == {"a": 1}


def test_foreign_encodings_are_passed_on_but_not_read(store):
    with store.task("Flow/1/step/1", mode="w") as task:
        task.save_bytes("x", b"abc", coffer.Metadata("<class 'torch.Tensor'>", 3, "torch-v1", {"source": "mf-torch"}))
    task = store.task("Flow/1/step/1")
    assert bytes(task.load_bytes("x")) == b"abc"
    with pytest.raises(coffer.Declined, match="mf-torch"):
        task["x"]
    assert task.info("x").serializer_info == {"source": "mf-torch"}


def test_metadata_files_and_logs(store):
    with store.task("Flow/1/step/1", mode="w") as task:
        task.save_metadata("task_begin", {"retry_count": 0})
        task.save_log("task", "stdout", b"hello\n")
    task = store.task("Flow/1/step/1")
    assert task.load_metadata("task_begin") == {"retry_count": 0}
    assert bytes(task.load_log("task", "stdout")) == b"hello\n"
    with pytest.raises(coffer.NotFound):
        task.load_log("task", "stderr")


def test_verify_finds_damage_and_repairs_a_sidecar(write, store):
    task = write(x=1, y=2)
    assert store.verify().ok
    x, y = (blob_path(store, "Flow", task.info(name).key) for name in "xy")
    x.write_bytes(gzip.compress(b"other"))
    y.with_name(y.name + "_meta").unlink()
    found = store.verify()
    kinds = {problem.kind for problem in found.problems}
    assert not found.ok and kinds == {coffer.ProblemKind.DAMAGED, coffer.ProblemKind.SIDECAR}
    assert any(problem.artifact == "x" and problem.pathspec == "Flow/1/step/0" for problem in found.problems)
    repaired = store.verify("Flow", repair=True)
    assert repaired.repaired == 2
    assert blob_path(store, "Flow", task.info("y").key).with_name(y.name + "_meta").exists()


def test_progress_may_stop_verify_and_its_exception_arrives_as_it_is(write, store):
    write(x=list(range(100)))
    with pytest.raises(coffer.Declined):
        store.verify(progress=lambda done, total: False)

    class Stop(Exception):
        pass

    def progress(done, total):
        raise Stop

    with pytest.raises(Stop):
        store.verify(progress=progress)


def test_an_object_that_comes_back_to_its_task_is_told_so(store):
    class Reentrant:
        def __reduce__(self):
            task["y"] = 1
            return (int, ())

    with store.task("Flow/1/step/1", mode="w") as task:
        with pytest.raises(coffer.SerializerFailed) as caught:
            task["x"] = Reentrant()
    assert isinstance(caught.value.__cause__, coffer.WrongState)


def test_an_object_may_use_another_task(store, write):
    other = write(inner=[1])

    class Loading:
        def __reduce__(self):
            return (list, (other["inner"],))

    assert write(x=Loading())["x"] == [1]


def test_an_interrupt_while_saving_is_not_wrapped(store):
    class Interrupted:
        def __reduce__(self):
            raise KeyboardInterrupt

    with store.task("Flow/1/step/1", mode="w") as task:
        with pytest.raises(KeyboardInterrupt):
            task["x"] = Interrupted()
        task["y"] = 1
    assert dict(store.task("Flow/1/step/1")) == {"y": 1}


def test_want_of_memory_while_saving_is_a_memory_error(store):
    class Huge:
        def __reduce__(self):
            raise MemoryError

    with store.task("Flow/1/step/1", mode="w") as task:
        with pytest.raises(MemoryError):
            task["x"] = Huge()


def test_arguments_are_checked(store, tmp_path):
    with pytest.raises(ValueError):
        coffer.open(tmp_path, verify="maybe")
    with pytest.raises(ValueError):
        store.task("Flow/1/step/1", mode="x")
    with pytest.raises(TypeError):
        coffer.Task(object(), "Flow", "1", "step", "1")
    with pytest.raises(TypeError):
        coffer.Store(tmp_path, object())
    with pytest.raises(coffer.Invalid):
        store.task("Flow/1/step/1", mode="w", attempt=6)
