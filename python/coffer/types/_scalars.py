# SPDX-License-Identifier: Apache-2.0
"""Numbers in their ranges, truth values, text and bytes."""

from __future__ import annotations

from typing import Any

from ._native import Native


class _Scalar(Native, entered=False):
    @classmethod
    def _take(cls, value: Any) -> Any:
        """Checked at once; NumPy's scalars become Python's."""
        if hasattr(value, "dtype") and getattr(value, "shape", None) == ():
            value = value.item()
        codec = cls._codec()
        return codec.from_storage(codec.to_storage(value))


class Int32(_Scalar):
    """An int from -2^31 to 2^31 - 1."""


class Int64(_Scalar):
    """An int from -2^63 to 2^63 - 1."""


class Float32(_Scalar):
    """A float, rounded to the nearest of 32 bits; one beyond the largest of them is refused."""


class Float64(_Scalar):
    """A float."""


class Bool(_Scalar):
    """True or False."""


class Text(_Scalar):
    """A str that UTF-8 can hold."""


class Bytes(Native):
    """Bytes, stored as they are."""

    @classmethod
    def _take(cls, value: Any) -> bytes:
        return value if isinstance(value, bytes) else bytes(memoryview(value))
