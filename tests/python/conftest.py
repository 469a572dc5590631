# SPDX-License-Identifier: Apache-2.0
import importlib.util

INSTALLED = importlib.util.find_spec("coffer") is not None

if not INSTALLED:
    collect_ignore_glob = ["test_*.py"]


def pytest_report_header():
    return "coffer for Python: " + ("installed" if INSTALLED else "NOT installed (pip install .), its tests are left out")
