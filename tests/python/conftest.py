# SPDX-License-Identifier: Apache-2.0
import importlib.util
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
INSTALLED = importlib.util.find_spec("coffer") is not None
HAS_PANDAS = importlib.util.find_spec("pandas") is not None

if not INSTALLED:
    collect_ignore_glob = ["test_*.py"]
elif not HAS_PANDAS:
    collect_ignore = ["test_sink.py"]  # all of it is about arrays and frames


def pytest_report_header():
    return "coffer for Python: " + ("installed" if INSTALLED else "NOT installed (pip install .), its tests are left out") + (
        "" if HAS_PANDAS else "; no pandas"
    )


@pytest.fixture
def store(tmp_path):
    import coffer

    return coffer.open(tmp_path / "store", sync=False)


@pytest.fixture
def write(store):
    """Saves artifacts in a new task and gives the task, open for reading."""
    numbers = iter(range(1000))

    def save(**artifacts):
        pathspec = f"Flow/1/step/{next(numbers)}"
        with store.task(pathspec, mode="w") as task:
            task.update(artifacts)
        return store.task(pathspec)

    return save


@pytest.fixture
def run_python():
    """Runs a program in a fresh interpreter and gives its output; any other exit code than 0 is a failure."""

    def run(program, *arguments, dev=True, **options):
        done = subprocess.run(
            [sys.executable, *(["-X", "dev"] if dev else []), "-c", program, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=300,
            **options,
        )
        assert done.returncode == 0, done.stderr
        assert "Fatal" not in done.stderr and "Exception ignored" not in done.stderr, done.stderr
        return done.stdout

    return run
