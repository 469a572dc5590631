# SPDX-License-Identifier: Apache-2.0
"""Measures the table: each payload saved and loaded by stock Metaflow, by the drop-in and by the C library, in turn."""

import dataclasses
import pathlib
from typing import Any

from payloads import PAYLOADS, Payload, Sizes
from runner import DROP_IN, STOCK, Runner, spread

KEY = {**DROP_IN, "COFFER_VERIFY": "key"}
DURABLE = {"COFFER_SYNC": "1"}
FORCED = {**DROP_IN, "COFFER_COMPRESS": "always"}
Measurements = dict[str, dict[str, Any]]


@dataclasses.dataclass(frozen=True)
class Chain:
    """A save, and loads of what it wrote. Measurements are named "save NAME" and "load NAME"."""

    name: str
    store: str
    save: dict[str, str]
    loads: dict[str, dict[str, str]]


def chains(payload: Payload) -> list[Chain]:
    found = [
        Chain("stock", "metaflow", STOCK, {"stock": STOCK, **({"stock's": DROP_IN, "stock's, key": KEY} if payload.from_stock else {})}),
        Chain("ours", "drop-in", DROP_IN, {"ours": DROP_IN, "key": KEY}),
        Chain("durable", "drop-in", DURABLE, {}),
        Chain("native", "native", DROP_IN, {"native": DROP_IN, "native key": KEY}),
        Chain("native durable", "native", DURABLE, {}),
    ]
    if payload.forced:
        found.append(Chain("forced", "drop-in", FORCED, {"forced": DROP_IN, "forced key": KEY}))
        found.append(Chain("native forced", "native", FORCED, {"native forced": DROP_IN, "native forced key": KEY}))
    return found


# ---- rows: which measurements stand in which column ----


@dataclasses.dataclass(frozen=True)
class Row:
    label: str
    columns: dict[str, str]


MAIN = Row(
    "",
    {
        "save stock": "save stock",
        "save ours": "save ours",
        "save durable": "save durable",
        "save native": "save native",
        "save native durable": "save native durable",
        "load stock": "load stock",
        "load ours": "load ours",
        "load key": "load key",
        "load native": "load native",
        "load native key": "load native key",
    },
)
COMPRESSED = Row(
    ", compressed",
    {
        "save stock": "save stock",
        "save ours": "save forced",
        "save native": "save native forced",
        "load stock": "load stock",
        "load ours": "load forced",
        "load key": "load forced key",
        "load native": "load native forced",
        "load native key": "load native forced key",
    },
)
OF_STOCK = Row(", written by stock", {"load stock": "load stock", "load ours": "load stock's", "load key": "load stock's, key"})


def rows(payload: Payload) -> list[Row]:
    return [MAIN, *([COMPRESSED] if payload.forced else []), *([OF_STOCK] if payload.from_stock else [])]


def labels() -> list[str]:
    return [name + row.label for name, payload in PAYLOADS.items() for row in rows(payload)]


# ---- measuring ----


def disk_bytes(root: pathlib.Path) -> int:
    """Of the blobs of all flows under a root; a blob is in FLOW/data/XX/KEY."""
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file() and "data" in path.parts)


