# SPDX-License-Identifier: Apache-2.0
"""What the pickler is tried on before it is trusted: some of all that another version of Python might write in another way."""

from __future__ import annotations

from typing import Any

_SHARED: list[Any] = []
_CYCLE: list[Any] = [_SHARED, (_SHARED,)]
_CYCLE.append((1, 2, 3, _CYCLE))


class Probe:
    """An object that reduces in the usual way."""

    def __init__(self) -> None:
        self.state = "state"


OBJECTS: list[Any] = [
    *(dict.fromkeys(range(count)) for count in (0, 1, 1000, 1001)),
    *(list(range(count)) for count in (0, 1, 1000, 1001)),
    *(set(range(count)) for count in (0, 1, 1000)),
    *(frozenset(range(count)) for count in (0, 1, 1001)),
    *(tuple(range(count)) for count in range(5)),
    *(sign * (1 << power) for power in (7, 8, 15, 16, 31, 32, 63, 64, 2040) for sign in (1, -1)),
    *("", "text", "\u00e9\u20ac\U0001f600\ud800", "x" * 256, b"", b"bytes", bytearray(), bytearray(b"xy"), 1.5, None, True, False, 1j),
    *(..., NotImplemented, type(None), type(...), int, len, {}.get, Probe, Probe.__init__, range(5), slice(1)),
    *(_CYCLE, Probe(), ValueError("error")),
    *(["y" * 60] * 9, ["y" * 30_000 + end for end in "abcde"], [str(number) for number in range(300)], b"z" * (64 << 10), "end"),
]
