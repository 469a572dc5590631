# SPDX-License-Identifier: Apache-2.0
import os
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Metaflow in this process, and in what it starts, is the stock one: what coffer is compared with. Tests of the drop-in
# (python/dropin) start Metaflow with it on.
os.environ["COFFER_DISABLE"] = "1"


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
