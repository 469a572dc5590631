# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent


class Cli:
    """Runs the command in a working directory of its own, away from the user's stores and settings."""

    def __init__(self, binary, cwd):
        self.binary = str(pathlib.Path(binary).resolve())
        self.cwd = cwd
        self.launcher = []
        self.is_sanitized = b"__asan_init" in pathlib.Path(self.binary).read_bytes()
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("METAFLOW_", "COFFER_"))}
        path = f"{pathlib.Path(self.binary).parent}{os.pathsep}{os.environ['PATH']}"
        home = cwd / ".home"
        home.mkdir()
        self.env = dict(
            kept, PATH=path, HOME=str(home), METAFLOW_HOME=str(home), METAFLOW_USER="tester", TZ="UTC", LC_ALL="C.UTF-8",
            COFFER_SYNC="0", COFFER_EXTENSION_PATH="", XDG_DATA_HOME=str(home),
        )

    def run(self, *args, input=None, env=None, text=True):
        """The completed process, whatever its exit code."""
        return subprocess.run(
            [*self.launcher, self.binary, *map(str, args)], cwd=self.cwd, env=dict(self.env, **(env or {})), input=input, capture_output=True,
            text=text, timeout=300,
        )

    def obey_permissions(self):
        """Run the command such that file modes bind it, also when the tests run as root."""
        if os.geteuid() == 0:
            self.launcher = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]

    def ok(self, *args, **options):
        """Standard output of a command that must succeed without a word on standard error."""
        done = self.run(*args, **options)
        assert done.returncode == 0, done.stderr
        assert not done.stderr, done.stderr
        return done.stdout

    def fails(self, code, *args, **options):
        """Standard error of a command that must fail with `code`, one line and nothing on standard output."""
        done = self.run(*args, **options)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        assert not done.stdout
        assert done.stderr.startswith("coffer: ") and done.stderr.count("\n") == 1, done.stderr
        return done.stderr[len("coffer: "):].rstrip("\n")

    def write(self, name, content):
        path = self.cwd / name
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
        return path


@pytest.fixture
def cli(coffer_bin, tmp_path):
    return Cli(coffer_bin, tmp_path)


@pytest.fixture
def inputs(cli):
    """The files of tests/cli/inputs, in the working directory."""
    for path in (HERE / "inputs").iterdir():
        shutil.copy(path, cli.cwd / path.name)
    return cli.cwd
