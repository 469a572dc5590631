# SPDX-License-Identifier: Apache-2.0
"""Real Metaflow with the drop-in on, and off to compare with.

The tests in inside/ run in processes of their own in which it is on; here, as in all other tests, Metaflow is the stock one.
"""

import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
IS_INSIDE = "COFFER_TEST_INSIDE" in os.environ

collect_ignore = [] if IS_INSIDE else ["inside"]
if importlib.util.find_spec("metaflow") is None:
    collect_ignore_glob = ["*.py"]


class Metaflow:
    """Runs Metaflow in a datastore and a home of its own."""

    flows = HERE / "flows"

    def __init__(self, sysroot):
        self.sysroot = sysroot
        self.store = sysroot / ".metaflow"

    def environment(self, on, **more):
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("METAFLOW_", "COFFER_"))}
        return {
            **kept,
            **({} if on else {"COFFER_DISABLE": "1"}),
            "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(self.sysroot),
            "METAFLOW_DATASTORE_SYSROOT_SPIN": str(self.sysroot),
            "METAFLOW_HOME": str(self.sysroot / "home"),
            "METAFLOW_CLIENT_CACHE_PATH": str(self.sysroot / ("cache-on" if on else "cache-off")),
            "METAFLOW_USER": "tester",
            "USERNAME": "tester",
            "PYTHONPATH": str(self.flows),
            **more,
        }

    def call(self, *words, on=True, expect=0, **more):
        done = subprocess.run(
            [sys.executable, *map(str, words)],
            env=self.environment(on, **more),
            cwd=self.sysroot,
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert done.returncode == expect, done.stdout[-6000:] + done.stderr[-6000:]
        return done.stdout + done.stderr

    def flow(self, name, *words, **options):
        """Runs flows/<name>.py."""
        return self.call(self.flows / f"{name}.py", "--no-pylint", "--quiet", *words, **options)

    def python(self, code, *words, **options):
        return self.call("-c", code, *words, **options)


@pytest.fixture
def metaflow(tmp_path):
    return Metaflow(tmp_path)


@pytest.fixture(scope="module")
def make_metaflow(tmp_path_factory):
    return lambda name: Metaflow(tmp_path_factory.mktemp(name))
