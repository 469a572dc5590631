# SPDX-License-Identifier: Apache-2.0
"""Completion through a real bash."""
import pathlib
import shlex
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "completions/coffer.bash"

PROGRAM = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
_coffer
printf '%s\n' "${COMPREPLY[@]}"
"""


def complete(cli, line):
    """What is offered for the last word of `line`."""
    words = shlex.split(line) + ([""] if line.endswith(" ") else [])
    done = subprocess.run(
        ["bash", "-c", PROGRAM, "bash", str(SCRIPT), *words], cwd=cli.cwd, env=cli.env, capture_output=True, text=True, timeout=60,
    )
    assert done.stderr == ""
    return [word for word in done.stdout.splitlines() if word]


@pytest.fixture
def store(cli):
    cli.write("one.json", "1")
    cli.ok("put", "-q", "Demo/1/start/1", "config=one.json", "count=one.json")
    cli.ok("put", "-q", "Demo/2/start/1", "x=one.json")
    cli.ok("put", "-q", "Other/1/start/1", "x=one.json")
    return cli


def test_commands(store):
    assert complete(store, "coffer s") == ["show", "spec", "serializers"]
    assert complete(store, "coffer help v") == ["verify", "version"]


def test_options(store):
    assert complete(store, "coffer --v") == ["--version"]
    assert complete(store, "coffer put --a") == ["--as", "--attempt"]
    assert complete(store, "coffer verify Demo --r") == ["--repair"]


def test_values_of_options(store):
    assert complete(store, "coffer get x --as n") == ["npy"]
    assert complete(store, "coffer ls --attempt 5") == ["5"]
    assert complete(store, "coffer show --depth ") == []
    (store.cwd / "directory").mkdir()
    assert complete(store, "coffer --store dir") == ["directory"]


def test_paths_level_by_level(store):
    assert complete(store, "coffer ls ") == ["Demo/", "Other/"]
    assert complete(store, "coffer ls D") == ["Demo/"]
    assert complete(store, "coffer ls Demo/") == ["Demo/1/", "Demo/2/"]
    assert complete(store, "coffer show Demo/1/st") == ["Demo/1/start/"]
    assert complete(store, "coffer get Demo/1/start/") == ["Demo/1/start/1/"]
    assert complete(store, "coffer get Demo/1/start/1/c") == ["Demo/1/start/1/config", "Demo/1/start/1/count"]
    assert complete(store, "coffer get Demo/1/start/1/config ") == []
    assert complete(store, "coffer verify O") == ["Other"]
    assert complete(store, "coffer put Demo/1/start/") == ["Demo/1/start/1"]


def test_paths_of_another_store(store):
    store.write("two.json", "2")
    store.ok("put", "-q", "-s", "elsewhere", "Third/1/start/1", "x=two.json")
    assert complete(store, "coffer --store elsewhere ls T") == ["Third/"]
    assert complete(store, "coffer ls -s elsewhere T") == ["Third/"]


def test_files_of_put(store):
    assert complete(store, "coffer put Demo/3/start/1 a=on") == ["one.json"]
    assert complete(store, "coffer put Demo/3/start/1 a = on") == ["one.json"]
    assert complete(store, "coffer get Demo/1/start/1/config -o on") == ["one.json"]


def test_without_a_store_nothing_is_offered_and_nothing_said(cli):
    assert complete(cli, "coffer ls ") == []
