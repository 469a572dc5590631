#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the seeds of fuzz_types from the conformance vectors: of each type one as stored and one as sent, and what is refused."""
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
LARGEST = 1000
vectors = json.loads((HERE.parent / "tests/conformance/types.json").read_text())
folder = HERE / "corpus/types"
folder.mkdir(parents=True, exist_ok=True)


def write(name, kind, data):
    if len(data) < LARGEST:
        (folder / name).write_bytes(kind.encode() + b"\n" + data)


seen = set()
for vector in vectors["vectors"]:
    kind = vector["type"]
    if kind not in seen:
        name = "".join(c if c.isalnum() else "_" for c in kind)
        write(f"{name}_stored", kind, bytes.fromhex(vector["storage"]))
        write(f"{name}_sent", kind, vector["wire"].encode())
        seen.add(kind)
for number, vector in enumerate(vectors["refused"]):
    data = vector["wire"].encode() if "wire" in vector else bytes.fromhex(vector["storage"])
    write(f"refused_{number:03}", vector["type"], data)
for number, name in enumerate(vectors["no_types"][:12]):
    write(f"no_type_{number:02}", name, b"5")
