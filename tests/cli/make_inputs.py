#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Made the files under inputs/ (CPython 3.11, NumPy 2)."""
import collections
import datetime
import os
import pathlib
import pickle

import numpy

INPUTS = pathlib.Path(__file__).resolve().parent / "inputs"


class Hostile:
    def __reduce__(self):
        return os.system, ("touch owned",)


def main():
    INPUTS.mkdir(exist_ok=True)
    arrays = {
        "small": numpy.arange(6, dtype="<i4").reshape(2, 3),
        "fortran": numpy.asfortranarray(numpy.arange(6, dtype=">f8").reshape(2, 3)),
        "records": numpy.array([(1, 2.5, b"ab"), (2, 3.5, b"c")], dtype=[("id", "<u2"), ("x", "<f8"), ("tag", "S4")]),
        "empty": numpy.zeros((0, 3)),
        "objects": numpy.array([1, "a"], dtype=object),
    }
    for name, array in arrays.items():
        numpy.save(INPUTS / f"{name}.npy", array, allow_pickle=True)
    plain = {"a": [1, 2.5, None], "b": ("x", b"y")}
    rich = {
        "when": datetime.datetime(2031, 1, 31, 12),
        "count": collections.Counter("abca"),
        "nested": [[[[[[[1]]]]]]],
        "array": numpy.arange(5),
    }
    sound = pickle.dumps(plain, protocol=4)
    pickles = {
        "dict0": pickle.dumps(plain, protocol=0),
        "dict4": sound,
        "dict5": pickle.dumps(plain, protocol=5),
        "rich": pickle.dumps(rich, protocol=4),
        "hostile": pickle.dumps({"model": Hostile()}, protocol=4),
        "cut": sound[:-3],
        "trailing": sound + b"xx",
        "unknown": b"\x80\x04\xff.",
        "surrogate": pickle.dumps("a\udc80b", protocol=4),
    }
    for name, data in pickles.items():
        (INPUTS / f"{name}.pkl").write_bytes(data)


if __name__ == "__main__":
    main()
