# SPDX-License-Identifier: Apache-2.0
"""Large inputs of `coffer put`: memory that does not grow with them, inputs that change, many processes at once."""
import os
import pathlib
import statistics
import struct
import subprocess
import time

import pytest

from test_memory import GIB, limited, write_sparse_array

MIB = 1 << 20


def write_sparse_pickle(path, size):
    """A pickle of `size` zero bytes."""
    with open(path, "wb") as file:
        file.write(b"\x80\x04\x8e" + struct.pack("<Q", size))
        file.seek(size, os.SEEK_CUR)
        file.write(b"\x94.")


@pytest.fixture
def sparse(cli):
    with open(cli.cwd / "sparse", "wb") as file:
        file.truncate(GIB)
    return cli


def peak_mib(pid):
    """What was resident at most so far, mapped files too; 0 when it is over."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def peak_of(cli, *args, stdin=None):
    process = subprocess.Popen([cli.binary, *args], cwd=cli.cwd, env=cli.env, stdin=stdin)
    peak = 0
    while process.poll() is None:
        peak = max(peak, peak_mib(process.pid))
        time.sleep(0.005)
    assert process.returncode == 0 and peak > 0
    return peak


@pytest.mark.parametrize("kind", ["bytes", "text"])
def test_a_file_of_a_gibibyte_is_not_resident(sparse, kind):
    if sparse.is_sanitized:
        pytest.skip("the sanitizer has memory of its own")
    assert peak_of(sparse, "put", "-q", "Demo/1/start/1", f"a:{kind}=sparse") < 64
    assert limited(sparse, "coffer get Demo/1/start/1/a | cmp - sparse") == ""


@pytest.mark.parametrize("write", [write_sparse_pickle, lambda path, size: write_sparse_array(path, size // 8)], ids=["pkl", "npy"])
def test_nor_are_pickles_and_arrays(cli, write, request):
    if cli.is_sanitized:
        pytest.skip("the sanitizer has memory of its own")
    name = f"a.{request.node.callspec.id}"
    write(cli.cwd / name, GIB)
    assert peak_of(cli, "put", "-q", "Demo/1/start/1", f"a={name}") < 64


def test_a_gibibyte_through_a_pipe_is_not_resident(sparse):
    if sparse.is_sanitized:
        pytest.skip("the sanitizer has memory of its own")
    with subprocess.Popen(["cat", "sparse"], cwd=sparse.cwd, stdout=subprocess.PIPE) as source:
        assert peak_of(sparse, "put", "-q", "Demo/1/start/1", "a=-", stdin=source.stdout) < 64
    assert limited(sparse, "coffer get Demo/1/start/1/a | cmp - sparse") == ""


@pytest.mark.parametrize("size", [1, 16 * MIB - 1, 16 * MIB, 16 * MIB + 1, 20 * MIB + 3])
def test_what_a_pipe_brings_is_stored_whatever_its_size(cli, size):
    content = (bytes(range(251)) * (size // 251 + 1))[:size]
    cli.ok("put", "-q", "Demo/1/start/1", "a=-", input=content, text=False, env={"TMPDIR": str(cli.cwd)})
    assert cli.run("get", "Demo/1/start/1/a", text=False).stdout == content
    assert [entry for entry in os.listdir(cli.cwd) if entry.startswith("coffer-")] == []


def test_no_room_for_what_a_pipe_brings_is_an_error(cli):
    done = cli.run("put", "Demo/1/start/1", "a=-", input=b"x" * (17 * MIB), text=False, env={"TMPDIR": str(cli.cwd / "absent")})
    assert done.returncode == 4 and b"absent" in done.stderr and b"standard input" in done.stderr
    assert not (cli.cwd / ".metaflow").exists()


@pytest.mark.alone
@pytest.mark.parametrize("kind", ["bytes", "text"])
def test_an_input_that_is_cut_short_is_an_error(sparse, kind):
    process = subprocess.Popen(
        [sparse.binary, "put", "Demo/1/start/1", f"a:{kind}=sparse"], cwd=sparse.cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=dict(sparse.env, COFFER_THREADS="1"),
    )
    while process.poll() is None and not (sparse.cwd / ".metaflow").exists():
        time.sleep(0.001)
    os.truncate(sparse.cwd / "sparse", MIB)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 3 and ("cut short" in said or "was changed" in said), (process.returncode, said)
    assert not list((sparse.cwd / ".metaflow/Demo/1").rglob("*DONE.lock"))


def helpers_of(pid):
    """How many threads a process has besides its first one, and how many of them are at work."""
    states = []
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*"):
        try:
            state = (task / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(task.name) != pid:
            states.append(state)
    return len(states), sum(state in "RD" for state in states)


def put_in_eight_processes(cli, env):
    """(most helpers of a process, how many of all processes' were at work on average)"""
    cli.write("big", os.urandom(MIB) * 128)
    processes = [subprocess.Popen([cli.binary, "put", "-q", f"Demo/1/start/{i}", "big=big"], cwd=cli.cwd, env={**cli.env, **env}) for i in range(8)]
    most, at_work = 0, []
    while all(process.poll() is None for process in processes):
        counts = [helpers_of(process.pid) for process in processes]
        most = max(most, *(count for count, _ in counts))
        at_work.append(sum(working for _, working in counts))
        time.sleep(0.002)
    assert [process.wait() for process in processes] == [0] * 8
    return most, statistics.mean(at_work)


@pytest.mark.alone
def test_eight_processes_share_what_helpers_there_may_be(cli):
    most, at_work = put_in_eight_processes(cli, {})
    assert most <= os.cpu_count() - 1
    assert at_work <= os.cpu_count()  # without sharing it would be eight times what one process has


@pytest.mark.alone
def test_threads_asked_for_are_not_exceeded(cli):
    most, _ = put_in_eight_processes(cli, {"COFFER_THREADS": "3"})
    assert most <= 2


@pytest.mark.alone
def test_one_processor_means_no_helpers(cli):
    cli.write("big", os.urandom(MIB) * 128)
    processor = str(min(os.sched_getaffinity(0)))
    process = subprocess.Popen(["taskset", "-c", processor, cli.binary, "put", "-q", "Demo/1/start/1", "big=big"], cwd=cli.cwd, env=cli.env)
    most = 0
    while process.poll() is None:
        most = max(most, len(os.listdir(f"/proc/{process.pid}/task")) if os.path.exists(f"/proc/{process.pid}/task") else 0)
        time.sleep(0.001)
    assert process.returncode == 0 and most == 1
