#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the seeds of fuzz_types and of each type's own targets from the conformance vectors: what is stored, what is sent, what is refused."""
import json
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
LARGEST = 1000
EACH = 6
FORMATS = ("storage", "wire")
cases = json.loads((HERE.parent / "tests/conformance/types.json").read_text())


def write(corpus, name, data):
    if len(data) < LARGEST:
        folder = HERE / "corpus" / corpus
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def data_of(case, format):
    """None when the case is one of the other format."""
    return None if format not in case else case["wire"].encode() if format == "wire" else bytes.fromhex(case["storage"])


def of_all_types():
    seen = {"Table"}  # in an extension
    for case in cases["vectors"]:
        kind = case["type"]
        if kind not in seen:
            for format, how in zip(FORMATS, ("stored", "sent")):
                write("types", f"{re.sub(r'[^A-Za-z0-9]', '_', kind)}_{how}", kind.encode() + b"\n" + data_of(case, format))
            seen.add(kind)
    for number, case in enumerate(case for case in cases["refused"] if case["type"] != "Table"):
        data = data_of(case, "wire" if "wire" in case else "storage")
        write("types", f"refused_{number:03}", case["type"].encode() + b"\n" + data)
    for number, name in enumerate(cases["no_types"][:12]):
        write("types", f"no_type_{number:02}", name.encode() + b"\n5")


def short_name(kind):
    base, bracket, _ = kind.partition("[")
    return "json_options" if base == "Json" and bracket else base.lower()


def of_tables():
    """In an extension, with a target of its own."""
    folder = HERE / "corpus/table"
    folder.mkdir(exist_ok=True)
    for group in ("vectors", "refused"):
        for number, case in enumerate(case for case in cases[group] if case["type"] == "Table"):
            (folder / f"{group}_{number}").write_bytes(data_of(case, "storage"))


def of_each_type():
    for group in ("vectors", "refused"):
        count = {}
        for case in cases[group]:
            if case["type"] == "Table":
                continue
            for format in FORMATS:
                corpus, data = f"type_{short_name(case['type'])}_{format}", data_of(case, format)
                number = count.get(corpus, 0)
                if data and number < EACH:
                    write(corpus, f"{group}_{number}", data)
                    count[corpus] = number + 1


of_all_types()
of_each_type()
of_tables()
