# SPDX-License-Identifier: Apache-2.0
"""What only happens on a terminal: tables, colours, progress, and no control character that came from data."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

import pytest

ESCAPE = re.compile(r"\x1b\[[0-9;]*[mK]")


def on_terminal(cli, *args, columns=120, env=None, stream="stdout"):
    """Runs with standard output or error on a terminal; (exit code, what the terminal got, the other stream)."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: slave}
    process = subprocess.Popen(
        [cli.binary, *args], cwd=cli.cwd, env={**cli.env, "TERM": "xterm", **(env or {})}, stdin=subprocess.DEVNULL, **streams
    )
    os.close(slave)
    got = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        got += part
    out, err = process.communicate(timeout=300)
    os.close(master)
    return process.returncode, got.decode().replace("\r\n", "\n"), (out or err or b"").decode()


@pytest.fixture
def store(cli, inputs):
    cli.write("a.json", '{"a": 1}')
    cli.ok("put", "-q", "Demo/1/start/1", "small=small.npy", "a=a.json")
    return cli


def test_tables_have_titles_and_aligned_columns(store):
    code, text, _ = on_terminal(store, "ls", "Demo/1/start/1", env={"NO_COLOR": "1"})
    lines = text.splitlines()
    assert code == 0 and lines[0].split() == ["NAME", "SIZE", "TYPE", "ENCODING", "KEY"]
    assert len({line.index("pickle-v4") for line in lines[1:]}) == 1
    assert re.search(r"^a +21 B +<class 'dict'>", text, flags=re.M)


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "dumb"])
@pytest.mark.parametrize("command", ["ls", "show Demo/1/start/1/a", "show Demo/1/start/1", "serializers", "verify"])
def test_no_colours_when_not_wanted(store, env, command):
    assert "\x1b" not in on_terminal(store, *command.split(), env=env)[1]


@pytest.mark.parametrize("command", ["ls", "show Demo/1/start/1/a", "show Demo/1/start/1", "serializers", "verify"])
def test_colours_change_nothing_but_colours(store, command):
    coloured = on_terminal(store, *command.split())[1]
    assert "\x1b[" in coloured
    assert ESCAPE.sub("", coloured) == on_terminal(store, *command.split(), env={"NO_COLOR": "1"})[1]


def test_long_last_column_is_cut_at_the_width_of_the_terminal(store):
    text = on_terminal(store, "ls", "Demo/1/start/1", columns=70, env={"NO_COLOR": "1"})[1]
    assert all(len(line) <= 70 for line in text.splitlines())
    assert "…" in text


def test_wide_characters_keep_columns_aligned(store):
    store.write("w.json", '["寿司", "x"]')
    data = store.cwd / ".metaflow/Demo/1/start/1/0.data.json"
    data.write_text(data.read_text().replace('"a"', '"寿司"'))
    text = on_terminal(store, "ls", "Demo/1/start/1", env={"NO_COLOR": "1"})[1]
    widths = [sum(2 if ord(c) > 0x2FFF else 1 for c in line.split("pickle-v4")[0]) for line in text.splitlines()[1:]]
    assert len(set(widths)) == 1


def test_binary_data_is_not_written_to_a_terminal(store):
    for options in (["--raw"], ["--as", "pickle"], ["--as", "npy"]):
        code, text, err = on_terminal(store, "get", "Demo/1/start/1/small", *options)
        assert (code, text) == (2, "")
        assert err == "coffer: will not write binary data to a terminal; use -o FILE or a pipe\n"


def test_text_with_control_characters_counts_as_binary(store):
    store.write("evil.txt", "\x1b]0;title\x07")
    store.ok("put", "-q", "Demo/2/start/1", "t=evil.txt")
    assert on_terminal(store, "get", "Demo/2/start/1/t")[:2] == (2, "")
    assert store.ok("get", "Demo/2/start/1/t") == "\x1b]0;title\x07"


def test_plain_text_goes_to_a_terminal(store):
    store.write("t.txt", "größe\n\tx\n")
    store.ok("put", "-q", "Demo/2/start/1", "t=t.txt")
    assert on_terminal(store, "get", "Demo/2/start/1/t") == (0, "größe\n\tx\n", "")


def test_progress_is_drawn_on_a_terminal_and_wiped(store):
    code, text, out = on_terminal(store, "verify", stream="stderr", env={"COFFER_TEST": "1"})
    assert code == 0 and "sound" in out
    assert text == "" or (text.startswith("\r\x1b[K") and text.endswith("\r\x1b[K"))


def test_quiet_draws_nothing(store):
    assert on_terminal(store, "verify", "-q", stream="stderr")[1] == ""


@pytest.fixture
def big(cli):
    """A store with an artifact that takes a moment to read."""
    cli.write("big", os.urandom(1 << 20) * 300)
    cli.ok("put", "-q", "Demo/1/start/1", "big=big")
    return cli


def test_progress_of_a_long_get(big):
    code, text, out = on_terminal(big, "get", "Demo/1/start/1/big", "-o", "copy", stream="stderr")
    assert (code, out) == (0, "")
    assert re.search(r"(checking|reading) \[#* *\] +\d+%  .* of .*, .*/s", text), text
    assert text.endswith("\r\x1b[K")
    assert on_terminal(big, "get", "-q", "Demo/1/start/1/big", "-o", "copy", stream="stderr") == (0, "", "")


def test_progress_of_a_long_verify(big):
    code, text, out = on_terminal(big, "verify", stream="stderr")
    assert code == 0 and "sound" in out
    assert re.search(r"verifying \[#* *\] +\d+%  .* of .*, .*/s", text), text
    assert text.endswith("\r\x1b[K")


def test_progress_of_a_long_put(cli):
    cli.write("big", os.urandom(1 << 20) * 300)
    code, text, out = on_terminal(cli, "put", "Demo/1/start/1", "big=big", stream="stderr", env={"COFFER_THREADS": "1"})
    assert code == 0 and "big" in out
    assert re.search(r"storing \[#* *\] +\d+%  .* of .*, .*/s, \d+:\d\d left", text), text
    assert text.endswith("\r\x1b[K")
    assert on_terminal(cli, "put", "-q", "Demo/1/start/2", "big=big", stream="stderr", env={"COFFER_THREADS": "1"}) == (0, "", "")
    assert cli.run("put", "-q", "Demo/1/start/3", "big=big").stderr == ""


def test_bar_fits_a_narrow_terminal(cli):
    cli.write("big", os.urandom(1 << 20) * 300)
    for columns in (30, 60, 80):
        code, text, _ = on_terminal(cli, "put", f"Demo/1/start/{columns}", "big=big", columns=columns, stream="stderr", env={"COFFER_THREADS": "1"})
        assert code == 0
        drawn = [line for line in text.split("\r\x1b[K") if line]
        assert drawn and all(("[" in line) == (columns == 80) for line in drawn), drawn
        assert columns < 80 or max(map(len, drawn)) < columns
