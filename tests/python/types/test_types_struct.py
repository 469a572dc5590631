# SPDX-License-Identifier: Apache-2.0
import dataclasses
import datetime
import enum
import json
import os
import pickle
import sys
import types as python_types
from typing import Literal, Optional

import pytest

coffer = pytest.importorskip("coffer")

import typed_shapes
from typed_shapes import Box, Color, Everything, Size, Slotted

from coffer import types
from coffer.types import type_named


def load(name, fields=None, data=None):
    """What a reader gets for a Struct of that class."""
    return type_named(f"Struct[{name}]").deserialize([data or json.dumps(fields).encode()]).value


EVERYTHING = Everything(
    text="t",
    count=1,
    rate=0.5,
    flag=True,
    color=Color.GREEN,
    at=datetime.datetime(2024, 2, 29, 1, 2, 3, 4),
    level="low",
    size=Size(1, 2),
    maybe=None,
    names={"a": 1},
    pair=[1, "x"],
)


def test_dataclass_instances_come_back(write):
    task = write(box=types.Struct(Box("b", Size(1, 2), Size(3, 4))), all=types.Struct(EVERYTHING), slotted=types.Struct(Slotted(5)))
    assert task["box"].value == Box("b", Size(1, 2), Size(3, 4))
    assert task["all"].value == EVERYTHING
    assert task["slotted"].value.x == 5
    assert task.info("box").encoding == "iotype:Struct[typed_shapes:Box]"
    assert bytes(task.load_bytes("slotted")) == b'{"x":5}'


def test_both_formats():
    typed = types.Struct(EVERYTHING)
    assert type(typed).deserialize(typed.serialize("wire"), "wire") == typed
    assert type(typed).deserialize(typed.serialize()[0]) == typed
    assert pickle.loads(pickle.dumps(typed)) == typed


def test_containers_stay_json():
    typed = types.Struct(dataclasses.replace(EVERYTHING, sizes=[Size(1, 2)]))
    assert type(typed).deserialize(typed.serialize()[0]).value.sizes == [{"width": 1, "height": 2}]


def test_nothing_of_the_class_runs():
    @dataclasses.dataclass
    class Loud:
        x: int
        ran = []

        def __new__(cls, *args, **kwargs):
            cls.ran.append("new")
            return object.__new__(cls)

        def __init__(self, x):
            self.ran.append("init")

        def __post_init__(self):
            self.ran.append("post_init")

        def __setattr__(self, name, value):
            self.ran.append("setattr")

    Loud.__qualname__ = "Loud"
    Loud.__module__ = "typed_shapes"
    typed_shapes.Loud = Loud
    try:
        assert load("typed_shapes:Loud", {"x": 3}).x == 3
        assert Loud.ran == []
    finally:
        del typed_shapes.Loud


def test_schema_from_annotations():
    spec = types.Struct[Everything].to_spec()
    assert types.Struct(EVERYTHING).to_spec() == types.Struct[Everything]().to_spec() == spec
    size = {
        "type": "object",
        "title": "Size",
        "properties": {"width": {"type": "integer"}, "height": {"type": "integer"}},
        "required": ["width", "height"],
        "additionalProperties": False,
    }
    assert spec["title"] == "typed_shapes:Everything" and spec["additionalProperties"] is False
    assert spec["required"] == ["text", "count", "rate", "flag", "color", "at", "level", "size"]
    assert spec["properties"] == {
        "text": {"type": "string"},
        "count": {"type": "integer"},
        "rate": {"type": "number"},
        "flag": {"type": "boolean"},
        "color": {"enum": ["red", "green"]},
        "at": {"type": "string", "format": "date-time"},
        "level": {"enum": ["low", "high"]},
        "size": size,
        "maybe": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None},
        "sizes": {"type": "array", "items": size, "default": []},
        "names": {"type": "object", "additionalProperties": {"type": "integer"}, "default": {}},
        "pair": {
            "type": "array",
            "prefixItems": [{"type": "integer"}, {"type": "string"}],
            "minItems": 2,
            "maxItems": 2,
            "default": [0, ""],
        },
        "anything": {"default": None},
    }


