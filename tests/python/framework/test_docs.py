# SPDX-License-Identifier: Apache-2.0
"""docs/extending-python.md does what it says."""

import pathlib
import re

import pytest

import coffer

DOCS = pathlib.Path(__file__).resolve().parents[3] / "docs" / "extending-python.md"


@pytest.fixture
def blocks():
    return re.findall(r"```python\n(.*?)```", DOCS.read_text(), flags=re.S)


@pytest.fixture
def extension(ours, package, blocks):
    package("my_extension/__init__")
    package("my_extension/complex_serializer", blocks[0].replace("metaflow.datastore.artifacts", "coffer.framework"))
    names = {}
    exec(blocks[2] + blocks[4], names)
    return names


def test_the_class_saves_and_loads(ours, extension, blocks):
    from coffer.framework._registry import REGISTRY

    exec(blocks[3], {})
    blob, metadata = coffer.serialize(1 + 2j, registry=REGISTRY)
    assert metadata == ("<class 'complex'>", 16, "complex-v1", {"source": "my-extension"})
    assert coffer.deserialize(blob, metadata, registry=REGISTRY) == 1 + 2j
    (cls,) = ours.Store.get_ordered_serializers()
    assert cls.deserialize(cls.serialize(1 + 2j, format="wire"), format="wire") == 1 + 2j


def test_the_lazy_declaration(ours, extension):
    from coffer.framework._bootstrap import read_lazy

    lazy = {name: read_lazy(each) for name, each in extension["ARTIFACT_SERIALIZERS_LAZY"].items()}
    ours.Store.bootstrap_entries(extension["ARTIFACT_SERIALIZERS_DESC"], lazy=lazy)
    assert ours.Store._records["complex"].state == ours.State.KNOWN
    assert [cls.can_serialize(1j) for cls in ours.Store.get_ordered_serializers()] == [True]
    assert ours.Store._records["complex"].state == ours.State.ACTIVE


def test_setup_imports(ours, blocks):
    names = {}
    exec("class It:\n" + blocks[1], names)
    imported = []
    names["It"].lazy_import = classmethod(lambda cls, *args, **kwargs: imported.append((args, kwargs)))
    ours.serializer._call_setup_imports(names["It"])
    assert imported == [(("pyarrow.parquet",), {"alias": "parquet"})]
