# SPDX-License-Identifier: Apache-2.0
"""The tests in inside/, each file in a process in which the drop-in is on."""

import pathlib

import pytest

INSIDE = pathlib.Path(__file__).resolve().parent / "inside"


@pytest.mark.parametrize("file", sorted(path.name for path in INSIDE.glob("test_*.py")))
def test_inside(metaflow, file):
    said = metaflow.call("-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", INSIDE, INSIDE / file, COFFER_TEST_INSIDE="1", COFFER_SYNC="0")
    assert " passed" in said and " failed" not in said and " skipped" not in said
