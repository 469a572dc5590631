# SPDX-License-Identifier: Apache-2.0
"""Puts the results into docs/performance.md, between markers such as <!-- bench:table --> and <!-- /bench:table -->, and the plots beside it."""

import pathlib
from typing import Any

import plot
import report


def blocks(result: dict[str, Any]) -> dict[str, str]:
    """What stands between the markers, by their names."""
    found = {"machine": "\n".join(f"* {line}" for line in report.header(result))}
    for part in ("table", "scaling", "peers"):
        tables = report.tables(result, part)
        if not tables:
            raise LookupError(f"the results have no {part}")
        found[part] = "\n\n".join(f"### {table.title}\n\n{report.as_markdown(table)}" for table in tables)
    return found


def fill(page: str, texts: dict[str, str]) -> str:
    for name, text in texts.items():
        begin, end = f"<!-- bench:{name} -->\n", f"<!-- /bench:{name} -->"
        before, begin_found, rest = page.partition(begin)
        _, end_found, after = rest.partition(end)
        if not begin_found or not end_found:
            raise LookupError(f"the page has no place for {name}")
        page = f"{before}{begin}\n{text}\n\n{end}{after}"
    return page


def write(result: dict[str, Any], docs: pathlib.Path) -> None:
    """Written twice with the same results, both stay the same."""
    page = docs / "performance.md"
    page.write_text(fill(page.read_text(), blocks(result)))
    plot.write_all(result, docs / "performance", ["svg"])
