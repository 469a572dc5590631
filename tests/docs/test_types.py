# SPDX-License-Identifier: Apache-2.0
"""docs/types.md shows the example that the unit tests load, and names every type."""
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/types.md").read_text()


def block(language):
    return re.search(rf"^```{language}\n(.*?)^```", PAGE, flags=re.S | re.M)[1]


def test_the_page_shows_the_example_as_it_is():
    assert block("c") == (ROOT / "examples/iotype/point.c").read_text()
    assert block("json") == (ROOT / "examples/iotype/point.json").read_text()


def test_the_page_names_every_type_that_has_vectors():
    vectors = json.loads((ROOT / "tests/conformance/types.json").read_text())["vectors"]
    table = PAGE.split("## The types")[1].split("\n\n")[1]
    for name in {vector["type"].split("[")[0] for vector in vectors}:
        assert re.search(rf"^\|.*`{name}\b.*\| .* \|$", table, flags=re.M), name


def test_the_page_names_every_keyword_that_schemas_use():
    source = (ROOT / "src/types/schema.c").read_text().split("keywords[] = {")[1].split("};")[0]
    known = set(re.findall(r'\{"([$\w]+)",', source))
    assert known and all(f"`{name}`" in PAGE for name in known)