class PayloadRun:
    def __init__(self, runner: Runner, name: str, sizes: Sizes):
        self.runner = runner
        self.name = name
        self.payload = PAYLOADS[name]
        self.sizes = dataclasses.asdict(sizes)
        self.input = runner.new_root(f"{name} input") / "pickles"
        self.artifacts = sizes.calls if self.payload.by_call else sizes.dicts if name == "small dicts, one call" else 1

    def limits(self, is_first: bool) -> dict[str, Any]:
        root = self.runner.new_root(f"{self.name} limits")
        job = {"do": "limits", "payload": self.name, "sizes": self.sizes, "root": str(root), "input": str(self.input) if is_first else ""}
        measured = self.runner.child(job, STOCK)
        self.runner.empty(root)
        return measured

    def once(self, what: str, store: str, root: pathlib.Path, environment: dict[str, str]) -> dict[str, Any]:
        if store != "native":
            job = {"do": what, "store": store, "payload": self.name, "sizes": self.sizes, "root": str(root), "artifacts": self.artifacts}
            return self.runner.child(job, environment)
        program = str(self.runner.build / "bench" / "bench-save-load")
        command = [program, what, str(root), str(self.artifacts), "each" if self.payload.by_call else "all"]
        return self.runner.program(command + ([str(self.input)] if what == "save" else []), environment)

    def chain(self, chain: Chain) -> Measurements:
        root = self.runner.new_root(f"{self.name} {chain.name}")
        done = {f"save {chain.name}": self.once("save", chain.store, root, chain.save)}
        done[f"save {chain.name}"]["disk_bytes"] = disk_bytes(root)
        for name, environment in chain.loads.items():
            store = chain.store if environment == STOCK or chain.store != "metaflow" else "drop-in"
            done[f"load {name}"] = self.once("load", store, root, environment)
        self.runner.empty(root)
        return done

    def round(self, number: int) -> Measurements:
        done: Measurements = {"limits": self.limits(number == 0)}
        for chain in self.runner.in_turn(chains(self.payload), number):
            done.update(self.chain(chain))
        return done


# ---- summing up ----


def limit_seconds(what: str, limits: dict[str, Any], stored_bytes: float, artifacts: int) -> dict[str, float]:
    """The steps that a save or load can't do without, by name; together they take as long as the slowest of them."""
    written = stored_bytes / limits["bytes"] if artifacts == 1 else 1.0  # creating files costs, what is in small ones does not
    if what == "save durable":
        return {"hash": limits["hash"], "sync": limits["sync"] * written}
    if what == "save":
        return {"hash": limits["hash"], "write": limits["write"] * written}
    if what == "load key":
        return {"hash": limits["hash"], **({"read": limits["read"]} if artifacts > 1 else {"copy": limits["copy"]})}
    return {"read": limits["read"]} if artifacts > 1 else {"copy": limits["copy"]}


def summarize_column(column: str, source: str, rounds: list[Measurements], artifacts: int) -> dict[str, Any]:
    measurements = [each[source] for each in rounds]
    fields = ("seconds", "processor_seconds", "added_mib", "kept_mib")
    summary: dict[str, Any] = {field: spread([each[field] for each in measurements]) for field in fields}
    what = column.split()[0]
    if "stock" not in column:
        pairs = [(each[f"{what} stock"]["seconds"], each[source]["seconds"]) for each in rounds]
        summary["ratio"] = spread([stock / ours for stock, ours in pairs])
    if what == "save":
        summary["disk_bytes"] = measurements[-1]["disk_bytes"]
    kind = " ".join([what, *(word for word in ("durable", "key") if word in column.split())])
    bounds = [limit_seconds(kind, each["limits"], each[source].get("disk_bytes", 0), artifacts) for each in rounds]
    slowest = max(bounds[0], key=lambda name: spread([each[name] for each in bounds])["median"])
    summary["limit"] = slowest
    summary["limit_seconds"] = spread([each[slowest] for each in bounds])
    summary["of_limit"] = spread([bound[slowest] / each["seconds"] for bound, each in zip(bounds, measurements)])
    return summary


def summarize(run: PayloadRun, rounds: list[Measurements]) -> list[dict[str, Any]]:
    limits = {name: spread([each["limits"][name] for each in rounds]) for name in rounds[0]["limits"] if name != "bytes"}
    return [
        {
            "row": run.name + row.label,
            "artifacts": run.artifacts,
            "blob_bytes": rounds[0]["limits"]["bytes"],
            "limits": limits,
            "columns": {column: summarize_column(column, source, rounds, run.artifacts) for column, source in row.columns.items()},
        }
        for row in rows(run.payload)
    ]


def run(runner: Runner, sizes: Sizes, only: str) -> list[dict[str, Any]]:
    table = []
    for name in PAYLOADS:
        if only in name:
            one = PayloadRun(runner, name, sizes)
            rounds = []
            for number in range(runner.rounds):
                runner.say(f"table: {name}, round {number + 1} of {runner.rounds}")
                rounds.append(one.round(number))
            table += summarize(one, rounds)
    return table
