# SPDX-License-Identifier: Apache-2.0
"""What holds for every type, and writing one's own."""

import enum
import subprocess
import sys

import pytest

coffer = pytest.importorskip("coffer")

from typed_shapes import Color, Money

from coffer import types


class Format(str, enum.Enum):
    STORAGE = "storage"
    WIRE = "wire"


def test_a_type_needs_all_four_hooks():
    class Half(types.IOType):
        def _wire_serialize(self):
            return ""

    for cls in (types.IOType, Half):
        with pytest.raises(TypeError, match="_storage_serialize"):
            cls(1)


@pytest.mark.parametrize("format", ["wires", "", None, 0])
def test_unknown_format(format):
    with pytest.raises(ValueError, match="no format"):
        types.Int32(1).serialize(format)
    with pytest.raises(ValueError, match="no format"):
        types.Int32.deserialize("1", format)


def test_formats_of_metaflow():
    assert types.Int32(1).serialize(Format.WIRE) == "1"
    assert types.Int32.deserialize([b"1"], Format.STORAGE).value == 1


def test_without_a_value_it_is_a_descriptor():
    descriptor = types.Int32()
    assert descriptor.to_spec()["maximum"] == 2**31 - 1
    assert not descriptor.has_value and descriptor == types.Int32() and descriptor != types.Int32(0)
    with pytest.raises(ValueError, match="has no value"):
        descriptor.serialize()
    with pytest.raises(ValueError, match="has no value"):
        descriptor.value


def test_equality_and_hash_by_type_and_value():
    assert types.Int32(1) == types.Int32(1) and types.Int32(1) != types.Int64(1) and types.Int32(1) != 1
    assert types.Json({"a": 1, "b": 2}) == types.Json({"b": 2, "a": 1})
    assert types.Json([1]) != types.Json([1.0]) != types.Json([True])
    assert types.Float64(float("nan")) == types.Float64(float("nan"))
    assert len({types.Json([1]), types.Json([1]), types.Text("x"), types.Text("x")}) == 2
    assert Money(1) == Money(1) != Money(2) and hash(Money(1)) == hash(Money(1))
    assert hash(Money([])) == hash(Money([]))  # what can't be hashed goes by the type


@pytest.mark.parametrize(
    "make",
    [
        lambda: types.Int32(2**31),
        lambda: types.Int32(True),
        lambda: types.Int32(1.0),
        lambda: types.Int64(2**63),
        lambda: types.Float32(1e39),
        lambda: types.Float64("1"),
        lambda: types.Bool(1),
        lambda: types.Text(b"x"),
        lambda: types.Enum["a", "b"]("c"),
        lambda: types.Json({"a": [float("nan")]}).serialize(),
        lambda: types.Json([2**53 + 1]).serialize(),
        lambda: types.Json({1: 2}).serialize(),
        lambda: types.Json([object()]).serialize(),
        lambda: types.Json([b"x"]).serialize(),
        lambda: types.List[types.Int32](["x"]).serialize(),
        lambda: types.Map[types.Text, types.Int32]({1: 1}).serialize(),
        lambda: types.Json["small"],
        lambda: types.Tensor["object"],
    ],
)
def test_wrong_values_and_parameters(make):
    with pytest.raises(coffer.Error):
        make()


def test_text_with_lone_surrogates_is_refused():
    with pytest.raises(UnicodeEncodeError):
        types.Text("\ud800")


def test_a_mismatch_names_the_place():
    with pytest.raises(coffer.Malformed, match=r"\.a\[1\]"):
        types.Json({"a": [1, 2**60]}).serialize()


def test_values_that_hold_themselves_are_refused():
    loop = []
    loop.append(loop)
    with pytest.raises(RecursionError):
        types.Json(loop).serialize()


def test_large_ints():
    numbers = [2**63, -(2**63) - 1, 10**400, -(10**400), 0]
    typed = types.Json["big"](numbers)
    assert type(typed).deserialize(typed.serialize()[0]).value == numbers


