# SPDX-License-Identifier: Apache-2.0
"""What serializers in C see of Python objects: through the buffer protocol, NumPy's array interface, and DLPack."""
import array
import ctypes
import gc
import io
import pathlib
import shutil
import subprocess
import sys
import weakref

import pytest

import coffer

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLUG = ROOT / "tests/python/plug"


def library_in_use():
    """The libcoffer that the module has loaded."""
    with open("/proc/self/maps") as maps:
        return next(line.split()[-1] for line in maps if "libcoffer.so" in line)


@pytest.fixture(scope="module")
def views(tmp_path_factory):
    """Gives what the serializer of plug/views.c sees of an object: its line, and the bytes that follow."""
    if not shutil.which("cc"):
        pytest.skip("no C compiler")
    directory = tmp_path_factory.mktemp("plug")
    shutil.copy(PLUG / "views.json", directory)
    command = ["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", f"-I{ROOT / 'include'}"]
    subprocess.run([*command, PLUG / "views.c", "-o", directory / "views.so", library_in_use()], check=True, timeout=60)
    registry = coffer.Registry(builtins=False, extension_path=str(directory))

    def look(obj):
        (blob,), metadata = coffer.serialize(obj, registry=registry)
        assert metadata.encoding == "views-v1" and metadata.serializer_info == {"source": "tests"}
        line, _, rest = blob.partition(b"\n")
        return line.decode(), rest

    return look


def elements(npy):
    """The data behind the header of a .npy file of version 1."""
    assert npy[:8] == b"\x93NUMPY\x01\x00"
    return npy[10 + int.from_bytes(npy[8:10], "little") :]


class Empty:
    def __repr__(self):
        return "Empty()"


@pytest.mark.parametrize("obj", [None, 3, "text", [1], Empty(), Empty, len], ids=repr)
def test_what_has_no_memory_to_lend_has_no_view(views, obj):
    assert views(obj) == ("no tensor", b"")


# ---- the buffer protocol ----


