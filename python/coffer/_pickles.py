# SPDX-License-Identifier: Apache-2.0
"""Looking into pickles without running them."""

from __future__ import annotations

from typing import Any

from . import _coffer, _types


def inspect(data: Any) -> Any:
    """What a pickle holds, as plain data: nothing in it is imported, called or executed.

    None, bool, int, float, complex, str, bytes, bytearray, list, tuple, dict, set and frozenset are themselves, with shared and cyclic references as
    they were. Classes and functions are Global, instances are Object, NumPy arrays and scalars are Tensor (over the memory of `data`, not copied),
    persistent ids are Persistent, extension codes are Extension.

    Args:
        data: one pickle of protocol 0 to 5; any bytes-like object.

    Raises:
        Malformed: it is no pickle; `offset` says where. Limit: it is too deep or too large.
    """
    return _coffer.inspect(data)


def scan(data: Any) -> _types.Report:
    """What unpickling would import and call, without doing it.

    Fails closed: what can't be followed is at least suspicious, and a damaged pickle is a finding, not an exception.

    Args:
        data: one or more pickles in a row; any bytes-like object.
    """
    verdict, findings = _coffer.scan(data)
    return _types.Report(
        _types.Verdict(verdict),
        [
            _types.Finding(_types.Verdict(verdict), _types.Action(action), *rest)
            for verdict, action, *rest in findings
        ],
    )
