#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Typed artifacts beside what Python has: Tensor beside pickle of the same array, Json and Struct beside json and pickle.

Each way runs in a process of its own, in turn, and saves into and loads from a file of its own: coffer through a task, the others as one writes it
by hand. Times are medians; memory is what the process grows by at the peak. docs/types.md shows the latest results.

usage: bench/typed.py [--mib 256] [--rounds 5] [--json FILE] [--quick]
"""

import argparse
import dataclasses
import json
import pathlib
import pickle
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from measuring import measured

MIB = 1 << 20
QUICK_MIB = 2
RECORD_BYTES = 100  # about, of a record as JSON
FIELDS = ("seconds", "processor_seconds", "added_mib")


@dataclasses.dataclass
class Reading:
    name: str
    count: int
    rate: float
    tags: list[str]


@dataclasses.dataclass
class Readings:
    readings: list[dict[str, Any]]


def make_array(mib: int) -> Any:
    import numpy

    return numpy.random.default_rng(5).random(mib * MIB // 8)


def make_records(mib: int) -> list[dict[str, Any]]:
    dice = random.Random(5)
    return [
        dataclasses.asdict(Reading(f"reading {i}", i, dice.random(), ["new", "from the north", str(i % 9)])) for i in range(mib * MIB // RECORD_BYTES)
    ]


# ---- the ways: each saves an object at a path and loads it ----


def by_coffer(wrap: Callable[[Any], Any]) -> tuple[Callable[[Any, pathlib.Path], None], Callable[[pathlib.Path], Any]]:
    import coffer

    def save(thing: Any, path: pathlib.Path) -> None:
        store = coffer.open(path, sync=False)
        with store.task("Bench/1/step/1", mode="w") as task:
            task["thing"] = wrap(thing)

    def load(path: pathlib.Path) -> Any:
        with coffer.open(path).task("Bench/1/step/1") as task:
            return task["thing"].value

    return save, load


def by_bytes(dump: Callable[[Any], bytes], parse: Callable[[bytes], Any]) -> tuple[Any, Any]:
    return lambda thing, path: path.write_bytes(dump(thing)), lambda path: parse(path.read_bytes())


def to_json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def typed(name: str) -> Callable[[], tuple[Any, Any]]:
    def ways() -> tuple[Any, Any]:
        from coffer import types

        return by_coffer(getattr(types, name))

    return ways


def pickled() -> tuple[Any, Any]:
    return by_bytes(lambda thing: pickle.dumps(thing, 4), pickle.loads)


def structured() -> tuple[Any, Any]:
    return by_bytes(lambda thing: to_json(dataclasses.asdict(thing)), lambda data: Readings(**json.loads(data)))


PAYLOADS: dict[str, tuple[Callable[[int], Any], dict[str, Callable[[], tuple[Any, Any]]]]] = {
    "array of float64": (make_array, {"Tensor": typed("Tensor"), "pickle": pickled}),
    "list of records": (make_records, {"Json": typed("Json"), "json": lambda: by_bytes(to_json, json.loads), "pickle": pickled}),
    "dataclass with records": (lambda mib: Readings(make_records(mib)), {"Struct": typed("Struct"), "json": structured, "pickle": pickled}),
}


# ---- measuring ----


def size_on_disk(path: pathlib.Path) -> int:
    return sum(file.stat().st_size for file in [path, *path.rglob("*")] if file.is_file())


def measure(payload: str, way: str, mib: int, path: pathlib.Path) -> dict[str, Any]:
    make, ways = PAYLOADS[payload]
    save, load = ways[way]()
    thing, saving, loading = make(mib), {}, {}
    save(thing[:10] if isinstance(thing, list) else make(1), path.with_suffix(".warm"))
    with measured(saving):
        save(thing, path)
    with measured(loading):
        loaded = load(path)
    is_same = bool((loaded == thing).all()) if payload.startswith("array") else loaded == thing
    if not is_same:
        raise SystemExit(f"{way}: what is loaded of a {payload} is not what was saved")
    return {"save": saving, "load": loading, "size_bytes": size_on_disk(path)}


def in_child(payload: str, way: str, mib: int, folder: pathlib.Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        words = [sys.executable, __file__, "--child", payload, way, str(mib), str(pathlib.Path(scratch) / "thing")]
        result: dict[str, Any] = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)
        return result


def median_of(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    what = {part: {field: statistics.median(each[part][field] for each in rounds) for field in FIELDS} for part in ("save", "load")}
    return {**what, "size_bytes": rounds[0]["size_bytes"]}


def run(mib: int, rounds: int, folder: pathlib.Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(payload, way, medians); the ways take turns."""
    for payload, (_, ways) in PAYLOADS.items():
        size = mib if payload.startswith("array") else max(1, mib // 8)
        found: dict[str, list[dict[str, Any]]] = {way: [] for way in ways}
        for _ in range(rounds):
            for way in ways:
                found[way].append(in_child(payload, way, size, folder))
        for way in ways:
            yield payload, way, {"mib": size, **median_of(found[way])}


def row(payload: str, way: str, result: dict[str, Any]) -> str:
    cells = [f"{result[part]['seconds'] * 1000:.0f} ms, {result[part]['added_mib']:.0f} MiB" for part in ("save", "load")]
    return f"| {payload}, {result['mib']} MiB | {way} | {cells[0]} | {cells[1]} | {result['size_bytes'] / MIB:.1f} MiB |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mib", type=int, default=256, help="of the array; records take an eighth; default %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="default %(default)s")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write all medians")
    parser.add_argument("--quick", action="store_true", help="small and once, to see that all works; times mean nothing")
    parser.add_argument("--scratch", type=pathlib.Path, help="where files are written for a while; default the system's place for them")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        payload, way, mib, path = options.child
        print(json.dumps(measure(payload, way, int(mib), pathlib.Path(path))))
        return
    mib, rounds = (QUICK_MIB, 1) if options.quick else (options.mib, options.rounds)
    results = []
    print("| value | as | save | load | on disk |\n|---|---|---|---|---|")
    for payload, way, result in run(mib, rounds, options.scratch):
        print(row(payload, way, result), flush=True)
        results.append({"payload": payload, "way": way, **result})
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
