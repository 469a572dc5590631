# SPDX-License-Identifier: Apache-2.0
"""The value types."""

import json

import pytest


def test_a_format_is_the_text_that_it_stands_for(framework):
    Format = framework.serializer.SerializationFormat
    assert [each.name for each in Format] == ["STORAGE", "WIRE"]
    assert Format.STORAGE == "storage" and Format.WIRE == "wire"
    assert hash(Format.WIRE) == hash("wire") and {"wire": 1}[Format.WIRE] == 1
    assert json.dumps([Format.STORAGE]) == '["storage"]'
    assert Format("wire") is Format.WIRE and isinstance(Format.WIRE, str)


def test_metadata_are_a_named_tuple_of_four(framework):
    Metadata = framework.serializer.SerializationMetadata
    assert Metadata._fields == ("obj_type", "size", "encoding", "serializer_info")
    assert Metadata("t", 1, "e", {}) == ("t", 1, "e", {})
    assert Metadata("t", 1, "e", {})._replace(size=2).size == 2
    with pytest.raises(TypeError):
        Metadata("t", 1, "e")


@pytest.mark.parametrize(
    ("value", "given", "is_reference"),
    [
        ("key", None, True),
        (b"bytes", None, False),
        ("key", False, False),
        (b"bytes", True, True),
        ("key", 0, 0),
        (b"", "yes", "yes"),
    ],
)
def test_a_blob_tells_references_by_type_unless_it_is_told(framework, value, given, is_reference):
    blob = framework.serializer.SerializedBlob(value, is_reference=given)
    assert blob.value is value
    assert blob.is_reference == is_reference and type(blob.is_reference) is type(is_reference)
    assert blob.needs_save is (not is_reference)
    with pytest.raises(AttributeError):
        blob.needs_save = True


@pytest.mark.parametrize(("value", "name"), [(bytearray(b"x"), "bytearray"), (None, "NoneType"), (5, "int"), ([b""], "list")])
def test_a_blob_of_anything_else_is_refused(framework, value, name):
    with pytest.raises(TypeError, match=f"^SerializedBlob value must be str or bytes, got {name}$"):
        framework.serializer.SerializedBlob(value)


def test_what_the_package_exports(framework):
    for name in (
        "ArtifactSerializer",
        "SerializationFormat",
        "SerializationMetadata",
        "SerializedBlob",
        "SerializerStore",
        "SerializerState",
        "list_serializer_status",
    ):
        assert hasattr(framework.package, name)
    for name in (
        "register_serializer_for_type",
        "SerializerConfig",
        "register_serializer_config",
        "iter_registered_configs",
        "load_serializer_class",
    ):
        assert not hasattr(framework.package, name) and not hasattr(framework.serializer, name)


def test_the_states(framework):
    assert [state.value for state in framework.State] == [
        "known",
        "importing",
        "class_loaded",
        "importing_deps",
        "active",
        "pending_on_imports",
        "broken",
        "disabled",
    ]
    assert framework.State.ACTIVE == "active" and framework.State("broken") is framework.State.BROKEN
    assert json.dumps(framework.State.KNOWN) == '"known"'
