# SPDX-License-Identifier: Apache-2.0
"""How cost grows with the size of an artifact and with the number of artifacts, with one helping thread and with two."""

import dataclasses
import itertools
import math
import pathlib
import statistics
from typing import Any

import payloads
from measuring import measured
from runner import DROP_IN, STOCK, Runner, spread
from stores import STORES

FIELDS = ("seconds", "added_mib")
REPEATED_BYTES = 4 << 20  # a process does small artifacts several times over, at most for so much data


@dataclasses.dataclass(frozen=True)
class Way:
    label: str
    store: str
    environment: dict[str, str]


WAYS = [
    Way("stock", "metaflow", STOCK),
    Way("1 thread", "drop-in", {**DROP_IN, "COFFER_THREADS": "1"}),
    Way("2 threads", "drop-in", {**DROP_IN, "COFFER_THREADS": "2"}),
]


@dataclasses.dataclass(frozen=True)
class Axis:
    """`stock_most` is how far stock is taken along, since it would take most of the time; `rounds_most` how far all is done more than once;
    `repeats_most` how often a process does the small ones."""

    label: str
    unit: str
    points: list[int]
    stock_most: int
    rounds_most: int
    repeats_most: int


def axes(is_quick: bool, is_full: bool) -> list[Axis]:
    sizes = [1 << 10, 1 << 14, 1 << 18, 1 << 22, 1 << 26, 1 << 30, 1 << 32]
    counts = [1, 10, 100, 1000, 10_000, 100_000]
    repeats = 1 if is_quick else 20
    if is_quick:
        sizes, counts = sizes[:3], counts[:3]
    elif not is_full:
        sizes = sizes[:-1]
    stock_bytes, stock_count = (1 << 30, 100_000) if is_full else (1 << 26, 10_000)
    return [
        Axis("random float64", "bytes", sizes, stock_bytes, 1 << 26, repeats),
        Axis("small ints in int64", "bytes", sizes, stock_bytes, 1 << 26, repeats),
        Axis("small dicts, one call", "artifacts", counts, stock_count, 10_000, repeats),
    ]


# ---- in the child ----


def make_objects(axis: str, point: int, number: int) -> list[Any]:
    """Others for each number, or all but the first would be in the store already."""
    if axis == "small dicts, one call":
        return list(itertools.islice(payloads.small_dicts(first=number * point), point))
    make = payloads.make_floats if axis == "random float64" else payloads.make_ints
    return make(dataclasses.replace(payloads.FULL, size_bytes=point), seed=number + 1)


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Saves and loads in this process: medians of the seconds, and the most memory, since what one has released the next may use again."""
    store = STORES[job["store"]](pathlib.Path(job["root"]))
    store.save("0", [[("warm", payloads.make_floats(payloads.QUICK)[0])]])
    store.load("0", [["warm"]])
    rounds: dict[str, list[dict[str, float]]] = {"save": [], "load": []}
    for number in range(1, job["repeats"] + 1):
        objects = make_objects(job["axis"], job["point"], number)
        named = [(f"a{index}", each) for index, each in enumerate(objects)]
        del objects
        rounds["save"].append({})
        with measured(rounds["save"][-1]):
            store.save(str(number), [named])
        names = [name for name, _ in named]
        del named
        rounds["load"].append({})
        with measured(rounds["load"][-1]):
            loaded = store.load(str(number), [names])
        assert list(loaded) == names
        del loaded
    return {
        what: {"seconds": statistics.median(each["seconds"] for each in done), "added_mib": max(each["added_mib"] for each in done)}
        for what, done in rounds.items()
    }


# ---- in the parent ----


def repeats_of(axis: Axis, point: int) -> int:
    size_bytes = point * (4096 if axis.unit == "artifacts" else 1)
    return max(1, min(axis.repeats_most, REPEATED_BYTES // size_bytes))


def run_point(runner: Runner, axis: Axis, point: int) -> dict[str, Any]:
    """{way: {save and load: {field: spread}}}, the ways in turn."""
    ways = [way for way in WAYS if way.label != "stock" or point <= axis.stock_most]
    rounds = min(3, runner.rounds) if point <= axis.rounds_most else 1
    done: dict[str, list[dict[str, Any]]] = {way.label: [] for way in ways}
    for number in range(rounds):
        for way in runner.in_turn(ways, number):
            root = runner.new_root(f"{axis.label} {point} {way.label}")
            job = {"do": "scale", "axis": axis.label, "point": point, "repeats": repeats_of(axis, point), "store": way.store, "root": str(root)}
            done[way.label].append(runner.child(job, way.environment))
            runner.empty(root)
    return {
        label: {what: {field: spread([each[what][field] for each in results]) for field in FIELDS} for what in ("save", "load")}
        for label, results in done.items()
    }


def fit(points: list[int], seconds: list[float]) -> dict[str, float]:
    """Of the larger half of the points, the slope of log(seconds) over log(size): 1 where cost is in proportion. Both ends beside it."""
    half = len(points) // 2
    logs = [(math.log(point), math.log(each)) for point, each in zip(points[half:], seconds[half:])]
    slope = statistics.linear_regression(*zip(*logs)).slope if len(logs) > 1 else math.nan
    return {"slope": round(slope, 3), "first_seconds": seconds[0], "last_point": points[-1], "last_per_second": points[-1] / seconds[-1]}


def summarize_axis(axis: Axis, measured_points: dict[int, Any]) -> dict[str, Any]:
    lines = []
    for way, what in itertools.product(WAYS, ("save", "load")):
        points = [point for point, ways in measured_points.items() if way.label in ways]
        spreads = [measured_points[point][way.label][what] for point in points]
        lines.append(
            {
                "way": way.label,
                "what": what,
                "points": points,
                **{field: [each[field] for each in spreads] for field in FIELDS},
                "fit": fit(points, [each["seconds"]["median"] for each in spreads]),
            }
        )
    return {"axis": axis.label, "unit": axis.unit, "lines": lines}


def run(runner: Runner, is_quick: bool, is_full: bool) -> list[dict[str, Any]]:
    done = []
    for axis in axes(is_quick, is_full):
        measured_points = {}
        for point in axis.points:
            runner.say(f"scaling: {axis.label}, {point:,} {axis.unit}")
            measured_points[point] = run_point(runner, axis, point)
        done.append(summarize_axis(axis, measured_points))
    return done
