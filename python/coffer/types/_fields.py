# SPDX-License-Identifier: Apache-2.0
"""Fields of dataclasses by their annotations: made again from JSON, and their schema."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import math
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ._imports import is_dataclass_class

_EMPTY = (list, dict, set, tuple)
_FORMATS: dict[Any, str] = {datetime.datetime: "date-time", datetime.date: "date", datetime.time: "time"}
_SCALARS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    type(None): {"type": "null"},
    list: {"type": "array"},
    tuple: {"type": "array"},
    dict: {"type": "object"},
    **{cls: {"type": "string", "format": name} for cls, name in _FORMATS.items()},
}


def _hints(cls: type) -> dict[str, Any]:
    """The annotations as objects; none when one names what is not there."""
    try:
        return typing.get_type_hints(cls)
    except Exception:
        return {}


def _options(hint: Any) -> tuple[Any, ...] | None:
    """The members of a union."""
    is_union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    return typing.get_args(hint) if is_union else None


def _is_class(hint: Any, base: type) -> bool:
    return isinstance(hint, type) and typing.get_origin(hint) is None and issubclass(hint, base)


# ---- to JSON ----


def to_plain(value: Any) -> Any:
    """As JSON has it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return to_plain(value.value)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    return value


# ---- from JSON ----


class _Unfit(Exception):
    """The value is not what the field holds."""


def _member(cls: type[enum.Enum], value: Any) -> enum.Enum:
    for member in cls:
        plain = to_plain(member)
        if type(plain) is type(value) and plain == value:
            return member
    raise _Unfit


def _moment(cls: Any, value: Any) -> Any:
    try:
        return cls.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise _Unfit from error


def _value(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    options = _options(hint)
    if options is not None:
        others = [option for option in options if option is not type(None)]
        return _value(others[0], value) if len(others) == 1 else value
    if is_dataclass_class(hint):
        made = rebuild(hint, value) if isinstance(value, dict) else None
        if made is None:
            raise _Unfit
        return made
    if _is_class(hint, enum.Enum):
        return _member(hint, value)
    return _moment(hint, value) if hint in _FORMATS else value


def _absent(field: dataclasses.Field[Any]) -> Any:
    """What a field holds that was not stored: its default."""
    if field.default is not dataclasses.MISSING:
        return field.default
    factory: Any = field.default_factory
    if not any(factory is each for each in _EMPTY):
        raise _Unfit
    return factory()


def _is_stored_plainly(cls: Any, name: str) -> bool:
    """Is the field in the instance's dict or in a slot, and no property that would run code when it is set?"""
    for base in cls.__mro__:
        if name in base.__dict__:
            found = type(base.__dict__[name])
            return found is types.MemberDescriptorType or not hasattr(found, "__set__")
    return True


def rebuild(cls: Any, plain: Mapping[str, Any]) -> Any:
    """An instance of a dataclass with these fields, or None when they are not its fields. Calls nothing of the class."""
    fields = {field.name: field for field in dataclasses.fields(cls)}
    if not set(plain) <= set(fields) or not all(_is_stored_plainly(cls, name) for name in fields):
        return None
    hints = _hints(cls)
    try:
        self = object.__new__(cls)
        for name, field in fields.items():
            made = _value(hints.get(name), plain[name]) if name in plain else _absent(field)
            object.__setattr__(self, name, made)
    except (_Unfit, TypeError, AttributeError):  # the latter two: of a class that is built on another than object
        return None
    return self


# ---- schemas ----


def _array(args: tuple[Any, ...], outer: tuple[type, ...]) -> dict[str, Any]:
    return {"type": "array", "items": _schema(args[0], outer)} if args else {"type": "array"}


def _tuple(args: tuple[Any, ...], outer: tuple[type, ...]) -> dict[str, Any]:
    if not args or args[-1] is Ellipsis:
        return _array(args[:1], outer)
    return {
        "type": "array",
        "prefixItems": [_schema(arg, outer) for arg in args],
        "minItems": len(args),
        "maxItems": len(args),
    }


def _object(args: tuple[Any, ...], outer: tuple[type, ...]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": _schema(args[1], outer)} if args else {"type": "object"}


def _choice(members: Iterable[Any]) -> dict[str, Any]:
    """One of these; anything when JSON has no name for one of them."""
    plain = [to_plain(member) for member in members]
    is_json = all(member is None or isinstance(member, (bool, int, float, str)) for member in plain)
    return {"enum": plain} if is_json else {}


_GENERIC: dict[Any, Callable[[tuple[Any, ...], tuple[type, ...]], dict[str, Any]]] = {
    list: _array,
    Sequence: _array,
    tuple: _tuple,
    dict: _object,
    Mapping: _object,
    typing.Literal: lambda args, outer: _choice(args),
    typing.Annotated: lambda args, outer: _schema(args[0], outer),
}


def _schema(hint: Any, outer: tuple[type, ...]) -> dict[str, Any]:
    """Of an annotation; one that says nothing takes anything. `outer`: the classes around it, for one that holds itself."""
    options = _options(hint)
    if options is not None:
        return {"anyOf": [_schema(option, outer) for option in options]}
    if is_dataclass_class(hint):
        return {"type": "object", "title": hint.__qualname__} if hint in outer else schema_of(hint, outer)
    if _is_class(hint, enum.Enum):
        return _choice(hint)
    generic = _GENERIC.get(typing.get_origin(hint))
    return generic(typing.get_args(hint), outer) if generic else dict(_SCALARS.get(hint, {}))


def _is_json(plain: Any) -> bool:
    if isinstance(plain, dict):
        return all(isinstance(key, str) and _is_json(item) for key, item in plain.items())
    if isinstance(plain, list):
        return all(map(_is_json, plain))
    return plain is None or isinstance(plain, (bool, int, str)) or (isinstance(plain, float) and math.isfinite(plain))


def _default(field: dataclasses.Field[Any]) -> dict[str, Any]:
    """What the schema says of a field's default: nothing when JSON can't, or when only code of the class could tell."""
    try:
        plain = to_plain(_absent(field))
    except _Unfit:
        return {}
    return {"default": plain} if _is_json(plain) else {}


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def schema_of(cls: Any, outer: tuple[type, ...] = ()) -> dict[str, Any]:
    """The JSON schema of a dataclass."""
    hints = _hints(cls)
    fields = dataclasses.fields(cls)
    return {
        "type": "object",
        "title": cls.__qualname__,
        "properties": {field.name: {**_schema(hints.get(field.name, Any), (*outer, cls)), **_default(field)} for field in fields},
        "required": [field.name for field in fields if _is_required(field)],
        "additionalProperties": False,
    }
