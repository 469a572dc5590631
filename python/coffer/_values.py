# SPDX-License-Identifier: Apache-2.0
"""What a pickle holds beside plain values, as records that name things and run nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _coffer

if TYPE_CHECKING:
    import numpy


class Global:
    """A class or function, by its name; it was not imported.

    Attributes: `module` and `qualname`, both str. Equal by them, and hashable.
    """

    __slots__ = ("module", "qualname")

    def __init__(self, module: str, qualname: str) -> None:
        self.module = module
        self.qualname = qualname

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Global):
            return NotImplemented
        return (self.module, self.qualname) == (other.module, other.qualname)

    def __hash__(self) -> int:
        return hash((self.module, self.qualname))

    def __repr__(self) -> str:
        return f"<global {self.module}.{self.qualname}>"


class Object:
    """What unpickling would have made by calling something; nothing was called.

    Attributes:
        type: "module.qualname" of the class, as far as the pickle tells.
        construction: "call" for callable(*args), "new" for callable.__new__(callable, *args), "new_ex" with kwargs as well.
        callable: usually a Global.
        args: usually a tuple. kwargs: a dict, or None.
        state: what the object would have been given by __setstate__ (or into its __dict__), or None.
        state_setter: the function that would have been called with object and state, or None.
        items: list of what would have been appended.
        pairs: dict of what would have been set by key, or None.
    """

    __slots__ = ("type", "construction", "callable", "args", "kwargs", "state", "state_setter", "items", "pairs")

    type: str
    construction: str
    callable: Any
    args: Any
    kwargs: dict[str, Any] | None
    state: Any
    state_setter: Any
    items: list[Any]
    pairs: dict[Any, Any] | None

    def __init__(self) -> None:  # what is known is filled in afterwards, for an object may hold itself
        self.type, self.construction = "", "call"
        self.callable = self.args = self.kwargs = self.state = self.state_setter = self.pairs = None
        self.items = []

    def __repr__(self) -> str:
        return f"<object {self.type}>"


class Extension:
    """A class registered with copyreg, by its code; it was not looked up."""

    __slots__ = ("code",)

    def __init__(self, code: int) -> None:
        self.code = code

    def __repr__(self) -> str:
        return f"<extension {self.code}>"


class Persistent:
    """An object that the pickle refers to by an id for persistent_load; it was not asked for."""

    __slots__ = ("id",)

    def __init__(self) -> None:
        self.id: Any = None

    def __repr__(self) -> str:
        return f"<persistent {self.id!r}>"


def _is_simple(dtype: Any) -> bool:
    return isinstance(dtype, str)


class _Interface:
    """The array interface of a tensor, with fields as plain bytes; NumPy keeps it, and it keeps the tensor."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
        self.__array_interface__ = {
            "version": 3,
            "typestr": tensor.dtype if _is_simple(tensor.dtype) else f"|V{tensor.itemsize}",
            "shape": tensor.shape,
            "strides": tensor.strides,
            "data": (tensor.address, True),
        }


class Tensor(_coffer.Tensor):
    """An array that a pickle or a blob holds: read-only, over the memory of the bytes it came in, without a copy.

    Attributes: `dtype` (as numpy.dtype() takes it), `shape`, `strides` (bytes), `nbytes`, `itemsize`, and `objects`, the elements of an
    array of objects. memoryview(tensor) works for numbers and text, numpy.asarray(tensor) for all.
    """

    __slots__ = ()

    def to_numpy(self) -> numpy.ndarray[Any, Any]:
        """The array as a read-only numpy.ndarray over the same memory; an array of objects is copied."""
        import numpy

        if self.objects is not None:
            array = numpy.empty(len(self.objects), dtype=object)
            for index, element in enumerate(self.objects):
                array[index] = element
            return array.reshape(self.shape)
        if self.nbytes == 0:  # some versions of NumPy take no interface without memory
            array = numpy.empty(self.shape, self.dtype)
            array.flags.writeable = False
            return array
        array = numpy.asarray(_Interface(self))
        return array if _is_simple(self.dtype) else array.view(numpy.dtype(self.dtype))

    def to_array(self) -> Any:
        """What a program gets for an artifact: a numpy.ndarray, or without NumPy a memoryview, or the tensor itself when the buffer
        protocol has no format for its elements."""
        try:
            return self.to_numpy()
        except ImportError:
            pass
        try:
            return memoryview(self)
        except BufferError:
            return self

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> numpy.ndarray[Any, Any]:
        array = self.to_numpy()
        if dtype is not None and array.dtype != dtype:
            return array.astype(dtype)
        return array.copy() if copy else array

    def __repr__(self) -> str:
        return f"<tensor {self.dtype!r} {self.shape}>"


CLASSES = (Global, Object, Tensor, Extension, Persistent)
