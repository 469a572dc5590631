#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast coffer saves and loads, beside stock Metaflow, what the machine allows, and what else one might use.

Three parts: the table (each payload by stock and by us, in turn), scaling (how cost grows), peers. Without --table, --scaling or --peers all are done.
docs/performance.md tells how it is measured and shows the latest results; --write-docs puts new ones there.
"""

import argparse
import dataclasses
import json
import pathlib
import sys
import tempfile
from typing import Any

import machine
import payloads
import peers
import report
import saves
import scaling
from runner import ChildFailed, Runner

ROOT = pathlib.Path(__file__).resolve().parent.parent
BALLAST = 6  # times the size of an array: stock takes three times that to save it, and the file is in the page cache
PARTS = ("table", "scaling", "peers")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for part in PARTS:
        parser.add_argument(f"--{part}", action="append_const", dest="parts", const=part, help="this part, not all")
    parser.add_argument("--rounds", type=int, default=5, help="default %(default)s")
    parser.add_argument("--mib", type=int, default=128, help="of arrays and text, default %(default)s")
    parser.add_argument("--only", default="", metavar="TEXT", help="payloads with TEXT in their name")
    parser.add_argument("--full", action="store_true", help="scaling to 4 GiB, and stock as far as ours; needs 12 GiB of memory")
    parser.add_argument("--quick", action="store_true", help="small and once, to see that all works; times mean nothing")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write all that was measured")
    parser.add_argument("--plot", type=pathlib.Path, metavar="DIR", help="write plots, as PNG and SVG")
    parser.add_argument(
        "--write-docs", type=pathlib.Path, nargs="?", const=ROOT / "docs", metavar="DIR", help="put tables and plots into docs/performance.md, or DIR's"
    )
    parser.add_argument("--from", dest="source", type=pathlib.Path, metavar="FILE", help="measure nothing, take what --json wrote")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build", help="where coffer was built, default build/")
    parser.add_argument("--scratch", type=pathlib.Path, help="where files are written, and stay; default a new directory in the build directory")
    options = parser.parse_args()
    if options.write_docs and (options.parts or options.only):
        parser.error("--write-docs takes all parts and payloads")
    return options


def measure(options: argparse.Namespace) -> dict[str, Any]:
    sizes = payloads.QUICK if options.quick else dataclasses.replace(payloads.FULL, size_bytes=options.mib << 20)
    options.build.joinpath("bench").mkdir(exist_ok=True)
    scratch = options.scratch or pathlib.Path(tempfile.mkdtemp(prefix="files-", dir=options.build.resolve() / "bench"))
    scratch.mkdir(parents=True, exist_ok=True)
    rounds = 1 if options.quick else options.rounds
    runner = Runner(scratch, options.build.resolve(), rounds, options.quick, ballast_bytes=BALLAST * sizes.size_bytes)
    result: dict[str, Any] = {
        "about": machine.facts(scratch, runner.build / "coffer"),
        "settings": {**dataclasses.asdict(sizes), "rounds": runner.rounds, "quick": options.quick},
    }
    parts = options.parts or PARTS
    try:
        if "table" in parts:
            result["table"] = saves.run(runner, sizes, options.only)
        if "scaling" in parts:
            result["scaling"] = scaling.run(runner, options.quick, options.full)
        if "peers" in parts:
            result["peers"] = peers.run(runner, sizes, options.only)
    finally:
        runner.close()
    runner.say(f"done; what was written stays in {scratch}")
    return result


def main() -> None:
    options = parse()
    try:
        result = json.loads(options.source.read_text()) if options.source else measure(options)
    except ChildFailed as failure:
        sys.exit(f"bench: {failure}")
    print("\n".join(report.header(result)))
    for part in PARTS:
        for table in report.tables(result, part):
            print(f"\n{report.as_text(table)}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    if options.plot:
        import plot

        plot.write_all(result, options.plot, ("png", "svg"))
    if options.write_docs:
        import pages

        pages.write(result, options.write_docs)


if __name__ == "__main__":
    main()
