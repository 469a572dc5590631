# SPDX-License-Identifier: Apache-2.0
import importlib.util
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
INSTALLED = importlib.util.find_spec("coffer") is not None
MISSING = [name for name in ("numpy", "pandas") if importlib.util.find_spec(name) is None]


def needs_missing(path):
    return any(f"\nimport {name}" in path.read_text() for name in MISSING)


if not INSTALLED:
    collect_ignore_glob = ["test_*.py"]
else:
    collect_ignore = [path.name for path in pathlib.Path(__file__).parent.glob("test_*.py") if needs_missing(path)]


def pytest_report_header():
    said = "installed" if INSTALLED else "NOT installed (pip install .), its tests are left out"
    return f"coffer for Python: {said}" + "".join(f"; no {name}" for name in MISSING)


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
