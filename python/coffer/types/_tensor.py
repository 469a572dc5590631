# SPDX-License-Identifier: Apache-2.0
"""Numbers in a grid."""

from __future__ import annotations

from typing import Any

from ._native import Native


def _word(parameter: Any) -> str:
    if parameter is None or parameter == "?":
        return "?"
    if isinstance(parameter, (int, str)):
        return str(parameter)
    name = getattr(parameter, "name", None) or getattr(parameter, "__name__", None)  # a dtype, or numpy.float32
    if not isinstance(name, str):
        raise TypeError(f"{parameter!r} is no element type and no length of a dimension")
    return name


class Tensor(Native):
    """An array of numbers, of anything that shows one: NumPy, DLPack, the buffer protocol.

    Tensor["float32", 2, None] says what it must be: the element type, then the length of each dimension, None for any.

    Stored as an .npy file with little-endian elements in C order. What is loaded is a read-only numpy.ndarray over the bytes of the artifact, which
    are not copied; without NumPy a memoryview.
    """

    def __class_getitem__(cls, parameters: Any) -> type[Tensor]:
        return cls._with(map(_word, parameters if isinstance(parameters, tuple) else (parameters,)))
