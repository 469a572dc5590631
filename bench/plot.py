# SPDX-License-Identifier: Apache-2.0
"""The tables as pictures: table, scaling and peers, each as PNG and SVG."""

import pathlib
from collections.abc import Sequence
from typing import Any

import matplotlib

matplotlib.use("Agg")
# With a salt, and without a date, the same results give the same file.
matplotlib.rcParams.update(
    {
        "svg.hashsalt": "coffer",
        "svg.fonttype": "none",
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "grid.color": "#dddddd",
        "legend.frameon": False,
        "figure.facecolor": "white",
    }
)

import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.ticker import FuncFormatter, NullFormatter  # noqa: E402
from report import MIB, short  # noqa: E402

BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#777777"
SERIES = {
    "save": [("ours", "from Python", BLUE, "o"), ("durable", "on the disk (COFFER_SYNC=1)", ORANGE, "s"), ("native", "in C", GREEN, "^")],
    "load": [("ours", "to Python", BLUE, "o"), ("key", "checked by key", ORANGE, "s"), ("native", "in C", GREEN, "^")],
}
WAY_COLORS = {"stock": GREY, "1 thread": ORANGE, "2 threads": BLUE}


def plain_log(axis: Any) -> None:
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def list_labels(axes: Axes, labels: Sequence[str]) -> None:
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(axis="x")


# ---- saves and loads ----


def dots(axes: Axes, rows: list[dict[str, Any]], what: str) -> None:
    """How many times faster than stock, with the least and the most of all rounds; and where the limit would be."""
    for index, (name, label, color, marker) in enumerate(SERIES[what]):
        found = [(place, row["columns"][f"{what} {name}"]["ratio"]) for place, row in enumerate(rows) if f"{what} {name}" in row["columns"]]
        middle = [ratio["median"] for _, ratio in found]
        errors = [[ratio["median"] - ratio["least"] for _, ratio in found], [ratio["most"] - ratio["median"] for _, ratio in found]]
        places = [place + 0.22 * (index - 1) for place, _ in found]
        axes.errorbar(middle, places, xerr=errors, fmt=marker, color=color, markersize=5, linewidth=1, label=label)
    bounds = [row["columns"][f"{what} stock"]["seconds"]["median"] / row["columns"][f"{what} ours"]["limit_seconds"]["median"] for row in rows]
    axes.plot(bounds, range(len(rows)), "|", color="black", markersize=22, label="limit (without sync, without key)")
    axes.axvline(1, color=GREY, linewidth=1)
    axes.set_xscale("log")
    plain_log(axes.xaxis)
    axes.set_title(f"{what}: times as fast as stock Metaflow")
    list_labels(axes, [row["row"] for row in rows])
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.07), ncols=2)


def table_figure(rows: list[dict[str, Any]]) -> Figure:
    saved = [row for row in rows if "save ours" in row["columns"]]
    figure, both = plt.subplots(1, 2, figsize=(13, 1.6 + 0.45 * len(rows)), layout="constrained")
    dots(both[0], saved, "save")
    dots(both[1], rows, "load")
    return figure


# ---- scaling ----


def scaling_lines(axes: Axes, axis: dict[str, Any], what: str, field: str) -> None:
    for line in axis["lines"]:
        if line["what"] == what:
            middle = [spread["median"] for spread in line[field]]
            axes.plot(line["points"], middle, "o-", color=WAY_COLORS[line["way"]], markersize=4, label=line["way"])
    points = axis["lines"][-1]["points"]
    axes.set_xscale("log", base=2 if axis["unit"] == "bytes" else 10)
    if field == "added_mib":
        axes.set_yscale("symlog", linthresh=1)
        axes.set_ylim(0, max(20, 2 * axes.get_ylim()[1]))
    else:
        axes.set_yscale("log")
    plain_log(axes.yaxis)
    if axis["unit"] == "bytes":
        if (what, field) == ("load", "added_mib"):
            axes.plot(points, [point / MIB for point in points], ":", color="black", label="the object")
        axes.set_xticks(points, [short(point, "bytes") for point in points], rotation=45)
    else:
        plain_log(axes.xaxis)
    axes.grid()


def scaling_figure(scaling: list[dict[str, Any]]) -> Figure:
    kinds = [("save", "seconds"), ("load", "seconds"), ("save", "added_mib"), ("load", "added_mib")]
    figure, grid = plt.subplots(len(kinds), len(scaling), figsize=(13, 13), layout="constrained", squeeze=False)
    for line, (what, field) in zip(grid, kinds):
        for axes, axis in zip(line, scaling):
            scaling_lines(axes, axis, what, field)
            axes.set_title(f"{what}: {axis['axis']}")
        line[0].set_ylabel("seconds" if field == "seconds" else "MiB added to the process")
    grid[0][0].legend()
    grid[-1][0].legend()
    return figure


# ---- peers ----


def peers_figure(lines: list[dict[str, Any]]) -> Figure:
    payloads = list(dict.fromkeys(line["payload"] for line in lines))
    heights = [sum(line["payload"] == payload for line in lines) for payload in payloads]
    size = (10, 1 + 0.4 * sum(heights) + 0.5 * len(heights))
    figure, column = plt.subplots(len(payloads), 1, figsize=size, layout="constrained", squeeze=False, height_ratios=heights, sharex=True)
    for (axes,), payload in zip(column, payloads):
        chosen = [line for line in lines if line["payload"] == payload]
        for field, label, color, marker in (("save_seconds", "save", ORANGE, "s"), ("read_seconds", "load, and read once", BLUE, "o")):
            loads = [line.get(field, line["load_seconds"]) for line in chosen]
            axes.plot([spread["median"] for spread in loads], range(len(chosen)), marker, color=color, label=label)
        axes.set_xscale("log")
        plain_log(axes.xaxis)
        axes.set_title(f"{payload}: seconds")
        list_labels(axes, [line["peer"] for line in chosen])
    column[0][0].legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


FIGURES = {"table": table_figure, "scaling": scaling_figure, "peers": peers_figure}


def write_all(result: dict[str, Any], directory: pathlib.Path, suffixes: Sequence[str]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, draw in FIGURES.items():
        if result.get(name):
            figure = draw(result[name])
            for suffix in suffixes:
                figure.savefig(directory / f"{name}.{suffix}", dpi=120, metadata={"Date": None} if suffix == "svg" else None)
            plt.close(figure)
