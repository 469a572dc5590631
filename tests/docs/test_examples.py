# SPDX-License-Identifier: Apache-2.0
"""What README and docs show is true: C compiles against the public headers, commands run, links lead somewhere."""
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(language):
    """Every fenced block of a language, as (page:number, text)."""
    for page in PAGES:
        found = re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), flags=re.S | re.M)
        for number, text in enumerate(found, 1):
            yield pytest.param(text, id=f"{page.name}:{number}")


def as_translation_unit(text):
    """A block that is a whole file as it is; a fragment as the body of a function."""
    if re.search(r"^(static |const |typedef |int main|struct )", text, flags=re.M):
        return text
    includes = "".join(line + "\n" for line in text.splitlines() if line.startswith("#include"))
    body = "".join(line + "\n" for line in text.splitlines() if not line.startswith("#include"))
    return f"#include <stdio.h>\n#include <string.h>\n{includes}void example(void);\nvoid example(void)\n{{\n{body}}}\n"


@pytest.mark.parametrize("text", list(blocks("c")))
def test_c_example_compiles(text, tmp_path):
    source = tmp_path / "example.c"
    source.write_text(as_translation_unit(text))
    done = subprocess.run(
        ["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{ROOT / 'include'}", str(source)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\(([^)#\s]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
