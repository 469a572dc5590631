#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One table: saves and loads of whole artifacts, ours against Metaflow's own, same objects, same run.

usage: bench/bench.py [--mib 128] [--rounds 5] [--build build]
"""
import argparse
import os
import pathlib
import pickle
import random
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent


def make_text(size):
    """English-like text: words of skewed frequency."""
    chosen = random.Random(7)
    words = ["".join(chosen.choices("etaoinshrdlucmfwyp", k=chosen.randint(2, 9))) for _ in range(5000)]
    weights = [1 / (rank + 1) for rank in range(len(words))]
    piece = " ".join(chosen.choices(words, weights, k=400_000))
    return (piece * (size // len(piece) + 1))[:size]


def payloads(size):
    """name -> (kind for the C bench, objects)."""
    generator = np.random.default_rng(1)
    return {
        "random float64": ("npy", [generator.random(size // 8)]),
        "small ints": ("npy", [generator.integers(0, 100, size // 8)]),
        "text": ("text", [make_text(size)]),
        "5,000 small dicts": ("pickles", [{"id": i, "name": f"row {i}", "score": i * 0.5} for i in range(5000)]),
    }


def write_input(path, kind, objects):
    if kind == "npy":
        with path.open("wb") as file:
            np.save(file, objects[0])
    elif kind == "text":
        path.write_text(objects[0])
    else:
        path.write_bytes(b"".join(pickle.dumps(each, protocol=4) for each in objects))


def stock_round(root, objects):
    from metaflow.datastore import FlowDataStore
    from metaflow.plugins import DATASTORES

    storage = next(each for each in DATASTORES if each.TYPE == "local")
    flow = FlowDataStore("Bench", storage_impl=storage, ds_root=str(root))
    task = flow.get_task_datastore("1", "start", "1", attempt=0, mode="w")
    task.init_task()
    named = [(f"a{i}", each) for i, each in enumerate(objects)]
    begin = time.perf_counter()
    task.save_artifacts(iter(named), len_hint=len(named))
    task.done()
    saved = time.perf_counter() - begin
    task = flow.get_task_datastore("1", "start", "1")
    begin = time.perf_counter()
    for _ in task.load_artifacts([name for name, _ in named]):
        pass
    return saved, time.perf_counter() - begin


def our_round(program, root, kind, path, sync):
    env = dict(os.environ, COFFER_SYNC=sync)
    line = subprocess.run([program, str(root), "1", kind, str(path)], env=env, check=True, capture_output=True, text=True)
    saved, loaded = map(float, line.stdout.split())
    return saved, loaded


def disk_bytes(root):
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file() and "data" in path.parts)


def show(label, stock, ours, durable, sizes):
    def cells(column):
        ratios = [a[column] / b[column] for a, b in zip(stock, ours)]
        spread = f"{min(ratios):.1f}-{max(ratios):.1f}"
        return (
            f"{statistics.median(a[column] for a in stock):9.3f} {statistics.median(b[column] for b in ours):9.4f} "
            f"{statistics.median(ratios):7.1f} ({spread:>11})"
        )

    synced = statistics.median(a[0] / b[0] for a, b in zip(stock, durable))
    print(f"{label:18} {cells(0)} {synced:8.1f} {cells(1)} {sizes[1] / sizes[0]:6.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mib", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--build", default=str(ROOT / "build"))
    options = parser.parse_args()
    program = os.path.join(options.build, "bench", "bench-save-load")
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="coffer-bench-"))
    print(f"seconds, medians of {options.rounds} rounds; x = stock / ours (least-most); files stay in {scratch}")
    print(f"{'':18} {'save: stock':>9} {'ours':>7} {'x':>7} {'':13} {'durable x':>8} {'load: stock':>8} {'ours':>7} {'x':>7} {'':13}   disk")
    for label, (kind, objects) in payloads(options.mib << 20).items():
        path = scratch / f"{label}.input"
        write_input(path, kind, objects)
        stock, ours, durable = [], [], []
        for number in range(options.rounds):
            where = scratch / label.replace(" ", "-") / str(number)
            rounds = [
                (stock, lambda: stock_round(where / "stock", objects)),
                (ours, lambda: our_round(program, where / "ours", kind, path, "0")),
                (durable, lambda: our_round(program, where / "durable", kind, path, "1")),
            ]
            for results, run in rounds:
                os.sync()  # or a durable save would flush what the one before it left
                results.append(run())
        show(label, stock, ours, durable, (disk_bytes(where / "stock"), disk_bytes(where / "ours")))


if __name__ == "__main__":
    os.environ.setdefault("METAFLOW_HOME", tempfile.mkdtemp())
    os.environ["COFFER_DISABLE"] = "1"  # Metaflow is to be stock, also where the drop-in is installed
    sys.exit(main())
