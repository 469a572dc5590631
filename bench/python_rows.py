#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whole saves and loads of artifacts from Python: Metaflow with the drop-in, without it, and coffer's own API.

Each measurement has a process of its own, which makes the objects, saves and loads them once and tells the seconds and the memory that came on top at the
peak. The ways take turns. With --json everything measured goes into a file.

usage: bench/python_rows.py [--mib 128] [--rounds 5] [--only PAYLOAD] [--ways off,on,durable,own] [--json FILE]
"""
import argparse
import contextlib
import gc
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from bench import disk_bytes, payloads

FRAME_ROWS = 2_000_000
ARRAYS = 200
ONE_EACH = "small dicts, one call each"

# What each way of saving sets in the environment. "off" is stock Metaflow.
WAYS = {
    "off": {"COFFER_DISABLE": "1"},
    "on": {"COFFER_SYNC": "0"},
    "durable": {"COFFER_SYNC": "1"},
    "own": {"COFFER_SYNC": "0"},
}
LABELS = {"off": "Metaflow", "on": "drop-in", "durable": "drop-in, durable", "own": "coffer's API"}


class DropInMissing(Exception):
    pass


def make_frame():
    import pandas as pd

    generator = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "score": generator.random(FRAME_ROWS),
            "count": generator.integers(0, 1000, FRAME_ROWS),
            "name": [f"customer-{number}" for number in generator.integers(0, 1 << 20, FRAME_ROWS)],
        }
    )


def all_payloads(size):
    """name -> function that makes the objects."""
    made = {name: (lambda name=name: payloads(size)[name][1]) for name in payloads(64)}
    made["DataFrame, 2 M rows"] = lambda: [make_frame()]
    made["float32 weights"] = lambda: [np.random.default_rng(5).standard_normal(size // 4, dtype=np.float32)]
    made[ONE_EACH] = made["5,000 small dicts"]
    generator = np.random.default_rng(4)
    made["dict of 200 arrays"] = lambda: [{f"layer{i}": generator.random(size // 8 // ARRAYS) for i in range(ARRAYS)}]
    return made


# ---- one measurement, in the child ----


def memory_kib(field):
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    raise LookupError(field)


@contextlib.contextmanager
def measured(results, what):
    """Notes seconds, and MiB at the peak over what was resident before."""
    gc.collect()
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, begin = memory_kib("VmRSS"), time.perf_counter()
    yield
    results[f"{what}_seconds"] = time.perf_counter() - begin
    results[f"{what}_added_mib"] = max(0, memory_kib("VmHWM") - before) / 1024


def is_drop_in_active():
    import metaflow.datastore.content_addressed_store as module

    return "metaflow_extensions" in module.__file__ or "coffer" in module.ContentAddressedStore.__module__


def through_metaflow(root, way):
    """Functions that save and load named objects as a task of number `task`, with a call for each group of them."""
    from metaflow.datastore import FlowDataStore
    from metaflow.plugins import DATASTORES

    if is_drop_in_active() != (way != "off"):
        raise DropInMissing(f"the drop-in is {'not active' if way != 'off' else 'active in spite of COFFER_DISABLE'}")
    storage = next(each for each in DATASTORES if each.TYPE == "local")
    flow = FlowDataStore("Bench", storage_impl=storage, ds_root=str(root))

    def save(task, groups):
        datastore = flow.get_task_datastore("1", "start", task, attempt=0, mode="w")
        datastore.init_task()
        for named in groups:
            datastore.save_artifacts(iter(named), len_hint=len(named))
        datastore.done()

    def load(task, groups):
        datastore = flow.get_task_datastore("1", "start", task)
        return dict(item for names in groups for item in datastore.load_artifacts(names))

    return save, load


def through_own_api(root):
    import coffer

    store = coffer.open(root)

    def save(task, groups):
        with store.task(f"Bench/1/start/{task}", mode="w") as opened:
            for named in groups:
                opened.update(dict(named))

    def load(task, groups):
        opened = store.task(f"Bench/1/start/{task}")
        return {name: loaded for names in groups for name, loaded in opened.load_many(names).items()}

    return save, load


def measure(way, payload, size, root):
    objects = all_payloads(size)[payload]()
    named = [(f"a{number}", each) for number, each in enumerate(objects)]
    groups = [[each] for each in named] if payload == ONE_EACH else [named]
    save, load = through_own_api(root) if way == "own" else through_metaflow(root, way)
    save("0", [[("warm", np.zeros(100_000))]])
    load("0", [["warm"]])
    results = {}
    with measured(results, "save"):
        save("1", groups)
    with measured(results, "load"):
        loaded = load("1", [[name for name, _ in group] for group in groups])
    assert len(loaded) == len(named)
    results["disk_bytes"] = disk_bytes(root)
    return results


# ---- all of them, in the parent ----


def run_child(way, payload, size, root):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COFFER_")}
    command = [sys.executable, __file__, "--child", way, payload, str(size), str(root)]
    done = subprocess.run(command, env={**environment, **WAYS[way]}, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{LABELS[way]}, {payload}: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def spread(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values), "all": values}


def summarize(rounds):
    """Of the measurements of one payload, {way: [...]}: medians, and stock's time over ours round by round."""
    summary = {}
    for way, measurements in rounds.items():
        summary[way] = {field: spread([each[field] for each in measurements]) for field in measurements[0]}
        for what in ("save", "load") if way != "off" and "off" in rounds else ():
            field = f"{what}_seconds"
            summary[way][f"{what}_ratio"] = spread([stock[field] / each[field] for stock, each in zip(rounds["off"], measurements)])
    return summary


