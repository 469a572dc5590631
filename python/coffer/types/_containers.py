# SPDX-License-Identifier: Apache-2.0
"""JSON, words of a list, and lists and maps of other types."""

from __future__ import annotations

import enum
from typing import Any

from ._base import IOType
from ._native import Document, Native
from ._scalars import _Scalar


class Json(Document):
    """Any JSON value. Equal values have equal bytes. NaN and ints beyond 2^53 are refused.

    Options keep them: Json["big"] ints of up to 4300 digits, Json["nan"] NaN and the infinities, as {"$float":"NaN"}, Json["big", "nan"] both.
    """

    def __class_getitem__(cls, options: str | tuple[str, ...]) -> type[Json]:
        return cls._with(sorted((options,) if isinstance(options, str) else options))


def _words(parameters: Any) -> list[str]:
    if isinstance(parameters, type) and issubclass(parameters, enum.Enum):
        return list(parameters.__members__)
    words = parameters if isinstance(parameters, tuple) else (parameters,)
    if not all(isinstance(word, str) for word in words):
        raise TypeError("Enum takes words, or a class derived from enum.Enum, whose names they are")
    return list(words)


class Enum(_Scalar):
    """One of several words: Enum["red", "green"]. With an enum class its members' names are the words."""

    def __class_getitem__(cls, words: Any) -> type[Enum]:
        return cls._with(_words(words))

    @classmethod
    def _take(cls, value: Any) -> Any:
        return super()._take(value.name if isinstance(value, enum.Enum) else value)


def _type_names(types: Any) -> list[str]:
    types = types if isinstance(types, tuple) else (types,)
    for each in types:
        if not (isinstance(each, type) and issubclass(each, IOType)):
            raise TypeError(f"a type of coffer.types is needed, not {each!r}")
    return [each.type_name for each in types]


class List(Native):
    """A list of values of one type: List[Int32]."""

    def __class_getitem__(cls, item: type[IOType]) -> type[List]:
        return cls._with(_type_names(item))

    @classmethod
    def _take(cls, value: Any) -> list[Any]:
        return list(value)


class Map(Native):
    """A dict with keys of one type (Text, Enum, Bool or an int) and values of another: Map[Text, Int32]."""

    def __class_getitem__(cls, types: tuple[type[IOType], type[IOType]]) -> type[Map]:
        return cls._with(_type_names(types))

    @classmethod
    def _take(cls, value: Any) -> dict[Any, Any]:
        return dict(value)