@pytest.mark.parametrize(
    "obj, line",
    [
        (b"abcdef", "bytes tensor |u1 ro shape 6 strides 1 c"),
        (b"", "bytes tensor |u1 ro shape 0 strides 1 c"),
        (bytearray(b"abc"), "bytes tensor |u1 rw shape 3 strides 1 c"),
        (memoryview(b"abcdef")[::2], "tensor |u1 ro shape 3 strides 2"),
        (memoryview(b"abcdef")[::-1], "tensor |u1 ro shape 6 strides -1"),
        (memoryview(b"abcdef").cast("B", (2, 3)), "tensor |u1 ro shape 2 3 strides 3 1 c"),
        (memoryview(b"abcd").cast("c"), "bytes tensor |S1 ro shape 4 strides 1 c"),
        (array.array("b", [-1, 2]), "bytes tensor |i1 rw shape 2 strides 1 c"),
        (array.array("d", [1.5, 2.5]), "tensor <f8 rw shape 2 strides 8 c"),
        (array.array("H", [1, 2, 3]), "tensor <u2 rw shape 3 strides 2 c"),
        ((ctypes.c_int16 * 3 * 2)(), "tensor <i2 rw shape 2 3 strides 6 2 c"),
        (ctypes.c_double(3), "tensor <f8 rw shape strides c"),
        ((ctypes.c_bool * 2)(), "tensor |b1 rw shape 2 strides 1 c"),
        ((ctypes.c_int32.__ctype_be__ * 2)(1, 2), "tensor >i4 rw shape 2 strides 4 c"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_buffers_are_seen_as_they_are(views, obj, line):
    seen, npy = views(obj)
    assert seen == line
    assert elements(npy) == memoryview(obj).tobytes()


@pytest.mark.parametrize("obj", [(ctypes.c_void_p * 2)(), (ctypes.c_wchar * 2)()], ids=["pointers", "characters"])
def test_buffers_of_what_is_no_number_are_no_tensor(views, obj):
    assert views(obj)[0] == "no tensor"


def test_a_buffer_is_given_back(views):
    lender = bytearray(b"abc")
    views(lender)
    lender.append(1)  # BufferError while it is lent


def test_a_released_buffer_is_no_view(views):
    view = memoryview(b"abc")
    view.release()
    assert views(view)[0] == "no tensor"


# ---- the array interface ----


class Interface:
    def __init__(self, **fields):
        self.memory = (ctypes.c_double * 6)(*range(6))
        address = ctypes.addressof(self.memory)
        self.fields = {"version": 3, "typestr": "<f8", "shape": (2, 3), "data": (address, False), **fields}

    @property
    def __array_interface__(self):
        return self.fields


@pytest.mark.parametrize(
    "fields, line, items",
    [
        ({}, "tensor <f8 rw shape 2 3 strides 24 8 c", [0, 1, 2, 3, 4, 5]),
        ({"strides": None}, "tensor <f8 rw shape 2 3 strides 24 8 c", [0, 1, 2, 3, 4, 5]),
        ({"shape": (3, 2), "strides": (8, 24)}, "tensor <f8 rw shape 3 2 strides 8 24", [0, 1, 2, 3, 4, 5]),
        ({"shape": (2,), "strides": (16,)}, "tensor <f8 rw shape 2 strides 16", [0, 2]),
        ({"shape": ()}, "tensor <f8 rw shape strides c", [0]),
        ({"shape": (0, 3)}, "tensor <f8 rw shape 0 3 strides 24 8 c", []),
    ],
    ids=str,
)
def test_the_array_interface_is_seen(views, fields, line, items):
    seen, npy = views(Interface(**fields))
    assert seen == line
    assert sorted(array.array("d", elements(npy))) == items


def test_read_only_memory_is_told(views):
    lender = Interface()
    lender.fields["data"] = (ctypes.addressof(lender.memory), True)
    assert views(lender)[0] == "tensor <f8 ro shape 2 3 strides 24 8 c"


def test_fields_are_read_from_the_description(views):
    lender = Interface(typestr="|V16", shape=(3,), descr=[("a", "<f8"), ("b", "<i8")])
    seen, npy = views(lender)
    assert seen.startswith("tensor |V16 rw shape 3")
    assert b"('a', '<f8')" in npy


@pytest.mark.parametrize(
    "fields",
    [
        {"typestr": None},
        {"typestr": ""},
        {"typestr": "nonsense"},
        {"typestr": "|O8"},
        {"typestr": "<V2"},
        {"typestr": "\udc80"},
        {"shape": None},
        {"shape": [2, 3]},
        {"shape": (-1,)},
        {"shape": ("2",)},
        {"shape": (2**63,)},
        {"shape": (2**62, 2**62)},
        {"shape": (1,) * 100},
        {"strides": (8,)},
        {"strides": (8, "8")},
        {"strides": (8, 2**64)},
        {"data": None},
        {"data": b"memory"},
        {"data": (1,)},
        {"data": (0, False)},
        {"data": ("address", False)},
    ],
    ids=repr,
)
def test_an_array_interface_that_is_wrong_is_no_view(views, fields):
    assert views(Interface(**fields))[0] == "no tensor"


def test_an_array_interface_that_raises_is_no_view(views):
    class Raising:
        @property
        def __array_interface__(self):
            raise RuntimeError

    assert views(Raising())[0] == "no tensor"

    class Other:
        __array_interface__ = 3

    assert views(Other())[0] == "no tensor"


# ---- DLPack ----


class DLManagedTensor(ctypes.Structure):
    pass


DELETER = ctypes.CFUNCTYPE(None, ctypes.POINTER(DLManagedTensor))
DLManagedTensor._fields_ = [
    ("data", ctypes.c_void_p),
    ("device_type", ctypes.c_int32),
    ("device_id", ctypes.c_int32),
    ("dims", ctypes.c_int32),
    ("code", ctypes.c_uint8),
    ("bits", ctypes.c_uint8),
    ("lanes", ctypes.c_uint16),
    ("shape", ctypes.POINTER(ctypes.c_int64)),
    ("strides", ctypes.POINTER(ctypes.c_int64)),
    ("offset", ctypes.c_uint64),
    ("owner", ctypes.c_void_p),
    ("deleter", DELETER),
]
PyCapsule_New = ctypes.pythonapi.PyCapsule_New
PyCapsule_New.restype = ctypes.py_object
PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]


class Lender:
    """Lends six doubles; counts how often they are given back."""

    def __init__(self, shape=(2, 3), strides=None, device=1, name=b"dltensor", **fields):
        self.memory = (ctypes.c_double * 6)(*range(6))
        self.returned = 0
        self.device = device
        self.name = name
        self.tensor = DLManagedTensor(
            data=ctypes.addressof(self.memory),
            device_type=device,
            dims=len(shape),
            code=2,
            bits=64,
            lanes=1,
            shape=(ctypes.c_int64 * 8)(*shape),
            deleter=DELETER(self.give_back),
        )
        if strides:
            self.tensor.strides = (ctypes.c_int64 * 8)(*strides)
        for field, value in fields.items():
            setattr(self.tensor, field, value)

    def give_back(self, tensor):
        self.returned += 1

    def __dlpack__(self, **unused):
        return PyCapsule_New(ctypes.addressof(self.tensor), self.name, None)

    def __dlpack_device__(self):
        return (self.device, 0)


@pytest.mark.parametrize(
    "lent, line, items",
    [
        ({}, "tensor <f8 ro shape 2 3 strides 24 8 c", [0, 1, 2, 3, 4, 5]),
        ({"shape": (3,), "strides": (2,)}, "tensor <f8 ro shape 3 strides 16", [0, 2, 4]),
        ({"shape": (2,), "offset": 16}, "tensor <f8 ro shape 2 strides 8 c", [2, 3]),
        ({"shape": ()}, "tensor <f8 ro shape strides c", [0]),
        ({"shape": (0, 3)}, "tensor <f8 ro shape 0 3 strides 24 8 c", []),
    ],
    ids=str,
)
def test_lent_tensors_are_seen_and_given_back_once(views, lent, line, items):
    lender = Lender(**lent)
    seen, npy = views(lender)
    assert seen == line and list(array.array("d", elements(npy))) == items
    assert lender.returned == 1


@pytest.mark.parametrize("code, kind", [(0, "<i8"), (1, "<u8"), (5, "<c8")])
def test_kinds_of_lent_elements(views, code, kind):
    assert views(Lender(code=code))[0].startswith(f"tensor {kind} ")


def test_lent_truth_values(views):
    assert views(Lender(code=6, bits=8))[0] == "tensor |b1 ro shape 2 3 strides 3 1 c"


@pytest.mark.parametrize(
    "lent",
    [
        {"code": 3},
        {"code": 77},
        {"lanes": 2},
        {"bits": 4},
        {"bits": 0},
        {"dims": -1},
        {"dims": 1000},
        {"device_type": 2},
        {"data": None},
        {"shape": (-1,)},
        {"shape": (2**62, 2**62)},
        {"strides": (2**62, 2**62)},
    ],
    ids=str,
)
def test_a_lent_tensor_that_can_t_be_used_is_given_back_unseen(views, lent):
    lender = Lender(**lent)
    assert views(lender)[0] == "no tensor"
    assert lender.returned == 1


@pytest.mark.parametrize("name", [b"used_dltensor", b"dltensor_versioned", None])
def test_capsules_of_another_kind_are_left_alone(views, name):
    lender = Lender(name=name)
    assert views(lender)[0] == "no tensor" and lender.returned == 0


def test_a_tensor_on_another_device_is_not_asked_for(views):
    class Remote(Lender):
        def __dlpack__(self, **unused):
            raise AssertionError("asked for")

    assert views(Remote(device=2))[0] == "no tensor"


def test_a_lender_that_raises_or_lies_has_no_view(views):
    class Raising(Lender):
        def __dlpack__(self, **unused):
            raise BufferError("not lent")

    class Lying(Lender):
        def __dlpack__(self, **unused):
            return 3

    class Deviceless(Lender):
        def __dlpack_device__(self):
            return None

    for lender in (Raising(), Lying(), Deviceless()):
        assert views(lender)[0] == "no tensor"


def test_a_class_lends_nothing_itself(views):
    assert views(Lender)[0] == "no tensor"


def test_no_view_outlives_the_save(views):
    for make in (Lender, Interface, lambda: array.array("d", [1])):
        lender = make()
        views(lender)
        gone = weakref.ref(lender)
        del lender
        gc.collect()
        assert gone() is None


# ---- NumPy ----


@pytest.fixture(scope="module")
def numpy():
    return pytest.importorskip("numpy")


def test_arrays_are_seen_without_a_copy(views, numpy):
    base = numpy.arange(24, dtype="<i4").reshape(2, 3, 4)
    fixed = base.copy()
    fixed.flags.writeable = False
    for obj, line in [
        (base, "tensor <i4 rw shape 2 3 4 strides 48 16 4 c"),
        (base.T, "tensor <i4 rw shape 4 3 2 strides 4 16 48"),
        (base[:, ::-2], "tensor <i4 rw shape 2 2 4 strides 48 -32 4"),
        (fixed, "tensor <i4 ro shape 2 3 4 strides 48 16 4 c"),
        (base.astype(">f2"), "tensor >f2 rw shape 2 3 4 strides 24 8 2 c"),
        (numpy.array(["ab", "c"]), "tensor <U8 rw shape 2 strides 8 c"),
        (numpy.array(["2020-01-01"], dtype="M8[D]"), "tensor <M8 rw shape 1 strides 8 c"),
    ]:
        seen, npy = views(obj)
        assert seen == line
        assert numpy.array_equal(numpy.load(io.BytesIO(npy)), obj)


def test_structured_arrays_are_seen_with_their_fields(views, numpy):
    obj = numpy.array([(1, 2.5)], dtype=[("a", "<i4"), ("b", "<f8")])
    assert numpy.load(io.BytesIO(views(obj)[1])).dtype == obj.dtype


def test_arrays_of_objects_are_no_tensor(views, numpy):
    assert views(numpy.array([None, 1], dtype=object))[0] == "no tensor"


class Wrapped:
    """Has nothing but DLPack, as tensors of other libraries."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def test_numpy_s_own_capsules_are_understood_and_given_back(views, numpy):
    if not hasattr(numpy.ndarray, "__dlpack__"):
        pytest.skip("this NumPy has no DLPack")
    for array_ in (numpy.arange(6.0).reshape(2, 3), numpy.arange(12, dtype="u2").reshape(3, 4).T, numpy.array(2.5)):
        wrapped, before = Wrapped(array_), sys.getrefcount(array_)
        seen, npy = views(wrapped)
        assert seen.startswith(f"tensor {array_.dtype.str} ro shape")
        assert numpy.array_equal(numpy.load(io.BytesIO(npy)), array_)
        assert sys.getrefcount(array_) == before


def test_a_read_only_array_is_not_lent(views, numpy):
    """Without versions DLPack can't say that memory is read-only, and NumPy declines."""
    fixed = numpy.arange(3.0)
    fixed.flags.writeable = False
    assert views(Wrapped(fixed))[0] == "no tensor"
