# SPDX-License-Identifier: Apache-2.0
"""The one registry of the framework."""

from .. import _coffer

RECORDS, CLASSES, PENDING = range(3)

REGISTRY = _coffer.ClassRegistry()


def one_line(text: object) -> str:
    """Text as the library takes it: without NUL and lone surrogates."""
    return str(text).encode("utf-8", "replace").decode().replace("\0", " ")
