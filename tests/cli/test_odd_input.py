# SPDX-License-Identifier: Apache-2.0
"""Names and values that nobody should use and somebody will."""
import json
import os
import signal
import subprocess
import time

import pytest

ODD = {
    "new\nline": "new\\nline",
    "tab\there": "tab\\there",
    "esc\x1b[31mred": "esc\\x1b[31mred",
    "del\x7f": "del\\x7f",
    "c1\x9b31m": "c1\\x9b31m",
    "right\u202eto left": "right\\u202eto left",
    "nul\x00": "nul\\x00",
}


def rename_artifact(cli, name):
    """Gives artifact `a` of Demo/1/start/1 the name `name`, as only a damaged or hostile data.json has it."""
    path = cli.cwd / ".metaflow/Demo/1/start/1/0.data.json"
    data = json.loads(path.read_text())
    for part in ("objects", "info"):
        data[part] = {name if key == "a" else key: value for key, value in data[part].items()}
    path.write_text(json.dumps(data))


@pytest.fixture
def store(cli):
    cli.write("a.json", '{"a": 1}')
    cli.ok("put", "-q", "Demo/1/start/1", "a=a.json")
    return cli


def printable(text):
    return all(c == "\n" or c == "\t" or (c.isprintable() and c not in "\u202e") for c in text)


@pytest.mark.parametrize("name", [name for name in ODD if "\0" not in name], ids=lambda name: repr(name))
def test_odd_artifact_names_are_never_printed_raw(store, name):
    rename_artifact(store, name)
    for args in (["ls", "Demo/1/start/1"], ["ls", "--json", "Demo/1/start/1"], ["show", "Demo/1/start/1"], ["verify"]):
        done = store.run(*args)
        assert printable(done.stdout) and printable(done.stderr), args
        assert done.returncode in (0, 1, 3), args


@pytest.mark.parametrize("text", ODD, ids=repr)
def test_odd_values_are_never_printed_raw(store, text):
    store.write("v.json", json.dumps({"value": text, text.replace("\0", ""): 1}))
    store.ok("put", "-q", "Demo/2/start/1", "v=v.json")
    for args in (["show", "Demo/2/start/1/v"], ["show", "--json", "Demo/2/start/1/v"], ["show", "Demo/2/start/1"]):
        assert printable(store.ok(*args)), args
    assert json.loads(store.ok("get", "Demo/2/start/1/v")) == {"value": text, text.replace("\0", ""): 1}


@pytest.mark.parametrize("name", [name for name in ODD if "\0" not in name], ids=lambda name: repr(name))
def test_odd_arguments_are_refused_in_one_clean_line(store, name):
    for args in (
        ["put", "Demo/1/start/2", f"{name}=a.json"], ["put", f"{name}/1/start/2", "a=a.json"], ["get", f"Demo/1/start/1/{name}"],
        ["ls", name], ["show", f"Demo/1/start/{name}"], ["verify", name], [name], [f"--{name}"],
    ):
        done = store.run(*args)
        assert done.returncode in (1, 2), args
        assert not done.stdout
        assert done.stderr.startswith("coffer: ") and done.stderr.count("\n") == 1 and printable(done.stderr), args


@pytest.mark.parametrize("name", ["new\nline", "esc\x1b[31m", "-n", "ü", "space here"], ids=repr)
def test_odd_file_names_are_read_and_written(cli, name):
    cli.write(name, "content")
    cli.ok("put", "-q", "Demo/1/start/1", f"a={name}")
    cli.ok("get", "Demo/1/start/1/a", "-o", f"copy of {name}")
    assert (cli.cwd / f"copy of {name}").read_text() == "content"


def test_a_directory_that_is_no_utf8_does_not_break_ls(store):
    os.mkdir(os.fsencode(store.cwd / ".metaflow") + b"/b\xff\xfed")
    done = store.run("ls", "--json")
    assert done.returncode == 0
    assert "Demo" in [flow["name"] for flow in json.loads(done.stdout)]
    assert "Demo" in store.ok("ls")


def test_unreadable_input_and_unwritable_places(store):
    store.obey_permissions()
    store.write("secret.txt", "x").chmod(0)
    assert "secret.txt" in store.fails(4, "put", "Demo/1/start/2", "a=secret.txt")
    (store.cwd / "locked").mkdir(mode=0o500)
    assert "locked/x" in store.fails(4, "get", "Demo/1/start/1/a", "-o", "locked/x")
    (store.cwd / ".metaflow/Demo").chmod(0o500)
    store.fails(4, "put", "Demo/9/start/1", "a=a.json")


def test_a_closed_pipe_ends_the_command_quietly(store):
    done = subprocess.run(
        ["bash", "-c", "set -o pipefail; coffer get Demo/1/start/1/a | true; coffer ls Demo | true"], cwd=store.cwd, env=store.env,
        capture_output=True, timeout=60,
    )
    assert done.stderr == b""


