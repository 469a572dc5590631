# SPDX-License-Identifier: Apache-2.0
"""Runs of the real, stock Metaflow, each in a datastore and a home of its own."""
import os
import pathlib
import subprocess
import sys

FLOWS = pathlib.Path(__file__).resolve().parent / "flows"


def metaflow_env(sysroot):
    """The environment of a Metaflow that knows nothing but `sysroot` (the directory above .metaflow)."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("METAFLOW_", "COFFER_"))}
    env.update(
        COFFER_DISABLE="1",
        METAFLOW_DATASTORE_SYSROOT_LOCAL=str(sysroot),
        METAFLOW_HOME=str(sysroot / "home"),
        METAFLOW_CLIENT_CACHE_PATH=str(sysroot / "client-cache"),
        METAFLOW_DEFAULT_DATASTORE="local",
        METAFLOW_DEFAULT_METADATA="local",
        METAFLOW_USER="tester",
        USERNAME="tester",
        PYTHONPATH=str(FLOWS),
        PYTHONWARNINGS="ignore",
    )
    return env


def run_flow(sysroot, flow, *args, expect=0, extra_env=None):
    """Run `flow` (a file under flows/) and return the completed process."""
    env = metaflow_env(sysroot)
    env.update(extra_env or {})
    command = [sys.executable, str(FLOWS / flow), "--no-pylint", "--quiet", *args]
    done = subprocess.run(command, env=env, cwd=sysroot, capture_output=True, text=True, timeout=600)
    assert done.returncode == expect, done.stdout + done.stderr
    return done


def run_python(sysroot, code, *args):
    """Run `code` in a fresh Python that sees the datastore, and return its standard output."""
    done = subprocess.run(
        [sys.executable, "-c", code, *args],
        env=metaflow_env(sysroot),
        cwd=sysroot,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
