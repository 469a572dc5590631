# SPDX-License-Identifier: Apache-2.0
"""Pickling without copies of what is large."""

from __future__ import annotations

import pickle

from ._coffer import pickle_artifact

__all__ = ["Pickler", "pickle_artifact"]


class Pickler(pickle.Pickler):
    """A pickler with a place for the function that reduces arrays; C code makes and fills it."""

    __slots__ = ("reducer_override",)
