#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast the pickle reader is beside CPython's pickle.loads: the same bytes, in turns in the same run.

usage: bench/pickle_read.py [BUILD_DIR]
"""

import gc
import os
import pathlib
import pickle
import random
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROUNDS = 7
TIMES_A_ROUND = 5


def data_sets():
    choose = random.Random(20240229)
    yield "list of 1e6 ints below 256", [choose.randrange(256) for _ in range(10**6)]
    yield "list of 1e6 ints below 1000", [choose.randrange(1000) for _ in range(10**6)]
    yield "list of 1e6 ints, all different", list(range(10**6))
    yield "list of 1e6 floats", [choose.random() for _ in range(10**6)]
    yield "list of 200k small dicts", [{"id": i, "name": f"name{i}", "x": choose.random()} for i in range(200_000)]
    yield "dict of 1e5 str to float", {f"key{i}": choose.random() for i in range(100_000)}
    yield "list of 300k tuples", [(i, str(i), None) for i in range(300_000)]


def time_cpython(data: bytes) -> list[float]:
    seconds = []
    gc.disable()
    for _ in range(TIMES_A_ROUND):
        start = time.perf_counter()
        value = pickle.loads(data)
        seconds.append(time.perf_counter() - start)
        del value
    gc.enable()
    return seconds


def time_coffer(program: pathlib.Path, path: str) -> list[float]:
    output = subprocess.run([program, path, str(TIMES_A_ROUND)], check=True, capture_output=True, text=True).stdout
    return [float(line.split()[0]) for line in output.splitlines()]


def spread(seconds: list[float]) -> str:
    low, middle, high = statistics.quantiles(seconds, n=4)
    return f"{middle * 1e3:8.1f} ({low * 1e3:.1f} to {high * 1e3:.1f})"


def main() -> None:
    build_dir = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build")
    program = build_dir / "bench" / "bench-pickle-read"
    print(f"CPython {sys.version.split()[0]}, {os.cpu_count()} processors; medians (and quartiles) in ms; protocol 4")
    print(f"{'':34}{'MB':>6}  {'pickle.loads':>26}  {'coffer':>26}  ratio")
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "data.pkl")
        for name, value in data_sets():
            data = pickle.dumps(value, 4)
            del value
            pathlib.Path(path).write_bytes(data)
            cpython, coffer = [], []
            for _ in range(ROUNDS):
                cpython += time_cpython(data)
                coffer += time_coffer(program, path)
            ratio = statistics.median(cpython) / statistics.median(coffer)
            print(f"{name:34}{len(data) / 1e6:6.1f}  {spread(cpython):>26}  {spread(coffer):>26}  {ratio:5.2f}")


if __name__ == "__main__":
    main()
