# SPDX-License-Identifier: Apache-2.0
"""Memory does not grow with the artifact where it need not: 1 GiB in 100 MiB of address space."""
import pickle
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


def test_a_gibibyte_becomes_an_array_file_again(cli, gibibyte):
    assert limited(cli, f"coffer -s {gibibyte} get Demo/1/start/1/a | cmp - {gibibyte / 'a.npy'}") == ""


@pytest.fixture(scope="module")
def large(coffer_bin, tmp_path_factory):
    """A store with 100 MiB of bytes, text of characters of two bytes, and text that is nearly all ASCII; their files beside it."""
    directory = tmp_path_factory.mktemp("large")
    (directory / "bytes").write_bytes(bytes(range(256)) * (100 << 12))
    (directory / "wide.txt").write_text("\u00e9\u00fc" * (25 << 20), encoding="utf-8")
    (directory / "text.txt").write_text("a" * (100 << 20) + "\ud7ff", encoding="utf-8")
    subprocess.run(
        [coffer_bin, "-s", directory, "put", "-q", "Demo/1/start/1"] + [f"{name.split('.')[0]}={directory / name}" for name in ("bytes", "wide.txt", "text.txt")],
        check=True, timeout=300, env={"COFFER_SYNC": "0"},
    )
    return directory


@pytest.mark.parametrize("file", ["bytes", "wide.txt", "text.txt"])
def test_large_bytes_and_text_are_written_out(cli, large, file):
    name = file.split(".")[0]
    assert limited(cli, f"coffer -s {large} get Demo/1/start/1/{name} | cmp - {large / file}") == ""
    assert limited(cli, f"coffer -s {large} get Demo/1/start/1/{name} -o copy-{name}; cmp copy-{name} {large / file}") == ""


def test_large_value_in_another_form_is_refused_as_ever(cli, large):
    done = subprocess.run(["coffer", "-s", large, "get", "Demo/1/start/1/bytes", "--as", "text"], cwd=cli.cwd, env=cli.env, capture_output=True, text=True, timeout=300)
    assert done.returncode != 0 and "not a str" in done.stderr and done.stdout == ""


@pytest.mark.parametrize("before", [0, 1 << 20, (20 << 20) + 1])
def test_surrogate_anywhere_in_a_large_text_is_refused(cli, tmp_path, before):
    text = "a" * before + "\ud800" + "b" * ((24 << 20) - before)
    (tmp_path / "text.pkl").write_bytes(pickle.dumps(text, 4))
    run = dict(cwd=cli.cwd, env=cli.env, capture_output=True, text=True, timeout=300)
    subprocess.run(["coffer", "-s", tmp_path, "put", "-q", "Demo/1/start/1", f"text={tmp_path / 'text.pkl'}"], check=True, **run)
    done = subprocess.run(["coffer", "-s", tmp_path, "get", "Demo/1/start/1/text", "--as", "text", "-o", "text"], **run)
    assert done.returncode != 0 and "surrogates" in done.stderr
    assert not (cli.cwd / "text").exists()


def test_damage_of_a_large_value_leaves_no_file(cli, large, tmp_path):
    subprocess.run(["cp", "-r", large / ".metaflow", tmp_path], check=True)
    for blob in (tmp_path / ".metaflow/Demo/data").glob("*/*"):
        if not blob.name.endswith("_meta") and blob.stat().st_size > 1000:
            content = bytearray(blob.read_bytes())
            content[len(content) // 2] ^= 1
            blob.unlink()
            blob.write_bytes(content)
    for name in ("bytes", "wide", "text"):
        done = subprocess.run(
            ["coffer", "-s", tmp_path, "get", f"Demo/1/start/1/{name}", "-o", "damaged"], cwd=cli.cwd, env=cli.env, capture_output=True, text=True, timeout=300,
        )
        assert done.returncode != 0 and name in done.stderr
        assert not (cli.cwd / "damaged").exists()


def test_a_gibibyte_is_verified(cli, gibibyte):
    assert "sound" in limited(cli, f"coffer -s {gibibyte} verify")
