# SPDX-License-Identifier: Apache-2.0
import base64
import pickle
import random
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


def test_what_is_loaded_is_stored_as_it_was():
    sink = pa.BufferOutputStream()
    table = pa.table({"n": [1, 2, 3]})
    with pa.ipc.new_stream(sink, table.schema) as writer:  # another writer, another form
        writer.write_table(table, max_chunksize=1)
    data = sink.getvalue().to_pybytes()
    loaded = types.Table.deserialize([memoryview(data)])
    assert loaded.value.equals(table)
    for typed in (loaded, pickle.loads(pickle.dumps(loaded)), types.Table.deserialize(loaded.serialize("wire"), "wire")):
        assert bytes(typed.serialize()[0][0]) == data and typed == loaded


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


def written(table, **options):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


WORDS = pa.table({"n": [0] * 1000, "word": pa.array(["a", "b"] * 500).dictionary_encode()})


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
@pytest.mark.parametrize("table", [WORDS, WORDS.select(["n"]), WORDS.select(["word"])], ids=["both", "batch", "dictionary"])
def test_compressed_files_are_refused_and_nothing_is_allocated(codec, table):
    data = written(table, compression=codec)
    claim = (8000).to_bytes(8, "little")  # of the numbers: what they are said to be, uncompressed
    before = pa.total_allocated_bytes()
    for each in (data, data.replace(claim, (2**45).to_bytes(8, "little"))):
        with pytest.raises(coffer.Malformed, match="is compressed"):
            types.Table.deserialize([each])
    assert pa.total_allocated_bytes() == before


def test_a_claim_of_rows_that_are_not_there():
    data = written(pa.table({"n": pa.array([7] * 1000, pa.int64())}))
    claim = (1000).to_bytes(8, "little")
    assert data.count(claim) == 2  # of the batch and of its column
    with pytest.raises(coffer.Malformed):
        types.Table.deserialize([data.replace(claim, (2**60).to_bytes(8, "little"))])


def test_damaged_files_are_read_or_refused_within_their_bytes():
    dice = random.Random(5)
    data = written(WORDS)
    pool = pa.default_memory_pool()
    peak = max(pool.max_memory(), 1 << 20)
    for _ in range(400):
        damaged = bytearray(data)
        for _ in range(dice.randrange(1, 5)):
            damaged[dice.randrange(len(data))] = dice.choice((0, 1, 0x7F, 0x80, 0xFF))
        try:
            types.Table.deserialize([bytes(damaged[: dice.choice((len(data), dice.randrange(len(data))))])])
        except coffer.Malformed:
            pass
        assert pool.max_memory() <= peak


def test_no_tables():
    with pytest.raises(TypeError, match="Arrow C stream"):
        types.Table([1])


def test_pyarrow_is_imported_late():
    program = "import sys; from coffer.types import Table; Table().to_spec(); assert 'pyarrow' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