def test_parameters_make_the_same_class():
    assert types.List[types.Int32] is types.List[types.Int32]
    assert types.Enum[Color].type_name == "Enum[RED,GREEN]"
    assert types.Enum[Color](Color.RED).value == "RED"
    with pytest.raises(TypeError, match="has its parameters"):
        types.Json["big"]["big"]
    with pytest.raises(TypeError):
        types.List[int]


def test_bytes_of_any_buffer():
    assert types.Bytes(bytearray(b"ab")).value == types.Bytes(memoryview(b"ab")).value == b"ab"
    assert bytes(types.Bytes(b"").serialize()[0][0]) == b""


def test_own_type_through_a_task(write):
    task = write(money=Money(3))
    assert task["money"] == Money(3)
    assert task.info("money").encoding == "iotype:Money"
    assert task.info("money").serializer_info == {
        "currency": "EUR",
        "iotype": "Money",
        "spec": {"type": "integer"},
        "source": "coffer",
    }


def test_own_type_that_is_not_imported(write, store):
    task = write(money=Money(3))
    program = "import coffer, sys; coffer.open(sys.argv[1]).task(sys.argv[2])['money']"
    done = subprocess.run([sys.executable, "-c", program, store.root, task.pathspec], capture_output=True, text=True)
    assert "there is no type Money here: import the module that has its class" in done.stderr


def test_a_name_is_taken_once():
    with pytest.raises(TypeError, match="is taken by class"):

        class Taken(types.Int32):
            type_name = "Int32"

    with pytest.raises(TypeError, match="no plain ASCII identifier"):

        class Odd(types.Text):
            type_name = "a[b]"


def test_every_type_through_a_task(write):
    typed = {
        "a": types.Int64(-5),
        "b": types.Float32(0.1),
        "c": types.Bool(False),
        "d": types.Text("two\nlines\0"),
        "e": types.Bytes(b"\0\xff"),
        "f": types.Enum["x", "y"]("y"),
        "g": types.List[types.List[types.Bytes]]([[b"x"], []]),
        "h": types.Map[types.Int32, types.Json]({1: {"k": None}}),
        "i": types.Json({}),
        "j": types.Struct({"any": 1}),
    }
    task = write(**typed)
    assert dict(task) == typed
    assert {name: task[name].value for name in typed} == {name: each.value for name, each in typed.items()}


def test_json_says_what_it_refuses_and_the_option_that_keeps_it():
    for value, option in ((2**53 + 1, "big"), (float("nan"), "nan"), (-float("inf"), "nan")):
        with pytest.raises(coffer.Malformed, match=rf"^\[0\].a: .*Json\[{option}\] keeps"):
            types.Json([{"a": value}]).serialize()
        kept = types.Json[option]([{"a": value}])
        for format in ("storage", "wire"):
            assert repr(type(kept).deserialize(kept.serialize(format)[0] if format == "storage" else kept.serialize(format), format).value) == repr(kept.value)


def test_options_of_json_in_any_order_are_one_type():
    assert types.Json["nan", "big"] is types.Json["big", "nan"]
    assert types.Json["big", "nan"].type_name == "Json[big,nan]"
    for wrong in ("small", ("big", "big"), ("big", "small")):
        with pytest.raises(coffer.Error):
            types.Json[wrong]


def test_what_would_be_mistaken_for_a_float_is_refused():
    with pytest.raises(coffer.Malformed, match=r"^\[1\].x: .*\$float"):
        types.Json["nan"]([0.5, {"x": {"$float": "NaN"}}]).serialize()
    assert types.Json([{"$float": "NaN"}]).serialize("wire") == '[{"$float":"NaN"}]'


@pytest.mark.parametrize(
    "text", ['{"b":1,"a":2}', ' {"a": [1.50, 1e2]}\n', '["\\u00e9"]', "1e2", '{"a":1,"b":{"c":[true,null]}}'], ids=lambda text: text[:12]
)
def test_json_that_others_wrote_is_read_as_canonical_json_is(text):
    import json

    loaded = types.Json.deserialize([text.encode()])
    assert repr(loaded.value) in (repr(json.loads(text)), repr(dict(sorted(json.loads(text).items())) if text.strip()[0] == "{" else None))
    assert loaded == types.Json(json.loads(text)) == types.Json.deserialize(text, "wire")