def test_schema_of_dates_and_defaults(monkeypatch):
    @dataclasses.dataclass
    class Moments:
        day: datetime.date
        clock: datetime.time
        since: datetime.datetime = datetime.datetime(2024, 1, 2)
        color: Color = Color.GREEN
        either: "int | list[str]" = 5
        size: Size = dataclasses.field(default_factory=lambda: Size(1, 2))
        rate: float = float("inf")
        nested: dict[str, list[Optional[Size]]] = dataclasses.field(default_factory=dict)

    Moments.__module__, Moments.__qualname__ = "typed_shapes", "Moments"
    monkeypatch.setattr(typed_shapes, "Moments", Moments, raising=False)
    spec = types.Struct[Moments].to_spec()
    properties = spec["properties"]
    assert spec["required"] == ["day", "clock"]
    assert properties["day"] == {"type": "string", "format": "date"} and properties["clock"] == {"type": "string", "format": "time"}
    assert properties["since"] == {"type": "string", "format": "date-time", "default": "2024-01-02T00:00:00"}
    assert properties["color"] == {"enum": ["red", "green"], "default": "green"}
    assert properties["either"] == {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "string"}}], "default": 5}
    assert properties["size"]["title"] == "Size" and "default" not in properties["size"]  # only code of the class could make it
    assert properties["rate"] == {"type": "number"}  # JSON has no infinity
    item = properties["nested"]["additionalProperties"]["items"]
    assert [option.get("title", option["type"]) for option in item["anyOf"]] == ["Size", "null"]


def test_choices_that_json_has_no_name_for(monkeypatch, write):
    class Odd(enum.Enum):
        ONE = b"1"

    @dataclasses.dataclass
    class Choice:
        color: Literal[Color.RED]
        odd: Optional[Odd] = None
        literal: Literal[b"x", "y"] = "y"

    Choice.__module__, Choice.__qualname__ = "typed_shapes", "Choice"
    monkeypatch.setattr(typed_shapes, "Choice", Choice, raising=False)
    task = write(x=types.Struct(Choice(Color.RED)))
    properties = task.info("x").serializer_info["spec"]["properties"]
    assert properties == {
        "color": {"enum": ["red"]},
        "odd": {"anyOf": [{}, {"type": "null"}], "default": None},
        "literal": {"default": "y"},
    }


def test_new_fields_take_their_defaults():
    assert load("typed_shapes:Box", {"name": "n", "size": {"width": 1, "height": 2}}) == Box("n", Size(1, 2), None)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "n"},
        {"name": "n", "size": {"width": 1, "height": 2}, "colour": 1},
        {"name": "n", "size": {"width": 1}},
        {"name": "n", "size": 5},
    ],
)
def test_fields_that_do_not_fit_make_a_record(fields):
    assert load("typed_shapes:Box", fields) == types.Record("typed_shapes:Box", fields)


def test_records():
    record = load("no_such_module_at_all:Thing", {"a": 1, "b": {"c": 2}, "_fields": 3, "keys": 4})
    assert type(record) is types.Record
    assert record.a == 1 and record["b"] == {"c": 2} and record["_fields"] == 3 and record["keys"] == 4
    for change in (lambda: setattr(record, "a", 2), lambda: delattr(record, "a"), lambda: record.__setitem__("a", 2)):
        with pytest.raises((AttributeError, TypeError)):
            change()
    with pytest.raises(AttributeError):
        record.missing
    assert pickle.loads(pickle.dumps(record)) == record
    assert bytes(types.Struct["no_such_module_at_all:Thing"](record).serialize()[0][0]) == b'{"_fields":3,"a":1,"b":{"c":2},"keys":4}'


# ---- what a name may not do ----


