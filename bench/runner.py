# SPDX-License-Identifier: Apache-2.0
"""Starts measurements, each in a process of its own, and keeps the files that they make out of each other's way.

Files are never deleted while anything is measured: after many deletions ext4 is slow to create files for a minute. Large ones are cut to nothing, which
gives their room back. Before each measurement everything written is on the disk, so that none pays for the one before it.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any, TypeVar

import ballast

CHILD = pathlib.Path(__file__).resolve().parent / "child.py"
LARGE_BYTES = 1 << 20
STOCK = {"COFFER_DISABLE": "1"}
DROP_IN = {"COFFER_SYNC": "0"}
Each = TypeVar("Each")


class ChildFailed(Exception):
    pass


def spread(values: Sequence[float]) -> dict[str, float | list[float]]:
    rounded = [float(f"{value:.5g}") for value in values]
    return {"median": float(f"{statistics.median(values):.5g}"), "least": min(rounded), "most": max(rounded), "all": rounded}


class Runner:
    """`is_quick` forks measurements from two servers instead of starting a Python for each: for when time is not what is asked about."""

    def __init__(self, scratch: pathlib.Path, build: pathlib.Path, rounds: int, is_quick: bool, ballast_bytes: int):
        self.scratch = scratch
        self.build = build
        self.rounds = rounds
        self._is_quick = is_quick
        self._servers: dict[bool, subprocess.Popen[str]] = {}
        self._ballast = ballast.Ballast(0 if is_quick else ballast_bytes)
        self._roots = 0
        self._begin = time.monotonic()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("COFFER_", "METAFLOW_"))}
        self._environment = {**kept, "METAFLOW_HOME": str(scratch / "home"), "METAFLOW_USER": "bench"}

    def say(self, text: str) -> None:
        seconds = int(time.monotonic() - self._begin)
        print(f"[{seconds // 60:2}:{seconds % 60:02}] {text}", file=sys.stderr, flush=True)

    def in_turn(self, ways: Sequence[Each], number: int) -> list[Each]:
        """Each round begins with another way."""
        first = number % len(ways)
        return [*ways[first:], *ways[:first]]

    def new_root(self, label: str) -> pathlib.Path:
        self._roots += 1
        root = self.scratch / f"{self._roots:04}-{label.replace(' ', '-').replace(',', '')}"
        root.mkdir(parents=True)
        return root

    def empty(self, root: pathlib.Path) -> None:
        for directory, _, names in os.walk(root):
            for name in names:
                path = os.path.join(directory, name)
                if os.lstat(path).st_size >= LARGE_BYTES:
                    os.truncate(path, 0)

    def child(self, job: dict[str, Any], environment: dict[str, str]) -> dict[str, Any]:
        """Does a job in Python."""
        if not self._is_quick:
            return self.program([sys.executable, str(CHILD), json.dumps(job)], environment)
        server = self._server("COFFER_DISABLE" in environment)
        assert server.stdin and server.stdout
        server.stdin.write(json.dumps([job, environment]) + "\n")
        server.stdin.flush()
        line = server.stdout.readline()
        if not line:
            raise ChildFailed(f"{job}: see above")
        return json.loads(line)

    def program(self, command: list[str], environment: dict[str, str]) -> dict[str, Any]:
        """Runs a program that prints JSON in its last line."""
        return json.loads(self.command(command, environment).splitlines()[-1])

    def command(self, command: list[str], environment: dict[str, str]) -> str:
        """Runs a program that measures itself, or need not be measured, and gives its output."""
        if not self._is_quick:
            os.sync()
        with self._ballast.lent() as lent:
            return self._output(command, {**environment, ballast.VARIABLE: str(lent.fileno())}, pass_fds=[lent.fileno()])

    def timed_command(self, command: list[str], environment: dict[str, str]) -> tuple[float, str]:
        """The seconds and the output of a program as a whole."""
        if not self._is_quick:
            os.sync()
        with self._ballast.lent() as lent:
            ballast.take(lent.fileno())
            begin = time.perf_counter()
            output = self._output(command, environment)
            return time.perf_counter() - begin, output

    def _output(self, command: list[str], environment: dict[str, str], **options: Any) -> str:
        done = subprocess.run(command, env={**self._environment, **environment}, capture_output=True, text=True, **options)
        if done.returncode != 0:
            raise ChildFailed(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def _server(self, is_stock: bool) -> subprocess.Popen[str]:
        if is_stock not in self._servers:
            environment = {**self._environment, **(STOCK if is_stock else {})}
            command = [sys.executable, str(CHILD), "--serve"]
            self._servers[is_stock] = subprocess.Popen(command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self._servers[is_stock]

    def close(self) -> None:
        for server in self._servers.values():
            server.communicate()
