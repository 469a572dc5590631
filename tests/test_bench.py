# SPDX-License-Identifier: Apache-2.0
"""The bench does all that it should, small and once. What it says of time is not looked at."""

import json
import math
import pathlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/performance.md"
sys.path.append(str(ROOT / "bench"))
import peers  # noqa: E402
import saves  # noqa: E402
from payloads import PAYLOADS  # noqa: E402


def run(*arguments):
    command = [sys.executable, str(ROOT / "bench/bench.py"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def printed(directory, build_dir):
    return run("--quick", "--build", build_dir, "--scratch", directory / "files", "--json", directory / "all.json", "--plot", directory / "plots")


@pytest.fixture(scope="module")
def result(printed, directory):
    return json.loads((directory / "all.json").read_text())


def numbers(tree):
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, list):
        return [number for each in tree for number in numbers(each)]
    return [tree] if isinstance(tree, (int, float)) else []


def test_every_row_is_there_with_every_column(result):
    wanted = {name + row.label: set(row.columns) for name, payload in PAYLOADS.items() for row in saves.rows(payload)}
    assert {row["row"]: set(row["columns"]) for row in result["table"]} == wanted


def test_every_figure_is_a_number(result):
    assert all(math.isfinite(number) for number in numbers(result))
    for row in result["table"]:
        for column in row["columns"].values():
            assert column["seconds"]["median"] > 0 and column["limit_seconds"]["median"] > 0


def test_ratios_are_of_stock_over_ours(result):
    for row in result["table"]:
        for name, column in row["columns"].items():
            if "stock" not in name:
                stock = row["columns"][f"{name.split()[0]} stock"]["seconds"]["all"]
                ratios = [theirs / ours for theirs, ours in zip(stock, column["seconds"]["all"])]
                assert column["ratio"]["all"] == pytest.approx(ratios, rel=1e-3)


def test_forced_compression_and_both_stores_give_blobs(result):
    for row in result["table"]:
        assert all(column["disk_bytes"] > 0 for name, column in row["columns"].items() if name.startswith("save"))


def test_scaling_has_each_axis_way_and_point(result):
    assert [axis["axis"] for axis in result["scaling"]] == ["random float64", "small ints in int64", "small dicts, one call"]
    for axis in result["scaling"]:
        lines = {(line["way"], line["what"]): line for line in axis["lines"]}
        assert set(lines) == {(way, what) for way in ("stock", "1 thread", "2 threads") for what in ("save", "load")}
        assert all(len(line["points"]) == len(line["seconds"]) == len(line["added_mib"]) == 3 for line in lines.values())


def test_each_peer_saves_what_it_can(result):
    wanted = {(payload, name) for name, peer in peers.PEERS.items() for payload in peer.payloads}
    wanted |= {(payload, name) for name in peers.COMMANDS for payload in peers.FILES}
    assert {(line["payload"], line["peer"]) for line in result["peers"]} == wanted


def test_json_has_all_that_is_printed(printed, result, directory):
    assert run("--from", directory / "all.json") == printed
    for row in result["table"]:
        assert f"\n{row['row']}  " in printed


@pytest.mark.parametrize("name", ["table", "scaling", "peers"])
def test_plots_are_pictures(printed, directory, name):
    plots = directory / "plots"
    assert (plots / f"{name}.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    picture = xml.etree.ElementTree.parse(plots / f"{name}.svg").getroot()
    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    assert any("random float64" in (element.text or "") for element in picture.iter())


def test_page_is_filled_between_its_markers_and_again_to_the_same(printed, directory):
    docs = directory / "docs"
    docs.mkdir()
    shutil.copy(PAGE, docs)
    run("--from", directory / "all.json", "--write-docs", docs)
    first = {path.relative_to(docs): path.read_bytes() for path in sorted(docs.rglob("*")) if path.is_file()}
    run("--from", directory / "all.json", "--write-docs", docs)
    assert {path.relative_to(docs): path.read_bytes() for path in sorted(docs.rglob("*")) if path.is_file()} == first
    page = (docs / "performance.md").read_text()
    assert "| random float64, written by stock |" in page and "| git hash-object -w, cat-file |" in page
    assert page.partition("<!-- bench:machine -->")[0] == PAGE.read_text().partition("<!-- bench:machine -->")[0]


def test_page_shows_results_of_a_whole_run():
    """Not of a quick one, and of every row."""
    page = PAGE.read_text()
    assert all(f"| {label} |" in page for label in saves.labels())
    assert "| 1 GiB |" in page and "128 MiB" in page
    for name in ("table", "scaling", "peers"):
        assert (PAGE.parent / f"performance/{name}.svg").exists()


def test_parts_alone_are_not_written_to_the_page(directory):
    done = subprocess.run([sys.executable, str(ROOT / "bench/bench.py"), "--peers", "--write-docs"], capture_output=True, text=True)
    assert done.returncode == 2 and "takes all parts" in done.stderr
