# SPDX-License-Identifier: Apache-2.0
"""Golden transcripts: commands, what they print and how they exit.

A transcript has lines "$ command" (run by bash), then its standard output with "> " in front of each line, its standard error
with "! ", and "[N]" for an exit code other than 0; comments and blank lines may stand between commands. COFFER_UPDATE_TRANSCRIPTS=1 writes them anew; read the difference before you
commit it."""
import os
import pathlib
import re
import subprocess

import pytest

TRANSCRIPTS = pathlib.Path(__file__).resolve().parent / "transcripts"
VARYING = [
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), "TIME"),
    (re.compile(r"\.coffer-tmp-\d+-\w+"), "TEMPORARY"),
]


def run_line(cli, line):
    done = subprocess.run(["bash", "-c", line], cwd=cli.cwd, env=cli.env, capture_output=True, timeout=300)
    out, err = (stream.decode(errors="backslashreplace").replace(str(cli.cwd), "$PWD") for stream in (done.stdout, done.stderr))
    if out and not out.endswith("\n"):
        out += "(no newline)\n"
    text = "".join(f"{mark} {part}\n" for mark, stream in ((">", out), ("!", err)) for part in stream.split("\n")[:-1])
    for pattern, word in VARYING:
        text = pattern.sub(word, text)
    return f"$ {line}\n" + text + (f"[{done.returncode}]\n" if done.returncode else "")


@pytest.mark.parametrize("name", sorted(path.stem for path in TRANSCRIPTS.glob("*.txt")))
def test_transcript(cli, inputs, name):
    path = TRANSCRIPTS / f"{name}.txt"
    expected = path.read_text()
    happened = ""
    for line in expected.splitlines():
        if line.startswith("$ "):
            happened += run_line(cli, line[2:])
        elif line.startswith("# ") or not line:
            happened += line + "\n"
    if os.environ.get("COFFER_UPDATE_TRANSCRIPTS"):
        path.write_text(happened)
    assert happened == expected
