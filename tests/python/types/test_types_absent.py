# SPDX-License-Identifier: Apache-2.0
"""Where only a code package came along, without the compiled module: flows go on, and a typed artifact says what it needs."""


import pytest

pytest.importorskip("metaflow")
pytest.importorskip("coffer")

PROGRAM = """
import importlib.abc, sys, warnings

class Gone(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "coffer._coffer":
            raise ModuleNotFoundError("No module named 'coffer._coffer'", name=name)

sys.meta_path.insert(0, Gone())
warnings.simplefilter("ignore", RuntimeWarning)
from metaflow.datastore.artifacts import SerializationMetadata, SerializerStore, list_serializer_status

states = {record["name"]: record["state"] for record in list_serializer_status()}
assert {name: getattr(state, "value", state) for name, state in states.items()} == {"pickle": "active", "iotype": "active"}, states
first, *_ = [cls for cls in SerializerStore.get_ordered_serializers() if cls.can_serialize([1])]
assert first.TYPE == "pickle"
metadata = SerializationMetadata(None, 0, "iotype:Int32", {})
(reader,) = [cls for cls in SerializerStore.get_ordered_serializers() if cls.can_deserialize(metadata)]
try:
    reader.deserialize([b"5"], metadata)
except ImportError as error:
    print(error)
"""


@pytest.mark.parametrize("disable", ["1", ""])
def test_without_the_compiled_module(run_python, tmp_path, monkeypatch, disable):
    monkeypatch.setenv("COFFER_DISABLE", disable)
    monkeypatch.setenv("METAFLOW_HOME", str(tmp_path))
    said = run_python(PROGRAM, dev=False, cwd=tmp_path)
    assert said.startswith("an artifact of type iotype:Int32 needs the package coffer (")
