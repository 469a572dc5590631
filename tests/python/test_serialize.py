# SPDX-License-Identifier: Apache-2.0
import pickle

import pytest

import coffer


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __eq__(self, other):
        return (self.x, self.y) == (other.x, other.y)


VALUES = [None, True, 3, 10**40, 2.5, 1j, "text", b"bytes", bytearray(b"x"), [1], (1,), {1: 2}, {1}, frozenset({1}), Point(1, 2)]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_round_trip_without_a_store(value):
    blobs, metadata = coffer.serialize(value)
    assert blobs == [pickle.dumps(value, 4)] and type(blobs[0]) is bytes
    assert metadata == (str(type(value)), len(blobs[0]), "pickle-v4", {"source": "metaflow"})
    assert coffer.deserialize(blobs, metadata) == value
    assert coffer.deserialize(iter([memoryview(blobs[0])]), tuple(metadata)) == value


@pytest.mark.parametrize("encoding", ["pickle-v2", "pickle-v4", "gzip+pickle-v2", "gzip+pickle-v4"])
def test_every_encoding_of_pickle_is_read(encoding):
    assert coffer.deserialize([pickle.dumps([1], 2)], coffer.Metadata("object", 0, encoding, {})) == [1]


def test_metaflow_s_own_metadata_will_do():
    class Foreign:
        obj_type, size, encoding, serializer_info = "object", 5, "pickle-v4", None

    assert coffer.deserialize([pickle.dumps(1, 4)], Foreign) == 1


def test_what_nobody_reads_names_the_package_that_wrote_it():
    metadata = coffer.Metadata("object", 1, "arrow-v1", {"source": "mf-arrow", "rows": 3})
    with pytest.raises(coffer.Declined, match="mf-arrow"):
        coffer.deserialize([b"x"], metadata)


def test_the_cause_of_a_failure_is_kept():
    with pytest.raises(coffer.SerializerFailed) as caught:
        coffer.deserialize([b"garbage"], coffer.Metadata("object", 7, "pickle-v4", {}))
    assert isinstance(caught.value.__cause__, pickle.UnpicklingError)
    assert "UnpicklingError" in str(caught.value)

    class Failing:
        def __reduce__(self):
            raise ZeroDivisionError("one over nothing")

    with pytest.raises(coffer.SerializerFailed, match="ZeroDivisionError: one over nothing") as caught:
        coffer.serialize(Failing())
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert caught.value.__cause__.__traceback__ is not None


def test_an_error_that_can_t_be_printed_is_still_told():
    class Unprintable(Exception):
        def __str__(self):
            raise RuntimeError

    class Failing:
        def __reduce__(self):
            raise Unprintable

    with pytest.raises(coffer.SerializerFailed, match="Unprintable") as caught:
        coffer.serialize(Failing())
    assert isinstance(caught.value.__cause__, Unprintable)


def test_blobs_and_metadata_must_have_their_shape():
    blobs, metadata = coffer.serialize(1)
    for wrong in ([], blobs * 2):
        with pytest.raises(ValueError):
            coffer.deserialize(wrong, metadata)
    with pytest.raises(TypeError):
        coffer.deserialize(["text"], metadata)
    with pytest.raises(coffer.Invalid):
        coffer.deserialize(blobs, metadata._replace(encoding=None))


def test_a_registry_of_one_s_own():
    empty = coffer.Registry(builtins=False, extensions=False)
    assert empty.status() == []
    with pytest.raises(coffer.Declined):
        coffer.serialize(1, registry=empty)
    off = coffer.Registry(extensions=False, toggles="-pickle")
    assert {record.name: record.state for record in off.status()}["pickle"] == "disabled"
    with pytest.raises(coffer.Declined):
        coffer.serialize(1, registry=off)


def test_the_default_registry_is_one(store):
    assert coffer.default_registry() is coffer.default_registry() is store.registry
    pickles = [record for record in coffer.serializers() if record.name == "pickle"]
    assert [(record.state, record.priority) for record in pickles] == [("active", 9999)]


def test_the_bytes_of_a_pickle_are_not_copied():
    import sys

    value = bytes(1 << 20)
    (blob,), _ = coffer.serialize(value)
    assert sys.getrefcount(blob) <= 3
