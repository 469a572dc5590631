# SPDX-License-Identifier: Apache-2.0
"""The type Table through the command: what it stores pyarrow and pandas read without us, and the other way."""
import datetime
import decimal
import json
import os
import random
import struct
import subprocess

import pandas
import pyarrow
import pytest

PATH = "Demo/1/start/1"
DAY = datetime.datetime(2024, 1, 2, 3, 4, 5, 6)
COLUMNS = {
    "int64": (pyarrow.array([1, None, -3]), [1, None, -3]),
    "uint64": (pyarrow.array([0, 2**64 - 1, 5], pyarrow.uint64()), [0, 2**64 - 1, 5]),
    "half": (pyarrow.array([1.5, 2.0, None], pyarrow.float16()), [1.5, 2.0, None]),
    "double": (pyarrow.array([0.1, -1e300, None]), [0.1, -1e300, None]),
    "bool": (pyarrow.array([True, None, False]), [True, None, False]),
    "text": (pyarrow.array(["a", "é🎁", None]), ["a", "é🎁", None]),
    "large": (pyarrow.array(["x", "", "z"], pyarrow.large_string()), ["x", "", "z"]),
    "null": (pyarrow.nulls(3), [None] * 3),
    "date": (pyarrow.array([DAY.date(), None, datetime.date(1, 1, 1)]), ["2024-01-02", None, "0001-01-01"]),
    "date64": (pyarrow.array([DAY.date(), None, None], pyarrow.date64()), ["2024-01-02", None, None]),
    "time": (pyarrow.array([DAY.time(), None, None]), ["03:04:05.000006", None, None]),
    "plain": (pyarrow.array([DAY, None, datetime.datetime(1960, 1, 1)]), ["2024-01-02T03:04:05.000006", None, "1960-01-01T00:00:00.000000"]),
    "zoned": (pyarrow.array([DAY, None, None], pyarrow.timestamp("s", "UTC")), ["2024-01-02T03:04:05Z", None, None]),
    "far": (pyarrow.array([2**62, None, 0], pyarrow.timestamp("s")), [2**62, None, "1970-01-01T00:00:00"]),
    "duration": (pyarrow.array([5, None, 7], pyarrow.duration("ms")), [5, None, 7]),
    "decimal": (pyarrow.array([decimal.Decimal("1.25"), None, decimal.Decimal("-0.05")]), ["1.25", None, "-0.05"]),
    "list": (pyarrow.array([[1, 2], None, []]), [[1, 2], None, []]),
    "pairs": (pyarrow.array([[1, 2], None, [3, 4]], pyarrow.list_(pyarrow.int32(), 2)), [[1, 2], None, [3, 4]]),
    "deep": (pyarrow.array([[["a"], None], [[]], None]), [[["a"], None], [[]], None]),
    "struct": (pyarrow.array([{"x": 1, "y": "q"}, None, {"x": None, "y": ""}]), [{"x": 1, "y": "q"}, None, {"x": None, "y": ""}]),
    "map": (pyarrow.array([[("k", 1)], None, []], pyarrow.map_(pyarrow.string(), pyarrow.int32())), [[{"key": "k", "value": 1}], None, []]),
    "words": (pyarrow.array(["r", "g", "r"]).dictionary_encode(), ["r", "g", "r"]),
    "lists of words": (pyarrow.ListArray.from_arrays([0, 1, 1, 3], pyarrow.array(["r", "g", "r"]).dictionary_encode()), [["r"], [], ["g", "r"]]),
    "union": (
        pyarrow.UnionArray.from_dense(
            pyarrow.array([0, 1, 0], pyarrow.int8()), pyarrow.array([0, 0, 1], pyarrow.int32()), [pyarrow.array([1, 2]), pyarrow.array(["w"])]
        ),
        [1, "w", 2],
    ),
}
TABLE = pyarrow.table({name: array for name, (array, _) in COLUMNS.items()})


@pytest.fixture
def coffer(coffer_bin, build_dir, tmp_path):
    if not (build_dir / "extensions/table/coffer_table.so").exists():
        pytest.skip("the type Table is not built")
    env = {key: value for key, value in os.environ.items() if not key.startswith(("COFFER_", "XDG_"))}
    env |= {"COFFER_EXTENSION_PATH": str(build_dir / "extensions/table"), "COFFER_STORE": str(tmp_path / "store"), "HOME": str(tmp_path), "COFFER_SYNC": "0"}

    def run(*words, code=0):
        done = subprocess.run([coffer_bin, *words], env=env, capture_output=True, timeout=60, cwd=tmp_path)
        assert done.returncode == code, done.stderr.decode()
        return done.stdout if code == 0 else done.stderr.decode()

    return run


def written(table, new=pyarrow.ipc.new_file, chunk=None, **options):
    sink = pyarrow.BufferOutputStream()
    with new(sink, table.schema, options=pyarrow.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=chunk)
    return sink.getvalue().to_pybytes()


