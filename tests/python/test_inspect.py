# SPDX-License-Identifier: Apache-2.0
import collections
import datetime
import pickle

import numpy
import pytest

import coffer


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y


def explode(reason):
    raise AssertionError(reason)


class Exploding:
    def __reduce__(self):
        return (explode, ("it ran",))


PLAIN = {
    "numbers": [0, -1, 255, -(2**63), 2**63, 10**100, -(10**100), 2.5, float("inf"), 1 - 2j],
    "text": ["", "a", "é", "\U0001f600", "\ud800", "x" * 300],
    "bytes": [b"", b"\0\xff", bytearray(b"abc")],
    "others": [None, True, False, (), (1,), (1, (2, (3,))), {1, 2}, frozenset({"a", (1, 2)}), {(1, 2): {3: 4}}],
}


@pytest.mark.parametrize("protocol", range(6))
def test_plain_values_are_themselves(protocol):
    assert coffer.inspect(pickle.dumps(PLAIN, protocol)) == PLAIN


def test_types_are_those_of_python():
    values = [True, 1, 1.0, 1j, "a", b"a", bytearray(b"a"), [1], (1,), {1: 1}, {1}, frozenset({1})]
    assert [type(value) for value in coffer.inspect(pickle.dumps(values))] == [type(value) for value in values]


def test_shared_and_cyclic_references_stay_what_they_are():
    shared = [1]
    cyclic = [shared, shared, {"again": shared}]
    cyclic.append((cyclic, {"me": cyclic}))
    read = coffer.inspect(pickle.dumps(cyclic))
    assert read[0] is read[1] is read[2]["again"]
    assert read[3][0] is read and read[3][1]["me"] is read
    by_tuple = ([],)
    by_tuple[0].append(by_tuple)
    read = coffer.inspect(pickle.dumps(by_tuple))
    assert read[0][0] is read


def test_depth_costs_no_stack():
    read = coffer.inspect(b")" + b"\x85" * 9000 + b".")
    depth = 0
    while read:
        (read,) = read
        depth += 1
    assert depth == 9000


def test_instances_are_described_and_not_made():
    read = coffer.inspect(pickle.dumps(Point(1, [2])))
    assert isinstance(read, coffer.Object)
    assert read.type == f"{__name__}.Point" and read.callable == coffer.Global(__name__, "Point")
    assert (read.construction, read.args, read.state) == ("new", (), {"x": 1, "y": [2]})
    assert read.items == [] and read.kwargs is None
    assert repr(read) == f"<object {__name__}.Point>"


def test_nothing_is_called():
    read = coffer.inspect(pickle.dumps([Exploding()]))
    assert read[0].callable == coffer.Global(__name__, "explode")
    assert read[0].args == ("it ran",) and read[0].construction == "call"


def test_items_and_pairs_of_objects():
    read = coffer.inspect(pickle.dumps(collections.OrderedDict(a=1)))
    assert read.type == "collections.OrderedDict" and read.pairs == {"a": 1}
    read = coffer.inspect(pickle.dumps(collections.deque([1, 2])))
    assert read.items == [1, 2]


def test_a_state_that_leads_back_to_its_object():
    point = Point(None, None)
    point.x = point
    read = coffer.inspect(pickle.dumps({point: 1}))
    (key,) = read
    assert key.state["x"] is key


def test_classes_are_names():
    assert coffer.inspect(pickle.dumps(datetime.date)) == coffer.Global("datetime", "date")
    assert len({coffer.Global("a", "b"), coffer.Global("a", "b"), coffer.Global("a", "c")}) == 2
    assert coffer.Global("a", "b") != "a.b" and repr(coffer.Global("a", "b.c")) == "<global a.b.c>"


def test_persistent_ids_and_extensions():
    read = coffer.inspect(b"\x80\x04\x8c\x03key\x94Q.")
    assert isinstance(read, coffer.Persistent) and read.id == "key"
    read = coffer.inspect(b"\x80\x02\x82\x07.")
    assert isinstance(read, coffer.Extension) and read.code == 7


