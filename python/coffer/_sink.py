# SPDX-License-Identifier: Apache-2.0
"""Pickling without copies of what is large."""

from __future__ import annotations

from _pickle import Pickler as _Pickler

from ._coffer import pickle_artifact

__all__ = ["Pickler", "pickle_artifact"]


class Pickler(_Pickler):
    """The pickler behind pickle.dumps, with a place for the function that reduces arrays; C code makes and fills it."""

    __slots__ = ("reducer_override",)