def put(coffer, tmp_path, data, code=0):
    (tmp_path / "t.arrow").write_bytes(data)
    return coffer("put", PATH, "t:Table=@t.arrow", code=code)


@pytest.mark.parametrize("new", [pyarrow.ipc.new_file, pyarrow.ipc.new_stream], ids=["file", "stream"])
def test_what_is_put_comes_back(coffer, tmp_path, new):
    data = written(TABLE, new, chunk=2)
    put(coffer, tmp_path, data)
    assert coffer("get", f"{PATH}/t") == coffer("get", "--raw", f"{PATH}/t") == data
    (tmp_path / "t.txt").write_bytes(coffer("get", "--wire", f"{PATH}/t"))
    coffer("put", "Demo/2/start/1", f"t:Table={(tmp_path / 't.txt').read_text()}")
    assert coffer("get", "Demo/2/start/1/t") == data


def test_the_file_is_pandas_own(coffer, tmp_path):
    frame = pandas.DataFrame({"n": range(5), "kind": pandas.Categorical(list("abaab")), "text": ["x", "y", "z", None, ""]})
    frame.to_feather(tmp_path / "f.feather", compression="uncompressed")
    coffer("put", PATH, "t:Table=@f.feather")
    coffer("get", f"{PATH}/t", "-o", "back.feather")
    pandas.testing.assert_frame_equal(pandas.read_feather(tmp_path / "back.feather"), frame)


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("chunk", [None, 2])
def test_values_of_each_type(coffer, tmp_path, name, chunk):
    put(coffer, tmp_path, written(TABLE.select([name]), chunk=chunk))
    shown = json.loads(coffer("get", "--as", "json", f"{PATH}/t"))
    assert shown["rows"] == 3 and shown["values"] == {name: COLUMNS[name][1]}
    assert list(shown["schema"]) == [name]


def test_the_head_of_a_long_table(coffer, tmp_path):
    table = pyarrow.table({"n": range(20000), "l": [[1] * 100] * 20000, "t": ["word"] * 20000})
    put(coffer, tmp_path, written(table, chunk=1000))
    text = coffer("show", "--items", "4", f"{PATH}/t").decode()
    assert "'rows': 20000" in text and "'n': [0, 1, 2, 3]" in text and "'... 97 more'" in text
    assert "'t': ['word', 'word', 'word', 'word']" in text


def test_the_schema(coffer, tmp_path):
    put(coffer, tmp_path, written(TABLE))
    assert json.loads(coffer("spec", f"{PATH}/t"))["contentEncoding"] == "base64"
    assert "'words': 'dictionary(int32)<string>'" in coffer("show", f"{PATH}/t").decode()


def test_names_that_are_the_same(coffer, tmp_path):
    put(coffer, tmp_path, written(pyarrow.table([[1], [2], [3]], names=["a", "b", "a"])))
    assert json.loads(coffer("get", "--as", "json", f"{PATH}/t"))["values"] == {"a": [1], "b": [2], "a#3": [3]}


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
@pytest.mark.parametrize("column", ["int64", "words"])
def test_what_is_compressed_is_refused(coffer, tmp_path, codec, column):
    table = pyarrow.concat_tables([TABLE.select([column])] * 1000)
    assert "it is compressed" in put(coffer, tmp_path, written(table.unify_dictionaries().combine_chunks(), compression=codec), code=3)


def test_types_that_are_not_read(coffer, tmp_path):
    assert "Utf8View not yet supported" in put(coffer, tmp_path, written(pyarrow.table({"v": pyarrow.array(["x"], pyarrow.string_view())})), code=3)


@pytest.mark.parametrize("data", [b"", b"ARROW1", b"no table", b"\xff\xff\xff\xff" + struct.pack("<i", 2**31 - 8), written(TABLE, pyarrow.ipc.new_stream) + b"more"])
def test_what_is_no_table(coffer, tmp_path, data):
    assert "it is no Table" in put(coffer, tmp_path, data, code=3)


def test_rows_that_take_no_bytes(coffer, tmp_path):
    put(coffer, tmp_path, written(pyarrow.table({"z": pyarrow.nulls(2**31 - 1)})))
    assert "'rows': 2147483647" in coffer("show", f"{PATH}/t").decode()
    assert "more values than its bytes account for" in coffer("get", "--as", "json", f"{PATH}/t", code=3)


def test_damaged_files_are_read_or_refused(coffer, tmp_path):
    dice = random.Random(5)
    data = written(TABLE)
    for number in range(40):
        damaged = bytearray(data)
        for _ in range(dice.randrange(1, 5)):
            damaged[dice.randrange(len(data))] = dice.choice((0, 1, 0x7F, 0x80, 0xFF))
        (tmp_path / f"{number}.arrow").write_bytes(damaged)
    for number in range(40):
        path = f"Demo/{number + 1}/start/1"
        try:
            coffer("put", path, f"t:Table=@{number}.arrow")
        except AssertionError as refused:
            assert "it is no Table" in str(refused)
        else:
            coffer("show", f"{path}/t")
