# SPDX-License-Identifier: Apache-2.0
"""The Python on docs/types.md does what it says."""

import importlib
import pathlib
import re
import sys

import pytest

pytest.importorskip("coffer")
pytest.importorskip("numpy")

PAGE = pathlib.Path(__file__).resolve().parents[3] / "docs" / "types.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.S)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_block(number, monkeypatch, tmp_path):
    if "metaflow" in BLOCKS[number]:
        pytest.importorskip("metaflow")
    name = f"page_on_types_{number}"
    (tmp_path / f"{name}.py").write_text(BLOCKS[number])
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module(name)
    del sys.modules[name]


def test_there_are_blocks():
    assert len(BLOCKS) >= 5
