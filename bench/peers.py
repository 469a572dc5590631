# SPDX-License-Identifier: Apache-2.0
"""What else one might save objects with, beside coffer's own API, its command, and stock Metaflow."""

import dataclasses
import os
import pathlib
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
from measuring import measured, seconds_of
from payloads import PAYLOADS, Sizes
from runner import DROP_IN, STOCK, Runner, spread
from stores import STORES

ARRAYS = ("random float64", "small ints in int64")
ALL = (*ARRAYS, "text", "DataFrame, strings as objects")
FILES = (*ARRAYS, "text")  # what the commands have a file format for
MOST_ROUNDS = 3
OURS, OUR_COMMAND = "coffer, from Python", "coffer put, get"


@dataclasses.dataclass(frozen=True)
class Peer:
    """`prepare(root)` imports what is needed, and gives functions that save an object to and load it from under `root`. `saved_by` is the peer
    whose files this one loads, if it only loads."""

    prepare: Callable[[pathlib.Path], tuple[Callable[[Any], Any], Callable[[], Any]]]
    payloads: tuple[str, ...] = ARRAYS
    saved_by: str = ""
    environment: dict[str, str] = dataclasses.field(default_factory=lambda: DROP_IN)


# ---- peers in Python ----


def in_store(store: str, root: pathlib.Path):
    opened = STORES[store](root / "store")
    first = f"first-{os.getpid()}"  # so that what is imported late is
    opened.save(first, [[("a", np.zeros(1000))]])
    opened.load(first, [["a"]])
    return lambda obj: opened.save("1", [[("a", obj)]]), lambda: opened.load("1", [["a"]])["a"]


def with_joblib(root: pathlib.Path, compress: Any = 0, mmap_mode: str | None = None):
    import joblib

    path = str(root / "joblib")
    return lambda obj: joblib.dump(obj, path, compress=compress), lambda: joblib.load(path, mmap_mode=mmap_mode)


def with_numpy(root: pathlib.Path, mmap_mode: Any = None):
    path = str(root / "numpy.npy")
    return lambda obj: np.save(path, obj), lambda: np.load(path, mmap_mode=mmap_mode)


def with_safetensors(root: pathlib.Path):
    from safetensors.numpy import load_file, save_file

    path = str(root / "safetensors")
    return lambda obj: save_file({"a": obj}, path), lambda: load_file(path)["a"]


def with_zarr(root: pathlib.Path):
    import zarr

    path = str(root / "zarr")
    return lambda obj: zarr.save_array(path, obj), lambda: zarr.open_array(path, mode="r")[:]


def with_blosc2(root: pathlib.Path):
    import blosc2

    path = str(root / "blosc2")
    return lambda obj: blosc2.save_array(obj, path), lambda: blosc2.load_array(path)


PEERS = {
    "stock Metaflow": Peer(lambda root: in_store("metaflow", root), ALL, environment=STOCK),
    OURS: Peer(lambda root: in_store("api", root), ALL),
    "joblib": Peer(with_joblib, ALL),
    "joblib, mapped": Peer(lambda root: with_joblib(root, mmap_mode="r"), saved_by="joblib"),
    "joblib, zlib 3": Peer(lambda root: with_joblib(root, ("zlib", 3)), ALL),
    "numpy.save": Peer(with_numpy),
    "numpy.load, mapped": Peer(lambda root: with_numpy(root, "r"), saved_by="numpy.save"),
    "safetensors": Peer(with_safetensors),
    "zarr": Peer(with_zarr),
    "blosc2": Peer(with_blosc2),
}


def measure_save(job: dict[str, Any]) -> dict[str, Any]:
    (obj,) = PAYLOADS[job["payload"]].make(Sizes(**job["sizes"]))
    save, _ = PEERS[job["peer"]].prepare(pathlib.Path(job["root"]))
    results: dict[str, Any] = {}
    with measured(results):
        save(obj)
    return results


def measure_load(job: dict[str, Any]) -> dict[str, Any]:
    """Loads, and then reads all of it once, without which a mapped array was not loaded. Of objects of Python there is no such pass."""
    PAYLOADS[job["payload"]].import_needed()
    _, load = PEERS[job["peer"]].prepare(pathlib.Path(job["root"]))
    results: dict[str, Any] = {}
    loaded = []
    with measured(results):
        loaded.append(load())
    is_array = isinstance(loaded[0], np.ndarray)
    results["read_seconds"] = results["seconds"] + (seconds_of(loaded[0].sum) if is_array else 0.0)
    return results


