#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures how long SHA-1 takes and writes what the demo stores: an array, a JSON document, a text and a pickle.

The files under examples/data were made by it (CPython 3.11, NumPy 2); the demo itself needs no Python.
"""
import collections
import datetime
import fractions
import hashlib
import json
import pathlib
import pickle
import time

import numpy

DATA = pathlib.Path(__file__).resolve().parent / "data"
REPEATS = 16
SIZES = [1 << power for power in range(6, 24)]


def measure():
    """Seconds for each size (row) and repetition (column)."""
    seconds = numpy.empty((len(SIZES), REPEATS))
    for row, size in enumerate(SIZES):
        block = bytes(size)
        for column in range(REPEATS):
            begin = time.perf_counter_ns()
            hashlib.sha1(block).digest()
            seconds[row, column] = (time.perf_counter_ns() - begin) / 1e9
    return seconds


def fit(seconds):
    """A straight line through the fastest run of each size."""
    fastest = seconds.min(axis=1)
    slope, intercept = numpy.polyfit(SIZES, fastest, 1)
    return collections.OrderedDict(
        measuring=datetime.timedelta(seconds=float(seconds.sum())),
        repeats=REPEATS,
        smallest_to_largest=fractions.Fraction(SIZES[0], SIZES[-1]),
        intercept_seconds=float(intercept),
        bytes_per_second=float(1 / slope),
        residual_seconds=fastest - (intercept + slope * numpy.array(SIZES)),
    )


def main():
    DATA.mkdir(exist_ok=True)
    seconds = measure()
    numpy.save(DATA / "seconds.npy", seconds)
    setup = {
        "what": "time to hash a block of zeros",
        "algorithm": "sha1",
        "sizes_bytes": SIZES,
        "repeats": REPEATS,
        "unit": "s",
        "warmed_up": False,
        "rejected": None,
    }
    (DATA / "setup.json").write_text(json.dumps(setup) + "\n")
    (DATA / "model.pkl").write_bytes(pickle.dumps(fit(seconds), protocol=4))
    (DATA / "notes.txt").write_text(
        "Seconds that SHA-1 takes for blocks of zeros, one row a size, one column a repetition.\n"
        "Nothing was warmed up, so the very first run is the slowest for its size.\n"
        "Größen sind in Bytes, Zeiten in Sekunden.\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
