# SPDX-License-Identifier: Apache-2.0
"""The tables, out of what is in the JSON and nothing else; for the terminal and for Markdown."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

MIB = 1 << 20
Spread = dict[str, Any]


class Table(NamedTuple):
    title: str
    head: list[str]
    rows: list[list[str]]


# ---- cells ----


def digits(number: float, most: int = 3) -> str:
    """To so many significant digits, never in powers of ten."""
    if number == 0 or math.isnan(number):
        return "0" if number == 0 else ""
    places = max(0, most - 1 - math.floor(math.log10(abs(number))))
    return f"{number:,.{min(places, 6)}f}"


def seconds(spread: Spread) -> str:
    return digits(spread["median"])


def times(spread: Spread) -> str:
    median, least, most = (digits(spread[name], 2) for name in ("median", "least", "most"))
    return f"{median} ({least}-{most})"


def percent(spread: Spread) -> str:
    return f"{100 * spread['median']:.0f} %"


def mib(spread: Spread) -> str:
    return f"{spread['median']:,.0f}" if spread["median"] >= 9.5 else f"{spread['median']:.1f}"


def of_limit(column: dict[str, Any]) -> str:
    return f"{percent(column['of_limit'])} {column['limit']}"


def short(number: int, unit: str) -> str:
    if unit != "bytes":
        return f"{number:,}"
    for power, name in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if number >= 1 << power:
            return f"{number >> power} {name}"
    return f"{number} B"


# ---- saves and loads ----


def cells(row: dict[str, Any], name: str, *render: Callable[[dict[str, Any]], str]) -> list[str]:
    column = row["columns"].get(name)
    return [each(column) if column else "" for each in render]


def show_seconds(column: dict[str, Any]) -> str:
    return seconds(column["seconds"])


def show_times(column: dict[str, Any]) -> str:
    return times(column["ratio"])


def show_added(column: dict[str, Any]) -> str:
    return mib(column["added_mib"])


def show_kept(column: dict[str, Any]) -> str:
    return mib(column["kept_mib"])


def disk_ratio(row: dict[str, Any]) -> str:
    """Sizes of what stock and the drop-in stored."""
    stock, ours = row["columns"].get("save stock"), row["columns"].get("save ours")
    return f"{ours['disk_bytes'] / stock['disk_bytes']:.3f}" if stock and ours else ""


OURS = (show_seconds, show_times, of_limit)
OURS_HEAD = ["s", "x stock", "of limit"]


def heads(*names: str) -> list[str]:
    return [f"{name} {part}".strip() for name in names for part in OURS_HEAD]


def saves(rows: list[dict[str, Any]]) -> Table:
    return Table(
        "Saves from Python",
        ["payload", "stock s", *heads("ours", "durable"), "+MiB stock", "ours", "disk / stock"],
        [
            [
                row["row"],
                *cells(row, "save stock", show_seconds),
                *cells(row, "save ours", *OURS),
                *cells(row, "save durable", *OURS),
                *cells(row, "save stock", show_added),
                *cells(row, "save ours", show_added),
                disk_ratio(row),
            ]
            for row in rows
            if "save ours" in row["columns"]
        ],
    )


def loads(rows: list[dict[str, Any]]) -> Table:
    return Table(
        "Loads to Python",
        ["payload", "stock s", *heads("ours", "by key"), "object MiB", "+MiB stock", "ours"],
        [
            [
                row["row"],
                *cells(row, "load stock", show_seconds),
                *cells(row, "load ours", *OURS),
                *cells(row, "load key", *OURS),
                *cells(row, "load ours", show_kept),
                *cells(row, "load stock", show_added),
                *cells(row, "load ours", show_added),
            ]
            for row in rows
        ],
    )


def native(rows: list[dict[str, Any]]) -> list[Table]:
    tables = []
    for what, other, label in (("save", "save native durable", "durable"), ("load", "load native key", "by key")):
        name = f"{what} native"
        body = [
            [row["row"], *cells(row, name, *OURS), *cells(row, other, *OURS), *cells(row, name, show_added)]
            for row in rows
            if name in row["columns"]
        ]
        tables.append(Table(f"{what.title()}s in C, without Python", ["payload", *heads("", label), "+MiB"], body))
    return tables


LIMITS = ("hash", "copy", "write", "sync", "read", "pickle", "unpickle")


def limits(rows: list[dict[str, Any]]) -> Table:
    def rate(row: dict[str, Any], name: str) -> str:
        amount = row["blob_bytes"] / MIB if row["artifacts"] == 1 else row["artifacts"]
        return digits(amount / row["limits"][name]["median"])

    of_payloads = {row["row"].partition(", compressed")[0].partition(", written")[0]: row for row in reversed(rows)}
    return Table(
        "Limits, measured in the same run",
        ["payload", "blob MiB", "a second", *LIMITS],
        [
            [label, f"{row['blob_bytes'] / MIB:,.1f}", "MiB" if row["artifacts"] == 1 else "artifacts", *(rate(row, name) for name in LIMITS)]
            for label, row in reversed(of_payloads.items())
        ],
    )


# ---- scaling ----


def scaling(axis: dict[str, Any]) -> list[Table]:
    """The points, and how steep the lines through them are."""
    lines = axis["lines"]
    points = sorted({point for line in lines for point in line["points"]})

    def grid(lines: list[dict[str, Any]], field: str, render: Callable[[Spread], str]) -> list[list[str]]:
        found = [{point: render(spread) for point, spread in zip(line["points"], line[field])} for line in lines]
        return [[short(point, axis["unit"]), *(each.get(point, "") for each in found)] for point in points]

    labels = [f"{line['what']} {line['way']}" for line in lines]
    fits = [
        [
            label,
            digits(line["fit"]["slope"]),
            digits(1e3 * line["fit"]["first_seconds"]),
            short(line["fit"]["last_point"], axis["unit"]),
            f"{digits(line['fit']['last_per_second'] / (MIB if axis['unit'] == 'bytes' else 1))}",
        ]
        for label, line in zip(labels, lines)
    ]
    unit = "MiB" if axis["unit"] == "bytes" else "artifacts"
    return [
        Table(f"Scaling, seconds: {axis['axis']}", [axis["unit"], *labels], grid(lines, "seconds", seconds)),
        Table(f"Scaling, MiB added: {axis['axis']}", [axis["unit"], *labels], grid(lines, "added_mib", mib)),
        Table(f"How cost grows: {axis['axis']}", ["", "slope", f"{short(points[0], axis['unit'])}: ms", "at", f"{unit} a second"], fits),
    ]


# ---- peers ----


def peer_times(line: dict[str, Any], what: str) -> list[str]:
    if f"{what}_seconds" not in line:
        return ["", ""]
    ratio = line[f"{what}_ratio"]
    mark = " *" if ratio["median"] < 0.95 else ""
    return [seconds(line[f"{what}_seconds"]), times(ratio) + mark]


def peers(lines: list[dict[str, Any]]) -> list[Table]:
    tables = []
    for payload in dict.fromkeys(line["payload"] for line in lines):
        body = [
            [
                line["peer"],
                *(cell for what in ("save", "load", "read") for cell in peer_times(line, what)),
                digits(line["disk_bytes"] / MIB),
            ]
            for line in lines
            if line["payload"] == payload
        ]
        head = ["", "save s", "x ours", "load s", "x ours", "load, read once s", "x ours", "disk MiB"]
        tables.append(Table(f"Peers: {payload}", head, body))
    return tables


# ---- all ----


def tables(result: dict[str, Any], part: str) -> list[Table]:
    rows = result.get(part)
    if not rows:
        return []
    if part == "table":
        return [saves(rows), loads(rows), *native(rows), limits(rows)]
    if part == "scaling":
        return [table for axis in rows for table in scaling(axis)]
    return peers(rows)


def header(result: dict[str, Any]) -> list[str]:
    about, settings = result["about"], result["settings"]
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    return [
        f"{about['processor']}, {about['cores']} cores, {about['memory_gib']} GiB; {about['kernel']}, {about['file_system']}, "
        f"huge pages: {about['huge_pages']}",
        f"coffer {about['coffer']}; Python {about['python']}, OpenSSL {about['openssl']}; {versions}",
        f"medians of {settings['rounds']} rounds (least-most); {settings['size_bytes'] / MIB:g} MiB, {settings['rows']:,} rows of the tables, "
        f"{settings['dicts']:,} small dicts in one call, {settings['calls']:,} in a call each",
    ]


def as_text(table: Table) -> str:
    widths = [max(len(line[column]) for line in [table.head, *table.rows]) for column in range(len(table.head))]

    def line(texts: Sequence[str]) -> str:
        first, *rest = (text.ljust(width) if not index else text.rjust(width) for index, (text, width) in enumerate(zip(texts, widths)))
        return "  ".join([first, *rest]).rstrip()

    return "\n".join([table.title, line(table.head), *map(line, table.rows)])


def as_markdown(table: Table) -> str:
    rule = "|".join(["---", *["---:"] * (len(table.head) - 1)])
    return "\n".join([f"| {' | '.join(table.head)} |", f"|{rule}|", *(f"| {' | '.join(row)} |" for row in table.rows)])
