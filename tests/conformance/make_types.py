#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write types.json: for each type, values in their JSON form with the wire text, the stored bytes and the schema.

The bytes are made here by Python's json, NumPy and pyarrow, not by coffer, so that both of coffer's languages are held against a
third opinion. "refused" has what no reader may take."""
import base64
import io
import json
import pathlib
import struct

import numpy
import pyarrow

DRAFT = "https://json-schema.org/draft/2020-12/schema"
FLOAT = {"enum": ["NaN", "Infinity", "-Infinity"]}
INT32 = {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
INT64 = {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}
FLOAT64_MAX = 1.7976931348623157e308
FLOAT32_MAX = struct.unpack("<f", b"\xff\xff\x7f\x7f")[0]
vectors, refused = [], []


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def vector(kind, value, spec, wire=None, storage=None):
    """`wire` and `storage`: canonical JSON unless said."""
    text = canonical(value)
    wire = text if wire is None else wire
    storage = text.encode() if storage is None else storage
    vectors.append({"type": kind, "value": value, "wire": wire, "storage": storage.hex(), "spec": {"$schema": DRAFT, **spec}})


def text_vector(kind, value, spec):
    vector(kind, value, spec, wire=value, storage=value.encode())


def npy(array):
    file = io.BytesIO()
    numpy.lib.format.write_array(file, array, version=(1, 0), allow_pickle=False)
    return file.getvalue()


def tensor_spec(dtype=None, shape=None):
    length = {"type": "integer", "minimum": 0}
    lengths = {"type": "array", "items": length}
    if shape:
        lengths |= {"minItems": len(shape), "maxItems": len(shape), "prefixItems": [length if n is None else {"const": n} for n in shape]}
    return {
        "type": "object",
        "required": ["data", "dtype", "shape"],
        "additionalProperties": False,
        "properties": {
            "data": {"type": "string", "contentEncoding": "base64"},
            "dtype": {"const": dtype} if dtype else {"type": "string"},
            "shape": lengths,
        },
    }


def tensor_vector(kind, array, spec):
    value = {"data": base64.b64encode(array.tobytes()).decode(), "dtype": array.dtype.name, "shape": list(array.shape)}
    vector(kind, value, spec, storage=npy(array))


def refuse(kind, wire=None, storage=None):
    refused.append({"type": kind, **({"wire": wire} if wire is not None else {"storage": storage.hex()})})


def npy_file(header):
    text = header.encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def numbers():
    for value in (0, 5, -1, 2**31 - 1, -(2**31)):
        vector("Int32", value, INT32)
    for value in (2**53 + 1, 2**63 - 1, -(2**63)):
        vector("Int64", value, INT64)
    spec = {"anyOf": [{"type": "number", "minimum": -FLOAT64_MAX, "maximum": FLOAT64_MAX}, FLOAT]}
    for value in (0.0, -0.0, 1.0, 0.1, 1e16, 1e-7, 5e-324, FLOAT64_MAX, "NaN", "Infinity", "-Infinity"):
        vector("Float64", value, spec)
    spec = {"anyOf": [{"type": "number", "minimum": -FLOAT32_MAX, "maximum": FLOAT32_MAX}, FLOAT]}
    for value in (0.5, struct.unpack("<f", struct.pack("<f", 0.1))[0], FLOAT32_MAX, "NaN"):
        vector("Float32", value, spec)
    for value in (True, False):
        vector("Bool", value, {"type": "boolean"})
    for kind, wires in {
        "Int32": ("2147483648", "-2147483649", "1.0", "true", '"5"', "", "05", "0x5", "5 6", "NaN"),
        "Int64": ("9223372036854775808", "1e3"),
        "Float64": ("1e309", "true", '"nan"', "NaN", "0.1000000000000000000001", "9007199254740993"),
        "Float32": ("3.5e38", "[]"),
        "Bool": ("1", "True", "null"),
    }.items():
        for wire in wires:
            refuse(kind, wire)


def texts():
    for value in ("", "plain", 'quotes " and \\', "ünïcödé 🎁", "two\nlines"):
        text_vector("Text", value, {"type": "string"})
    spec = {"type": "string", "contentEncoding": "base64"}
    for data in (b"", b"\0", b"ab", b"abc", bytes(range(256)) * 20):
        text = base64.b64encode(data).decode()
        vector("Bytes", text, spec, wire=text, storage=data)
    text_vector("Enum[red,green]", "green", {"enum": ["red", "green"]})
    text_vector("Enum[a.b-c]", "a.b-c", {"enum": ["a.b-c"]})
    for kind, wire in (("Bytes", "ab"), ("Bytes", "YQ"), ("Bytes", "YR=="), ("Bytes", "Y Q="), ("Bytes", "=YQ="), ("Enum[red,green]", "blue"), ("Enum[red]", "")):
        refuse(kind, wire)
    refuse("Text", storage=b"\xff")
    refuse("Text", storage=b"\xed\xa0\x80")


def documents():
    hard = {"b": 1, "a": [True, None, 1.5, "\x1f\x7f\u2028é"], "é": {}, "\U0001f381": [], "\uffff": 2**53, "": -(2**53)}
    for value in (None, hard, [[[]]], "text", 1.0, 10**15 * 1.0):
        vector("Json", value, {})
    vector("Json[big]", [2**200, -(2**64)], {})
    vector("Json[nan]", [{"$float": "NaN"}, {"a": {"$float": "Infinity"}, "b": [0.5]}, [{"$float": "-Infinity"}], "NaN"], {})
    vector("Json[nan]", {"$float": "NaN"}, {})
    vector("Json[big,nan]", {"big": 2**64, "nan": {"$float": "NaN"}}, {})
    vector("List[Json[nan]]", [{"$float": "NaN"}, None], {"type": "array", "items": {}})
    vector("Json", {"$float": "NaN"}, {})  # without the option it is a dict like any other
    vector("Struct", {"rate": 0.1, "name": "n", "tags": ["x"]}, {"type": "object"})
    vector("Struct[shop.orders:Order.Item]", {"count": 2}, {"type": "object", "title": "shop.orders:Order.Item"})
    vector("List[Int32]", [3, 1, 2], {"type": "array", "items": INT32})
    vector("List[Bytes]", ["AA==", ""], {"type": "array", "items": {"type": "string", "contentEncoding": "base64"}})
    vector("List[List[Enum[x,y]]]", [["x"], []], {"type": "array", "items": {"type": "array", "items": {"enum": ["x", "y"]}}})
    vector("Map[Text,Int64]", {"b": 2**60, "a": 1}, {"type": "object", "additionalProperties": INT64})
    vector("Map[Int32,Bool]", {"10": True, "9": False}, {"type": "object", "additionalProperties": {"type": "boolean"}})
    vector("Map[Bool,Json]", {"true": [], "false": {}}, {"type": "object", "additionalProperties": {}})
    vector("Map[Enum[k],Text]", {"k": "v"}, {"type": "object", "additionalProperties": {"type": "string"}, "propertyNames": {"enum": ["k"]}})
    for kind, wire in (
        ("Json", "NaN"), ("Json", "[Infinity]"), ("Json", str(2**53 + 1)), ("Json", '{"a":1,"a":2}'), ("Json", "[" * 1500 + "]" * 1500),
        ("Json", "[" * 100000), ("Json", '"\\ud800"'), ("Json", "0.10000000000000000001"), ("Struct", "[]"), ("Struct", "5"), ("Struct[m:C]", '{"a":NaN}'), ("Json", "[-Infinity]"),
        ("Json[nan]", "NaN"), ("Json[nan]", "-Infinity"), ("Json[nan]", str(2**53 + 1)), ("Json[nan]", '[{"$float":"nan"}]'), ("Json[nan]", '{"$float":1.5}'),
        ("Json[nan]", '{"$float":"NaN","more":1}'), ("Json[nan]", '{"a":{"$float":{"$float":"NaN"}}}'), ("Json[big]", "NaN"),
        ("List[Int32]", "[1,2147483648]"), ("List[Int32]", '{"0":1}'), ("List[Bytes]", '["*"]'), ("Map[Int32,Bool]", '{"1":true,"+1":true}'),
        ("Map[Int32,Bool]", '{"x":true}'), ("Map[Enum[k],Text]", '{"l":"v"}'), ("Map[Bool,Json]", '{"yes":1}'),
    ):
        refuse(kind, wire)


def tensors():
    for dtype in ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64", "complex64", "complex128"):
        tensor_vector("Tensor", numpy.arange(6).reshape(2, 3).astype(dtype), tensor_spec())
    tensor_vector("Tensor", numpy.array(1.5), tensor_spec())
    tensor_vector("Tensor", numpy.zeros((0, 5), "f4"), tensor_spec())
    tensor_vector("Tensor[float32]", numpy.ones(4, "f4"), tensor_spec("float32"))
    tensor_vector("Tensor[int16,2,?]", numpy.ones((2, 7), "i2"), tensor_spec("int16", [2, None]))
    tensor_vector("Tensor[uint8,0]", numpy.zeros(0, "u1"), tensor_spec("uint8", [0]))
    good = {"data": "AAAA", "dtype": "uint8", "shape": [3]}
    for change in ({"shape": [4]}, {"shape": [-3]}, {"shape": [2**62, 2**62]}, {"shape": [2**63 - 1, 2, 2]}, {"shape": [1] * 65}, {"shape": 3}, {"shape": [3.0]},
                   {"dtype": "object"}, {"dtype": "O"}, {"dtype": "<f8"}, {"dtype": "os.system"}, {"dtype": None}, {"data": "AAA"}, {"data": [1, 2, 3]}, {"more": 1}):
        refuse("Tensor", canonical({**good, **change}))
    for header in ("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4611686018427387904), }",
                   "{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775807,), }", "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }",
                   "{'descr': '|S5', 'fortran_order': False, 'shape': (0,), }", "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (0,), }",
                   "{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (0,), }", "{'descr': '<f16', 'fortran_order': False, 'shape': (0,), }",
                   "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }", "{'descr': ('<f8', (1000000,)), 'fortran_order': False, 'shape': (0,), }",
                   "{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': (0,), }"):
        refuse("Tensor", storage=npy_file(header))
    refuse("Tensor[float32]", storage=npy(numpy.ones(2)))
    refuse("Tensor[float64,3]", storage=npy(numpy.ones(2)))
    refuse("Tensor[float64,2,1]", storage=npy(numpy.ones(2)))


def arrow(table, **options):
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_file(sink, table.schema, options=pyarrow.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def changed(data, old, new, count=1):
    assert data.count(old) == count and len(old) == len(new), data.count(old)
    return data.replace(old, new)


def tables():
    spec = {"type": "string", "contentEncoding": "base64", "description": "a table in the Arrow IPC format, as a file or as a stream"}
    words = pyarrow.array(["a", "b", "a"]).dictionary_encode()
    nested = pyarrow.table({"l": [[1, None], None, []], "s": [{"x": True, "y": "q"}, None, {"x": None, "y": ""}], "d": words, "z": pyarrow.nulls(3)})
    for data in (
        arrow(pyarrow.table({"n": [1, None, 3], "t": ["a", "bé", None]})), arrow(pyarrow.table({})), arrow(pyarrow.table({"f": pyarrow.array([], "f4")})),
        arrow(nested),
    ):
        text = base64.b64encode(data).decode()
        vector("Table", text, spec, wire=text, storage=data)
    one = arrow(pyarrow.table({"n": pyarrow.array([0x1122334455667788] * 5, pyarrow.int64()), "t": ["aaaa", "bbbb", "c", "d", "e"]}))
    five, huge = struct.pack("<q", 5), struct.pack("<q", 2**60)
    offsets = struct.pack("<6i", 0, 4, 8, 9, 10, 11)
    coded = arrow(pyarrow.table({"d": words}))
    for data in (
        b"", b"ARROW1", b"ARROW1\0\0" + bytes(100) + b"ARROW1", one[:-1], one[:200] + one[-10:], one[8:200], b"x" * 1000,
        changed(one, five, huge, 4), changed(one, offsets, struct.pack("<6i", 0, 4, 8, 2**31 - 1, 10, 11)),
        changed(one, offsets, struct.pack("<6i", 0, 9, 8, 9, 10, 11)), changed(one, offsets, struct.pack("<6i", -4, 4, 8, 9, 10, 11)),
        *(changed(one, struct.pack("<2q", 0, 40), struct.pack("<2q", *place), 2) for place in ((0, -1), (0, 2**40), (2**62, 40), (-8, 40))),
        changed(one, b"aaaa", b"aa\xffa"), changed(coded, struct.pack("<3i", 0, 1, 0), struct.pack("<3i", 0, 2, 0)),
        changed(coded, struct.pack("<3i", 0, 1, 0), struct.pack("<3i", -1, 1, 0)), one[:8] + one[8 + 8 + struct.unpack("<i", one[12:16])[0]:],
        arrow(nested, compression="lz4"), arrow(nested, compression="zstd"),
    ):
        refuse("Table", storage=data)


def main():
    numbers()
    texts()
    documents()
    tensors()
    tables()
    names = [
        "", " ", "Int32 ", "int32", "Nothing", "Int32[]", "Int32[Text]", "List", "List[]", "List[Int32", "List[Int32]]", "List[Int32],", "List[ Int32]", "List[Int32,Text]",
        "Map[Int32]", "Map[Json,Int32]", "Map[Float64,Int32]", "Enum", "Enum[]", "Enum[a,a]", "Enum[a,]", "Enum[a b]", "Enum[[a]]", "Json[small]", "Json[nan,big]", "Json[big,big]", "Json[nan,nan]", "Json[big,nan,nan]", "Json[]", "Struct[os.system]",
        "Struct[os:system()]", "Struct[:C]", "Struct[m:]", "Struct[m:C:D]", "Struct[..m:C]", "Struct[m:1C]", "Struct[m:C.]", "Tensor[object]", "Tensor[float32,-1]",
        "Tensor[float32,01]", "Tensor[?]", "Tensor[uint8," + ",".join("1" * 65) + "]", "List[" * 17 + "Int32" + "]" * 17, "Enum[" + "x" * 1100 + "]", "Enum[" + ",".join(map(str, range(300))) + "]",
    ]
    text = json.dumps({"vectors": vectors, "refused": refused, "no_types": names}, indent=1, sort_keys=True, ensure_ascii=True)
    (pathlib.Path(__file__).parent / "types.json").write_text(text + "\n")


main()
