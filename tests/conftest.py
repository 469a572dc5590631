# SPDX-License-Identifier: Apache-2.0
import os
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Metaflow in this process, and in what it starts, is the stock one: what coffer is compared with. Tests of the drop-in
# (python/dropin) start Metaflow with it on.
os.environ["COFFER_DISABLE"] = "1"

# Files of a few long tests. Of several processes that share the files, none is to be left with one of these at the end.
LONGEST = ["test_flows.py", "test_crash.py", "test_bench.py", "test_inside.py", "test_leaks.py"]


def pytest_collection_modifyitems(config, items):
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(scope="session")
def build_dir():
    """The build directory under test: COFFER_BUILD, else build/."""
    return pathlib.Path(os.environ.get("COFFER_BUILD", ROOT / "build"))


@pytest.fixture(scope="session")
def coffer_bin(build_dir):
    """The command under test: COFFER_BIN, else the build directory's."""
    path = pathlib.Path(os.environ.get("COFFER_BIN", build_dir / "coffer"))
    assert path.exists(), f"{path} is not built"
    return str(path)
