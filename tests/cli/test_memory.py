# SPDX-License-Identifier: Apache-2.0
"""Memory does not grow with the artifact where it need not: 1 GiB in 100 MiB of address space."""
import struct
import subprocess

import pytest

GIB = 1 << 30
LIMIT_KIB = 100 << 10


def write_sparse_array(path, count):
    """A .npy file of `count` doubles whose first three are 1, 2, 3 and whose rest is a hole."""
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (%d,), }" % count
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + struct.pack("<3d", 1, 2, 3))
        file.truncate(10 + len(header) + 8 * count)


@pytest.fixture(scope="module")
def gibibyte(coffer_bin, tmp_path_factory):
    """A store with an array of 1 GiB in Demo/1/start/1/a."""
    directory = tmp_path_factory.mktemp("gibibyte")
    write_sparse_array(directory / "a.npy", GIB // 8)
    subprocess.run(
        [coffer_bin, "-s", directory, "put", "-q", "Demo/1/start/1", f"a={directory / 'a.npy'}"],
        check=True, timeout=300, env={"COFFER_SYNC": "0"},
    )
    return directory


def limited(cli, command):
    if cli.is_sanitized:
        pytest.skip("the sanitizer's shadow memory does not fit")
    done = subprocess.run(
        ["bash", "-c", f"ulimit -v {LIMIT_KIB}; {command}"], cwd=cli.cwd, env=cli.env, capture_output=True, text=True, timeout=300,
    )
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout


def test_the_head_of_a_gibibyte_is_shown(cli, gibibyte):
    text = limited(cli, f"coffer -s {gibibyte} show Demo/1/start/1/a")
    assert "1." in text and "2." in text and "3." in text
    assert "134217728" in text.replace(",", "")


def test_the_head_of_a_gibibyte_as_json(cli, gibibyte):
    assert "134217728" in limited(cli, f"coffer -s {gibibyte} show --json Demo/1/start/1/a")


def test_a_task_with_a_gibibyte_is_shown(cli, gibibyte):
    assert "large" in limited(cli, f"coffer -s {gibibyte} show Demo/1/start/1")


def test_a_gibibyte_is_written_out(cli, gibibyte):
    assert int(limited(cli, f"coffer -s {gibibyte} get --raw Demo/1/start/1/a | wc -c")) > GIB


def test_a_gibibyte_is_verified(cli, gibibyte):
    assert "sound" in limited(cli, f"coffer -s {gibibyte} verify")
