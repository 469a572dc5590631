# SPDX-License-Identifier: Apache-2.0
"""Seconds and memory of a stretch of code in this process."""

import contextlib
import gc
import pathlib
import resource
import time
from collections.abc import Iterator

import ballast

STATUS = pathlib.Path("/proc/self/status")


def memory_mib(field: str) -> float:
    for line in STATUS.read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise LookupError(field)


def processor_seconds() -> float:
    """Of all threads, in user and system mode."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextlib.contextmanager
def measured(results: dict[str, float]) -> Iterator[None]:
    """Fills `results`: seconds, processor seconds, MiB at the peak and MiB at the end over what was resident before."""
    gc.collect()
    ballast.take_lent()
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, processor, begin = memory_mib("VmRSS"), processor_seconds(), time.perf_counter()
    yield
    results["seconds"] = time.perf_counter() - begin
    results["processor_seconds"] = processor_seconds() - processor
    results["added_mib"] = max(0.0, memory_mib("VmHWM") - before)
    results["kept_mib"] = max(0.0, memory_mib("VmRSS") - before)


def seconds_of(run) -> float:
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin
