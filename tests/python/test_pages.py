# SPDX-License-Identifier: Apache-2.0
"""What README, docs and examples show of the Python package is run, and says what they say."""
import doctest
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL


@pytest.fixture(autouse=True)
def in_a_fresh_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("COFFER_STORE", "COFFER_SERIALIZERS", "COFFER_EXTENSION_PATH"):
        monkeypatch.delenv(name, raising=False)


def test_the_page_on_python_says_what_happens():
    page = ROOT / "docs/python.md"
    examples = "".join(re.findall(r"^```pycon\n(.*?)^```", page.read_text(), flags=re.S | re.M))
    test = doctest.DocTestParser().get_doctest(examples, {}, page.name, str(page), 0)
    said = []
    result = doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=said.append)
    assert result.attempted > 20 and result.failed == 0, "".join(said)


def test_the_page_on_python_names_everything_public():
    import coffer

    page = (ROOT / "docs/python.md").read_text()
    named = set(re.findall(r"\w+", page))
    records = {"Action", "ArtifactInfo", "Bytes", "Extension", "Finding", "Persistent", "Problem", "ProblemKind", "Report"}
    assert set(coffer.__all__) - records - {"SerializerStatus", "Store", "Task"} <= named
    for thing in (coffer.Task, coffer.Store):
        public = {name for name in vars(thing) if not name.startswith("_")}
        assert public <= named, thing


def test_the_example_of_the_readme_works():
    (example,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), flags=re.S | re.M)
    names = {}
    exec(compile(example, "README.md", "exec"), names)
    assert names["store"].runs("Flow") == ["1"]
    assert list(names["store"].task("Flow/1/train/7")) == ["weights"]


@pytest.mark.parametrize("arguments", [[], ["here"]])
def test_the_tour_tells_what_it_does(tmp_path, arguments):
    command = [sys.executable, "-X", "dev", "-W", "error", str(ROOT / "examples/python_store.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    for said in (
        "step average: tasks 2, 3",
        "is not done: Attempt(number=0, started=True, done=False, has_data=False)",
        "text = 'finished'",
        "saved again in run 2 it has the same key: True",
        "<object collections.Counter>",
        "it would call builtins.print",
        "are what was stored: True",
    ):
        assert said in done.stdout, done.stdout
    assert "You have been robbed" not in done.stdout
    assert (tmp_path / "here").exists() == bool(arguments)