class Trap:
    """Tells when somebody touches it."""

    touched = []

    def __getattribute__(self, name):
        Trap.touched.append(name)
        return object.__getattribute__(self, name)

    def __call__(self, *args, **kwargs):
        Trap.touched.append("call")


class Meta(type):
    def __getattribute__(cls, name):
        Trap.touched.append(name)
        return type.__getattribute__(cls, name)

    def __call__(cls, *args, **kwargs):
        Trap.touched.append("call")


class Metaclassed(metaclass=Meta):
    pass


@pytest.fixture
def hostile(monkeypatch):
    module = python_types.ModuleType("hostile")
    module.__getattr__ = lambda name: Trap.touched.append(name)
    module.instance = Size(1, 2)
    module.trap = Trap()
    module.Metaclassed = Metaclassed
    module.alias = Size
    module.function = lambda **fields: Trap.touched.append("function")

    @dataclasses.dataclass
    class Setter:
        x: int

    def set_x(self, value):
        Trap.touched.append("set")

    Setter.x = property(lambda self: 1, set_x)
    Setter.__module__, Setter.__qualname__ = "hostile", "Setter"
    module.Setter = Setter
    monkeypatch.setitem(sys.modules, "hostile", module)
    monkeypatch.setitem(sys.modules, "hostile_module", Trap())
    Trap.touched.clear()
    yield
    assert Trap.touched == []


@pytest.mark.parametrize(
    "name",
    [
        "os:system",
        "posix:system",
        "builtins:eval",
        "builtins:object",
        "subprocess:Popen",
        "hostile:instance",
        "hostile:trap",
        "hostile:trap.x",
        "hostile:Metaclassed",
        "hostile:Metaclassed.x",
        "hostile:alias",
        "hostile:function",
        "hostile:missing",
        "hostile:Setter",
        "hostile_module:x",
        "typed_shapes:dataclasses.dataclass",
        "typed_shapes:Color",
        "no.such.module:Class",
        "sys:modules",
    ],
)
def test_hostile_names_are_records(hostile, name):
    loaded = load(name, {"x": 1})
    assert type(loaded) is types.Record and dict(loaded) == {"x": 1}


def test_nothing_is_imported(run_python, tmp_path):
    (tmp_path / "trap.py").write_text(
        "import dataclasses\nprint('imported')\n@dataclasses.dataclass\nclass C:\n    x: int\n"
    )
    program = """
import sys
sys.path.insert(0, sys.argv[1])
from coffer import types
from coffer.types import type_named
def load():
    return type_named("Struct[trap:C]").deserialize([b'{"x":1}']).value
if sys.argv[2]:
    types.allow_imports(*sys.argv[2].split(","))
print(type(load()).__name__)
"""
    assert run_python(program, tmp_path, "") == "Record\n"
    assert run_python(program, tmp_path, "trapper,tra") == "Record\n"
    assert run_python(program, tmp_path, "trap") == "imported\nC\n"
    assert run_python(program, tmp_path, "*") == "imported\nC\n"
    named = {**os.environ, "COFFER_TYPES_IMPORT": "other,trap"}
    assert run_python(program, tmp_path, "", env=named) == "imported\nC\n"


def test_classes_that_nobody_could_find_again():
    @dataclasses.dataclass
    class Inside:
        x: int

    with pytest.raises(coffer.Error, match="does not name a class"):
        types.Struct(Inside(1))
    with pytest.raises(TypeError):
        types.Struct[int]
    with pytest.raises(TypeError):
        types.Struct(5)
    with pytest.raises(TypeError):
        types.Struct[Box](Size(1, 2))


def test_what_an_artifact_says_beside_its_encoding_is_no_more_than_a_hint(write):
    from coffer.types import _bridge

    for hints in (None, {}, {"iotype": "Struct[os:system]", "spec": [[]]}, '{"iotype": 5}'):
        assert _bridge.load(b"5", "iotype:Int32", hints) == types.Int32(5)
