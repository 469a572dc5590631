# SPDX-License-Identifier: Apache-2.0
import json
import pathlib
import subprocess
import sys

import pytest

pytest.importorskip("coffer")
pytest.importorskip("numpy")

BENCH = pathlib.Path(__file__).resolve().parents[3] / "bench" / "typed.py"


def test_a_quick_run_measures_every_way(tmp_path):
    out = tmp_path / "out.json"
    subprocess.run([sys.executable, BENCH, "--quick", "--json", out, "--scratch", tmp_path], check=True, timeout=600)
    results = json.loads(out.read_text())
    assert [result["way"] for result in results] == ["Tensor", "pickle", "Json", "json", "pickle", "Struct", "json", "pickle"]
    for result in results:
        assert result["size_bytes"] > 100_000
        for part in ("save", "load"):
            assert result[part]["seconds"] > 0 and result[part]["added_mib"] >= 0
