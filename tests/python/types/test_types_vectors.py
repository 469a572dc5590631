# SPDX-License-Identifier: Apache-2.0
"""The vectors that the library's own types are tested with: the same bytes, texts and schemas in Python."""

import json
import pathlib
import pickle

import pytest

pytest.importorskip("coffer")

import coffer
from coffer.types import type_named

CASES = json.loads((pathlib.Path(__file__).resolve().parents[2] / "conformance" / "types.json").read_text())


def class_of(case):
    if case["type"] == "Table":
        pytest.importorskip("pyarrow")
    return type_named(case["type"])


@pytest.mark.parametrize("case", CASES["vectors"], ids=lambda case: case["type"])
def test_vector(case):
    cls = class_of(case)
    stored = cls.deserialize([bytes.fromhex(case["storage"])])
    sent = cls.deserialize(case["wire"], "wire")
    assert stored == sent and hash(stored) == hash(sent)
    for typed in (stored, sent, cls(stored.value), pickle.loads(pickle.dumps(stored))):
        blobs, metadata = typed.serialize("storage")
        assert bytes(blobs[0]).hex() == case["storage"]
        assert typed.serialize("wire") == case["wire"]
        assert typed.type_name == case["type"] and metadata == {}
    assert cls.to_spec() == case["spec"] == cls().to_spec()


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda case: case["type"][:40])
def test_refused(case):
    cls = class_of(case)
    with pytest.raises(coffer.Error):
        if "wire" in case:
            cls.deserialize(case["wire"], "wire")
        else:
            cls.deserialize(bytes.fromhex(case["storage"]))


@pytest.mark.parametrize("name", CASES["no_types"], ids=lambda name: name[:40])
def test_no_type(name):
    with pytest.raises(coffer.Error):
        type_named(name)
