# SPDX-License-Identifier: Apache-2.0
"""What the machine allows, in the same run: the same bytes hashed, copied, written and read by as little code as can be.

| limit | is |
|---|---|
| hash | SHA-1 by OpenSSL, one stream for each artifact |
| copy | into memory that the process never touched |
| write | a new file for each artifact, in 256 directories, into the page cache |
| sync | the same, and on the disk |
| read | each of these files into a buffer |
| pickle, unpickle | CPython's own pickle.dumps and pickle.loads |

All but the last two are bounds that no program gets around which stores under a SHA-1 key in files; several artifacts may go beyond them by several
threads. Pickling is no such bound, only what it costs today.
"""

import hashlib
import os
import pathlib
import pickle
from typing import Any

import ballast
import numpy as np
from measuring import seconds_of
from payloads import PAYLOADS, Sizes


def hash_all(blobs: list[bytes]) -> None:
    for blob in blobs:
        hashlib.sha1(blob, usedforsecurity=False).hexdigest()


def copy_all(blobs: list[bytes]) -> None:
    for blob in blobs:
        np.copyto(np.empty(len(blob), np.uint8), np.frombuffer(blob, np.uint8))


def write_all(blobs: list[bytes], paths: list[str], sync: bool) -> None:
    for blob, path in zip(blobs, paths):
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        rest = memoryview(blob)
        while rest:
            rest = rest[os.write(file, rest) :]
        if sync and len(blobs) == 1:
            os.fsync(file)
        os.close(file)
    if sync and len(blobs) > 1:
        os.sync()


def read_all(paths: list[str], size_bytes: int) -> None:
    buffer = bytearray(size_bytes)
    for path in paths:
        file = os.open(path, os.O_RDONLY)
        while os.readv(file, [buffer]) > 0:
            pass
        os.close(file)


def new_paths(root: pathlib.Path, count: int) -> list[str]:
    for number in range(min(count, 256)):
        (root / f"{number:02x}").mkdir(parents=True)
    return [f"{root}/{number % 256:02x}/{number}" for number in range(count)]


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Seconds of each limit for a payload. Leaves its pickles, one after the other, in the file `input` if the job names one."""
    objects = PAYLOADS[job["payload"]].make(Sizes(**job["sizes"]))
    blobs: list[bytes] = []
    results: dict[str, Any] = {"pickle": seconds_of(lambda: blobs.extend(pickle.dumps(each, 4) for each in objects))}
    if job["input"]:
        with open(job["input"], "wb") as file:
            file.writelines(blobs)
    results["hash"] = seconds_of(lambda: hash_all(blobs))
    ballast.take_lent()
    results["copy"] = seconds_of(lambda: copy_all(blobs))
    os.sync()
    root = pathlib.Path(job["root"])
    plain, synced = new_paths(root / "plain", len(blobs)), new_paths(root / "synced", len(blobs))
    results["write"] = seconds_of(lambda: write_all(blobs, plain, sync=False))
    os.sync()
    results["sync"] = seconds_of(lambda: write_all(blobs, synced, sync=True))
    results["read"] = seconds_of(lambda: read_all(plain, min(1 << 20, max(map(len, blobs)))))
    results["unpickle"] = seconds_of(lambda: [pickle.loads(blob) for blob in blobs])
    results["bytes"] = sum(map(len, blobs))
    return results
