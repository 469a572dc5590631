# SPDX-License-Identifier: Apache-2.0
"""Serializers in C in the order of Python classes."""

import os

import pytest

import coffer
from coffer._command import EXTENSIONS

numpy = pytest.importorskip("numpy")


@pytest.fixture
def registry(ours):
    from coffer.framework._registry import REGISTRY

    if not os.path.exists(os.path.join(EXTENSIONS, "npy.json")):
        pytest.skip("the package is not installed with its extensions")
    ours.module("fake_fallback", name="Fallback", type="fallback", priority=9999)
    ours.bootstrap(("fallback", "fake_fallback.Fallback"))
    REGISTRY.set_toggles("+npy")
    REGISTRY.load_directory(EXTENSIONS)
    return REGISTRY


def taker(ours, obj):
    return next(cls for cls in ours.Store.get_ordered_serializers() if cls.can_serialize(obj))


def test_it_stands_in_the_order_before_it_is_loaded(ours, registry):
    assert ours.order() == ["npy", "fallback"] and ours.Store._records["npy"].state == ours.State.KNOWN
    assert taker(ours, [1, 2]).TYPE == "fallback" and ours.Store._records["npy"].state == ours.State.KNOWN
    assert ours.Store.get_ordered_serializers()[0].__name__ == "npy"


def test_arrays_go_through_it_and_come_back(ours, registry):
    array = numpy.arange(3000.0).reshape(3, 1000)  # what is small is copied
    cls = taker(ours, array)
    (blob,), metadata = cls.serialize(array, format=ours.serializer.SerializationFormat.STORAGE)
    assert type(blob) is ours.serializer.SerializedBlob and type(blob.value) is bytes and not blob.is_reference
    assert type(metadata) is ours.serializer.SerializationMetadata
    assert metadata == ("<class 'numpy.ndarray'>", len(blob.value), "npy-v1", metadata.serializer_info)
    assert ours.Store.get_source_for(cls) == "coffer"
    reader = next(each for each in ours.Store.get_ordered_serializers() if each.can_deserialize(metadata))
    loaded = reader.deserialize([blob.value], metadata, format=ours.serializer.SerializationFormat.STORAGE)
    assert type(loaded) is numpy.ndarray and (loaded == array).all() and not loaded.flags.writeable
    assert numpy.shares_memory(loaded, numpy.frombuffer(blob.value, dtype="u1"))


def test_the_class_that_wraps_it(ours, registry):
    taker(ours, numpy.arange(3))
    cls = ours.Store.get_ordered_serializers()[0]
    assert issubclass(cls, ours.Base) and cls.TYPE == "npy" and cls.PRIORITY == 90 and cls.__name__ == "NpySerializer"
    assert ours.Store.get_ordered_serializers()[0] is cls and cls in ours.Store._active_serializers
    assert "npy" not in ours.Store._all_serializers
    for method in (lambda: cls.serialize(numpy.arange(3), format="wire"), lambda: cls.deserialize("text", format="wire")):
        with pytest.raises(NotImplementedError):
            method()


def test_it_can_be_taken_out_of_the_pool_and_put_back(ours, registry):
    array = numpy.arange(3)
    taker(ours, array)
    cls = ours.Store.get_ordered_serializers()[0]
    ours.Store._active_serializers.discard(cls)
    assert taker(ours, array).TYPE == "fallback"
    ours.Store._active_serializers.add(cls)
    assert taker(ours, array) is cls
    ours.Store._ordered_cache = [cls]
    assert coffer.serialize(array, registry=registry)[1].encoding == "npy-v1"


def test_the_library_dispatches_to_both(ours, registry):
    assert coffer.serialize(numpy.arange(3), registry=registry)[1].encoding == "npy-v1"
    assert coffer.serialize("text", registry=registry)[1].encoding == "fallback-v1"


def test_damaged_bytes_are_its_error(ours, registry):
    metadata = ours.serializer.SerializationMetadata("t", 5, "npy-v1", {})
    reader = next(each for each in ours.Store.get_ordered_serializers() if each.can_deserialize(metadata))
    with pytest.raises(coffer.Error):
        reader.deserialize([b"stuff"], metadata)


def test_it_is_off_unless_it_is_switched_on(ours, registry):
    registry.clear(0)
    registry.set_toggles("")
    registry.load_directory(EXTENSIONS)
    assert ours.Store._records["npy"].state == ours.State.DISABLED and "npy" not in ours.order()