ARRAYS = [
    numpy.arange(6.0).reshape(2, 3),
    numpy.asfortranarray(numpy.arange(6).reshape(2, 3)),
    numpy.arange(3, dtype=">i4"),
    numpy.array(["a", "éé"]),
    numpy.array([b"ab", b"c"]),
    numpy.array([True, False]),
    numpy.array([1 + 2j], dtype="complex64"),
    numpy.array(["2024-01-02", "NaT"], dtype="datetime64[ns]"),
    numpy.array([5], dtype="timedelta64[25s]"),
    numpy.array([(1, 2.5, b"x")], dtype=[("a", "<i2"), ("b", ">f8"), ("c", "S3")]),
    numpy.zeros(2, dtype={"names": ["x", "y"], "formats": ["<i4", "<f8"], "offsets": [4, 16], "itemsize": 32}),
    numpy.zeros(2, dtype=[("m", "<f4", (2, 3)), ("n", [("deep", "u1")])]),
    numpy.zeros(2, dtype=numpy.dtype([("a", "u1"), ("b", "<f8")], align=True)),
    numpy.zeros((0, 3), dtype="<f4"),
    numpy.array(7.5),
    numpy.float32(1.5),
]


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: str(array.dtype)[:20])
def test_arrays_are_tensors_that_numpy_takes(array, protocol):
    tensor = coffer.inspect(pickle.dumps(array, protocol))
    assert isinstance(tensor, coffer.Tensor)
    back = numpy.asarray(tensor)
    assert back.dtype == array.dtype and back.shape == array.shape
    assert back.tobytes() == array.tobytes()
    assert back.ndim == 0 or not back.flags.writeable
    assert tensor.shape == array.shape and tensor.nbytes == array.nbytes and tensor.itemsize == array.dtype.itemsize


def test_a_tensor_lies_over_the_bytes_it_came_in():
    data = pickle.dumps(numpy.arange(100000.0), 4)
    tensor = coffer.inspect(data)
    view = memoryview(tensor)
    assert (view.format, view.shape, view.readonly) == ("d", (100000,), True) and view[3] == 3.0
    array = numpy.asarray(tensor)
    whole = numpy.frombuffer(data, dtype="u1")
    assert whole.ctypes.data <= array.ctypes.data < whole.ctypes.data + len(data)
    del data, whole, view, tensor
    assert array[99999] == 99999.0
    with pytest.raises(ValueError):
        array[0] = 1


def test_the_buffer_of_a_tensor_follows_the_protocol():
    fortran = coffer.inspect(pickle.dumps(numpy.asfortranarray(numpy.arange(6.0).reshape(2, 3))))
    assert memoryview(fortran).f_contiguous and memoryview(fortran).tolist() == [[0, 1, 2], [3, 4, 5]]
    with pytest.raises(BufferError):  # datetimes have no format
        memoryview(coffer.inspect(pickle.dumps(numpy.array(["2024"], dtype="M8[s]"))))
    with pytest.raises(TypeError):
        coffer.Tensor()


def test_arrays_of_objects_hold_what_they_hold():
    array = numpy.array([[1, "a"], [None, [2]]], dtype=object)
    tensor = coffer.inspect(pickle.dumps(array))
    assert tensor.objects == [1, "a", None, [2]] and tensor.shape == (2, 2)
    assert numpy.asarray(tensor).tolist() == array.tolist()
    with pytest.raises(BufferError):
        memoryview(tensor)
    array[0, 0] = array
    tensor = coffer.inspect(pickle.dumps(array))
    assert tensor.objects[0] is tensor


def test_out_of_band_text_is_kept_as_it_is():
    assert coffer.inspect(bytearray(pickle.dumps(b"x" * 100))) == b"x" * 100


@pytest.mark.parametrize("data", [b"", b"garbage", pickle.dumps([1, 2])[:-1], b"\x80\x04]h\x05."])
def test_what_is_no_pickle_is_malformed(data):
    with pytest.raises(coffer.Malformed) as caught:
        coffer.inspect(data)
    assert isinstance(caught.value, ValueError) and caught.value.offset is not None


def test_unhashable_keys_are_malformed():
    with pytest.raises(coffer.Malformed):
        coffer.inspect(b"}]K\x01s.")


def test_only_bytes_are_taken():
    for wrong in ("text", None, 3):
        with pytest.raises(TypeError):
            coffer.inspect(wrong)
        with pytest.raises(TypeError):
            coffer.scan(wrong)


def test_scan_tells_what_would_be_called():
    import os

    class Evil:
        def __reduce__(self):
            return (os.system, ("true",))

    report = coffer.scan(pickle.dumps(Evil()))
    assert report.verdict is coffer.Verdict.DANGEROUS
    worst = max(report.findings, key=lambda finding: finding.verdict)
    assert worst.qualname == "system" and worst.action in (coffer.Action.IMPORT, coffer.Action.CALL)
    assert coffer.scan(pickle.dumps({"a": [1, 2]})) == (coffer.Verdict.ONLY_ALLOWLISTED, [])
    assert coffer.scan(b"garbage").verdict >= coffer.Verdict.SUSPICIOUS