def test_closed_standard_streams_are_survived(store):
    for redirect in ("<&-", "2>&-", "<&- 2>&-"):
        done = subprocess.run(
            ["bash", "-c", f"coffer get Demo/1/start/1/a {redirect}"], cwd=store.cwd, env=store.env, capture_output=True, timeout=60,
        )
        assert done.returncode == 0 and done.stdout == b'{"a": 1}\n', redirect
    done = subprocess.run(["bash", "-c", "coffer ls >&-"], cwd=store.cwd, env=store.env, capture_output=True, timeout=60)
    assert done.returncode == 4 and b"standard output" in done.stderr


def test_concurrent_puts_into_one_store(cli):
    cli.write("a.json", "[1, 2, 3]")
    processes = [
        subprocess.Popen(
            [cli.binary, "put", "-q", f"Demo/1/start/{task}", "same=a.json", f"own=-"], cwd=cli.cwd, env=cli.env,
            stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for task in range(12)
    ]
    for task, process in enumerate(processes):
        _, err = process.communicate(f"task {task}", timeout=120)
        assert process.returncode == 0, err
    for task in range(12):
        assert cli.ok("get", f"Demo/1/start/{task}/same") == "[1, 2, 3]\n"
        assert cli.ok("get", f"Demo/1/start/{task}/own") == f"task {task}"
    assert "12 attempts" in cli.ok("verify") and "sound" in cli.ok("verify")


def test_concurrent_puts_into_one_attempt_leave_one_of_them(cli):
    processes = []
    for number in range(8):
        cli.write(f"{number}.json", str(number))
        processes.append(
            subprocess.Popen(
                [cli.binary, "put", "-q", "Demo/1/start/1", f"a={number}.json"], cwd=cli.cwd, env=cli.env, stderr=subprocess.PIPE,
            )
        )
    codes = []
    for process in processes:
        _, err = process.communicate(timeout=120)
        codes.append(process.returncode)
        assert process.returncode == 0 or (process.returncode == 2 and b"done" in err), err
    assert codes.count(0) >= 1
    assert cli.ok("get", "Demo/1/start/1/a").strip() in "01234567"
    assert "sound" in cli.ok("verify")


def test_an_input_that_changes_while_it_is_read_is_not_stored(cli):
    """The second input is a pipe, so that the first one can be changed after it was read."""
    cli.write("first.bin", b"x" * 100)
    os.mkfifo(cli.cwd / "second")
    process = subprocess.Popen(
        [cli.binary, "put", "Demo/1/start/1", "a=first.bin", "b=second"], cwd=cli.cwd, env=cli.env, stderr=subprocess.PIPE, text=True,
    )
    with open(cli.cwd / "second", "wb") as pipe:
        time.sleep(0.2)
        cli.write("first.bin", b"y" * 101)
        pipe.write(b"done")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "first.bin was changed while it was read" in err
    assert "started" in cli.ok("ls", "Demo/1/start")


def test_an_interrupt_leaves_no_file_behind(cli):
    cli.write("big", os.urandom(1 << 20) * 200)
    cli.ok("put", "-q", "Demo/1/start/1", "big=big")
    os.mkdir(cli.cwd / "out")
    process = subprocess.Popen(
        [cli.binary, "get", "--raw", "Demo/1/start/1/big", "-o", "out/x"], cwd=cli.cwd, env=cli.env, stderr=subprocess.PIPE,
    )
    while not os.listdir(cli.cwd / "out") and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and err == b"coffer: interrupted\n"
    assert os.listdir(cli.cwd / "out") == []


SYSTEM = b"cos\nsystem\n\x8c\x02id\x85R"
STATE = b"}\x8c\x01aK\x02s"
DROPPED = {
    "popped call": (SYSTEM + b"0N.", "[os.system('id')]"),
    "popped object": (b"cbuiltins\nlist\n)R0K\x01.", "[list()]"),
    "popped to the mark": (b"K\x01(" + SYSTEM + b"1.", "[os.system('id')]"),
    "memoized only": (SYSTEM + b"\x940K\x01.", "[os.system('id')]"),
    "overwritten item": (b"}\x8c\x01a" + SYSTEM + b"s\x8c\x01aK\x02s.", "[os.system('id')]"),
    "overwritten state": (b"cm\nC\n)\x81" + STATE + b"b" + STATE.replace(b"a", b"b") + b"b.", "[{'a': 2}]"),
    "large number": (b"cm\nC\n)\x81\x8a\x0a\1\1\1\1\1\1\1\1\1\1bNb.", "[4740885567116192841985]"),
}


@pytest.mark.parametrize("case", DROPPED)
def test_what_a_pickle_makes_and_drops_is_shown(cli, case):
    pickle, shown = DROPPED[case]
    cli.write("x.pkl", b"\x80\x04" + pickle)
    cli.ok("put", "-q", "Demo/1/start/1", "x=x.pkl")
    assert cli.ok("show", "Demo/1/start/1/x").endswith(f"\nMade on the way, and no part of the value:\n{shown}\n")
    assert len(json.loads(cli.ok("show", "--json", "Demo/1/start/1/x"))["unused"]) == 1


def test_a_pickle_that_drops_nothing_says_nothing_of_it(store):
    assert "no part of the value" not in store.ok("show", "Demo/1/start/1/a")
    assert "unused" not in json.loads(store.ok("show", "--json", "Demo/1/start/1/a"))
