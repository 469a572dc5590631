# SPDX-License-Identifier: Apache-2.0
"""Metaflow's own package of this name. Metaflow can't load the original of a package that imports its own modules: it looks for them without end."""

import importlib.util
import os
import sys

import metaflow

_NAME = "metaflow.datastore._stock_artifacts"
_SHOWN_AS = "metaflow.datastore.artifacts._orig"


def load():
    """Loads it under another name, and makes it importable as `_orig`, its modules too."""
    directory = os.path.join(metaflow.__path__[0], "datastore", "artifacts")
    place = os.path.join(directory, "__init__.py")
    spec = importlib.util.spec_from_file_location(_NAME, place, submodule_search_locations=[directory])
    package = sys.modules[_NAME] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)
    for name in ("", ".serializer", ".diagnostic", ".lazy_registry"):
        sys.modules[_SHOWN_AS + name] = importlib.import_module(_NAME + name)
    return package
