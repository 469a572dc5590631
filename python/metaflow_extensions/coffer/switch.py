# SPDX-License-Identifier: Apache-2.0
"""Whether coffer takes the place of parts of Metaflow in this process."""

import functools
import os
import sys
import warnings


@functools.lru_cache(maxsize=None)
def is_on():
    """False when COFFER_DISABLE is set, and, after one warning, where coffer can't work."""
    if os.environ.get("COFFER_DISABLE", "") not in ("", "0"):
        return False
    obstacle = _obstacle()
    if obstacle:
        warnings.warn(f"coffer is not used, Metaflow's own datastore is: {obstacle}", RuntimeWarning, stacklevel=2)
    return obstacle is None


def _obstacle():
    try:
        import coffer._coffer  # noqa: F401  not there where only a code package came along
    except Exception as error:
        return f"its compiled module can't be imported ({type(error).__name__}: {error})"
    directories = getattr(sys.modules.get("metaflow"), "__path__", [])
    if not any(os.path.isdir(os.path.join(directory, "datastore", "artifacts")) for directory in directories):
        return "this Metaflow is older than 2.19.38"
    return None
