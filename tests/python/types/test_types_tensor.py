# SPDX-License-Identifier: Apache-2.0
import io

import pytest

coffer = pytest.importorskip("coffer")
np = pytest.importorskip("numpy")

from coffer import types


def back(typed):
    return type(typed).deserialize(typed.serialize()[0])


@pytest.mark.parametrize("dtype", ["?", "i1", "<i8", ">i4", "<f2", ">f8", "<c8", ">c16", "u1"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 4)])
def test_arrays(dtype, shape):
    array = np.arange(np.prod(shape), dtype=int).reshape(shape).astype(dtype)
    value = back(types.Tensor(array)).value
    assert value.shape == shape and value.dtype == np.dtype(dtype).newbyteorder("<") and (value == array).all()


@pytest.mark.parametrize("view", [lambda a: a.T, lambda a: a[::2, ::-1], lambda a: np.asfortranarray(a), lambda a: a[:, 1]])
def test_bytes_are_those_of_numpy(view):
    array = view(np.arange(12.0).reshape(3, 4))
    file = io.BytesIO()
    np.save(file, np.ascontiguousarray(array))
    assert bytes(types.Tensor(array).serialize()[0][0]) == file.getvalue()


def test_from_the_buffer_protocol():
    import array

    assert back(types.Tensor(array.array("d", [1, 2]))).value.tolist() == [1.0, 2.0]
    assert back(types.Tensor(memoryview(b"ab"))).value.tolist() == [97, 98]


def test_from_dlpack():
    class Only:
        """Shows an array by DLPack alone."""

        def __init__(self, array):
            self.array = array

        def __dlpack__(self, **options):
            return self.array.__dlpack__()

        def __dlpack_device__(self):
            return self.array.__dlpack_device__()

    assert back(types.Tensor(Only(np.arange(4.0)))).value.tolist() == [0, 1, 2, 3]


def test_nothing_is_copied():
    array = np.arange(1000.0)
    blob = types.Tensor(array).serialize()[0][0]
    pieces = [np.frombuffer(memoryview(piece), dtype="u1") for piece in blob.segments()]
    assert np.shares_memory(pieces[1], array)
    data = bytes(blob)
    value = types.Tensor.deserialize([data]).value
    assert np.shares_memory(value, np.frombuffer(data, dtype="u1")) and not value.flags.writeable


def test_what_the_type_asks_for():
    assert types.Tensor[np.float32, None, 3] is types.Tensor["float32", "?", 3] is types.Tensor[np.dtype("f4"), "?", 3]
    typed = types.Tensor["float32", None, 3](np.zeros((2, 3), "f4"))
    assert back(typed) == typed
    for wrong, place in ((np.zeros((2, 3)), "dtype"), (np.zeros((2, 4), "f4"), r"shape\[1\]"), (np.zeros(3, "f4"), "shape")):
        with pytest.raises(coffer.Malformed, match=place):
            type(typed)(wrong).serialize()


@pytest.mark.parametrize("value", [[1, 2], "text", 5, None, object(), np.array([object()]), np.zeros(2, "U3")])
def test_no_arrays(value):
    with pytest.raises(coffer.Error):
        types.Tensor(value).serialize()


def npy(header):
    text = header.encode() + b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2305843009213693952,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f4611686018427387904', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,), }",
        "{'descr': ('|O', (2,)), 'fortran_order': False, 'shape': (1,), }",
        "__import__('os').system('false')",
    ],
)
def test_hostile_headers(header):
    with pytest.raises(coffer.Error):
        types.Tensor.deserialize([npy(header) + bytes(64)])


def test_lists_of_arrays(write):
    typed = types.List[types.Tensor]([np.arange(3), np.zeros((0, 2), "f4")])
    value = write(x=typed)["x"].value
    assert value[0].tolist() == [0, 1, 2] and value[1].shape == (0, 2)
    assert types.List[types.Tensor]([memoryview(np.arange(3))]) == types.List[types.Tensor]([np.arange(3)])