def cells(summary, what):
    ratio = summary.get(f"{what}_ratio")
    times = f"{ratio['median']:6.1f} ({ratio['least']:.1f}-{ratio['most']:.1f})" if ratio else ""
    return f"{summary[f'{what}_seconds']['median']:9.4f} {times:19} {summary[f'{what}_added_mib']['median']:8.1f}"


def show(payload, summaries):
    for way, summary in summaries.items():
        print(f"{payload:27} {LABELS[way]:17} {cells(summary, 'save')}   {cells(summary, 'load')} {summary['disk_bytes']['median'] / (1 << 20):8.1f}")
        payload = ""
    sys.stdout.flush()


def run_all(options):
    ways = options.ways.split(",")
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="coffer-bench-"))
    print(f"medians of {options.rounds} rounds, {options.mib} MiB; x = Metaflow's seconds / ours (least-most); files stay in {scratch}")
    print(f"{'':45} {'save s':>9} {'x':>6} {'':12} {'+MiB':>8}   {'load s':>9} {'x':>6} {'':12} {'+MiB':>8} {'disk MiB':>8}")
    table = {}
    for payload in all_payloads(0):
        if options.only and options.only not in payload:
            continue
        rounds = {way: [] for way in ways}
        for number in range(options.rounds):
            for way in ways if number % 2 == 0 else ways[::-1]:
                where = scratch / payload.replace(" ", "-") / f"{number}-{way}"
                rounds[way].append(run_child(way, payload, options.mib << 20, where))
        table[payload] = summarize(rounds)
        show(payload, table[payload])
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mib", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", help="payloads with this in their name")
    parser.add_argument("--ways", default="off,on,durable,own", help="of %(default)s")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        way, payload, size, root = options.child
        print(json.dumps(measure(way, payload, int(size), pathlib.Path(root))))
        return
    unknown = set(options.ways.split(",")) - set(WAYS)
    if unknown:
        parser.error(f"no such way: {', '.join(sorted(unknown))}")
    table = run_all(options)
    if options.json:
        about = {"python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count(), "mib": options.mib, "rounds": options.rounds}
        options.json.write_text(json.dumps({"about": about, "payloads": table}, indent=1) + "\n")


if __name__ == "__main__":
    os.environ.setdefault("METAFLOW_HOME", tempfile.mkdtemp())
    sys.exit(main())
