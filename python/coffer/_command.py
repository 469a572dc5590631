# SPDX-License-Identifier: Apache-2.0
"""The command `coffer`, as the package brings it along."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
_PROGRAM = os.path.join(_PACKAGE, "bin", "coffer")
EXTENSIONS = os.path.join(_PACKAGE, "extensions")
"""Where descriptors and libraries of the package's own extensions are."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Becomes the command; without arguments they are those of this process."""
    paths = [os.environ.get("COFFER_EXTENSION_PATH"), EXTENSIONS]
    os.environ["COFFER_EXTENSION_PATH"] = ":".join(path for path in paths if path)
    # Python ignores them, and a program inherits that: `coffer ls | head` would report a broken pipe.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    program, *others = sys.argv
    os.execv(_PROGRAM, [program, *(others if arguments is None else arguments)])
