# SPDX-License-Identifier: Apache-2.0
"""One measurement, in a process of its own: `child.py JOB` does a job, told as JSON, and prints what it measured.

`child.py --serve` imports what jobs need once, and then does jobs that come on standard input as [JOB, ENVIRONMENT], each in a fork: for when time is not
what is asked about.
"""

import importlib
import json
import os
import pathlib
import sys
import traceback
from collections.abc import Callable
from typing import Any

import limits
import numpy as np
import peers
import scaling
from measuring import measured
from payloads import PAYLOADS, Sizes
from stores import STORES

WARM = [("warm", np.zeros(100_000))]


def save(job: dict[str, Any]) -> dict[str, Any]:
    payload = PAYLOADS[job["payload"]]
    objects = payload.make(Sizes(**job["sizes"]))
    named = [(f"a{number}", each) for number, each in enumerate(objects)]
    groups = [[each] for each in named] if payload.by_call else [named]
    store = STORES[job["store"]](pathlib.Path(job["root"]))
    store.save("0", [WARM])
    results: dict[str, Any] = {}
    with measured(results):
        store.save("1", groups)
    return {**results, "artifacts": len(named)}


def load(job: dict[str, Any]) -> dict[str, Any]:
    payload = PAYLOADS[job["payload"]]
    payload.import_needed()
    names = [f"a{number}" for number in range(job["artifacts"])]
    groups = [[name] for name in names] if payload.by_call else [names]
    store = STORES[job["store"]](pathlib.Path(job["root"]))
    store.load("0", [["warm"]])
    results: dict[str, Any] = {}
    with measured(results):
        loaded = store.load("1", groups)
    assert list(loaded) == names
    return results


JOBS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "save": save,
    "load": load,
    "limits": limits.measure,
    "scale": scaling.measure,
    "peer save": peers.measure_save,
    "peer load": peers.measure_load,
}


def do(job: dict[str, Any]) -> str:
    return json.dumps(JOBS[job["do"]](job))


def serve() -> None:
    for name in ("metaflow.plugins", "pandas", "joblib", "safetensors.numpy", "zarr", "blosc2"):
        importlib.import_module(name)

    for line in sys.stdin:
        job, environment = json.loads(line)
        process = os.fork()
        if process == 0:
            os.environ.update(environment)
            try:
                print(do(job), flush=True)
                os._exit(0)
            except Exception:
                traceback.print_exc()
            os._exit(1)
        if os.waitpid(process, 0)[1] != 0:
            sys.exit(1)


if __name__ == "__main__":
    serve() if sys.argv[1] == "--serve" else print(do(json.loads(sys.argv[1])))
