# SPDX-License-Identifier: Apache-2.0
import base64
import subprocess
import sys

import pytest

coffer = pytest.importorskip("coffer")
pa = pytest.importorskip("pyarrow")

from coffer import types


def test_tables(write):
    table = pa.table({"n": [1, None, 3], "text": ["a", "bé", None], "nested": [[1], [], None]})
    loaded = write(t=types.Table(table))["t"]
    assert loaded.value.equals(table) and loaded == types.Table(table)
    assert types.Table.deserialize(loaded.serialize("wire"), "wire").value.equals(table)
    assert base64.b64decode(loaded.serialize("wire"))[:6] == b"ARROW1"


def test_from_a_stream_that_can_be_read_once():
    typed = types.Table(pa.table({"n": [1, 2]}).to_reader())
    assert typed.serialize()[0][0] == typed.serialize()[0][0]


def test_from_pandas():
    pandas = pytest.importorskip("pandas")
    typed = types.Table(pandas.DataFrame({"x": [1.5, 2.5]}))
    assert types.Table.deserialize(typed.serialize()[0]).value.column("x").to_pylist() == [1.5, 2.5]


def test_nothing_is_copied():
    data = bytes(types.Table(pa.table({"n": pa.array(range(1000), pa.int64())})).serialize()[0][0])
    chunk = types.Table.deserialize([data]).value.column("n").chunk(0)
    start = pa.py_buffer(data).address
    assert start <= chunk.buffers()[1].address < start + len(data)


@pytest.mark.parametrize("data", [b"", b"ARROW1", b"ARROW1\0\0" + bytes(100) + b"ARROW1", b"x" * 1000])
def test_what_is_no_table(data):
    with pytest.raises(coffer.Malformed):
        types.Table.deserialize([data])


def test_damaged_offsets_are_found():
    data = bytes(types.Table(pa.table({"t": ["aaaa", "bbbb"]})).serialize()[0][0])
    offsets = b"".join(n.to_bytes(4, "little") for n in (0, 4, 8))
    assert data.count(offsets) == 1
    with pytest.raises(coffer.Malformed):
        types.Table.deserialize([data.replace(offsets, offsets[:8] + b"\xff\xff\xff\x7f")])


def test_no_tables():
    with pytest.raises(TypeError, match="Arrow C stream"):
        types.Table([1])


def test_pyarrow_is_imported_late():
    program = "import sys; from coffer.types import Table; Table().to_spec(); assert 'pyarrow' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