# ---- commands ----


def write_file(runner: Runner, payload: str, sizes: Sizes) -> pathlib.Path:
    """The payload as a file, for the commands."""
    (obj,) = PAYLOADS[payload].make(sizes)
    path = runner.new_root(f"{payload} file") / ("file.txt" if isinstance(obj, str) else "file.npy")
    if isinstance(obj, str):
        path.write_text(obj)
    else:
        np.save(path, obj)
    return path


def run_git(runner: Runner, path: pathlib.Path, root: pathlib.Path) -> tuple[float, float]:
    git = ["git", "-C", str(root)]
    runner.command([*git, "init", "-q", "."], {})
    saved, output = runner.timed_command([*git, "hash-object", "-w", str(path)], {})
    loaded, _ = runner.timed_command(["sh", "-c", f"git -C '{root}' cat-file blob {output.strip()} > '{root}.out'"], {})
    return saved, loaded


def run_coffer(runner: Runner, path: pathlib.Path, root: pathlib.Path) -> tuple[float, float]:
    coffer = str(runner.build / "coffer")
    saved, _ = runner.timed_command([coffer, "put", "-q", "--store", str(root), "Bench/1/start/1", f"a={path}"], DROP_IN)
    loaded, _ = runner.timed_command([coffer, "get", "-q", "--store", str(root), "Bench/1/start/1/a", "-o", f"{root}.out{path.suffix}"], DROP_IN)
    return saved, loaded


COMMANDS = {OUR_COMMAND: run_coffer, "git hash-object -w, cat-file": run_git}


# ---- in the parent ----


def disk_bytes(root: pathlib.Path) -> int:
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


def run_round(runner: Runner, payload: str, sizes: Sizes, path: pathlib.Path | None, number: int) -> dict[str, dict[str, float]]:
    done: dict[str, dict[str, float]] = {}
    savers = [name for name, peer in PEERS.items() if payload in peer.payloads and not peer.saved_by]
    for name in runner.in_turn(savers, number):
        root = runner.new_root(f"{payload} {name}")
        job = {"payload": payload, "sizes": dataclasses.asdict(sizes), "root": str(root)}
        saved = runner.child({**job, "do": "peer save", "peer": name}, PEERS[name].environment)
        stored = disk_bytes(root)
        for loader in [name, *(other for other, peer in PEERS.items() if peer.saved_by == name and payload in peer.payloads)]:
            loaded = runner.child({**job, "do": "peer load", "peer": loader}, PEERS[loader].environment)
            done[loader] = {"save": saved["seconds"], "load": loaded["seconds"], "read": loaded["read_seconds"], "disk_bytes": stored}
        runner.empty(root)
    for name, run_command in COMMANDS.items() if path else ():
        root = runner.new_root(f"{payload} {name}")
        saved_seconds, loaded_seconds = run_command(runner, path, root)
        done[name] = {"save": saved_seconds, "load": loaded_seconds, "disk_bytes": disk_bytes(root)}
        runner.empty(root)
    return done


def summarize(payload: str, rounds: list[dict[str, dict[str, float]]]) -> list[dict[str, Any]]:
    """A line for each peer, with its seconds over ours: of what runs in Python over our API, of commands over our command."""
    lines = []
    for name in [*PEERS, *COMMANDS]:
        if name not in rounds[0]:
            continue
        ours = OUR_COMMAND if name in COMMANDS else OURS
        line: dict[str, Any] = {"payload": payload, "peer": name, "disk_bytes": rounds[-1][name]["disk_bytes"]}
        for what in [field for field in ("save", "load", "read") if field in rounds[0][name]]:
            line[f"{what}_seconds"] = spread([each[name][what] for each in rounds])
            line[f"{what}_ratio"] = spread([each[name][what] / each[ours][what] for each in rounds])
        lines.append(line)
    return lines


def run(runner: Runner, sizes: Sizes, only: str) -> list[dict[str, Any]]:
    lines = []
    for payload in [name for name in ALL if only in name]:
        has_file = payload in FILES and shutil.which("git") is not None
        path = write_file(runner, payload, sizes) if has_file else None
        rounds = []
        for number in range(min(MOST_ROUNDS, runner.rounds)):
            runner.say(f"peers: {payload}, round {number + 1}")
            rounds.append(run_round(runner, payload, sizes, path, number))
        lines += summarize(payload, rounds)
    return lines
