# SPDX-License-Identifier: Apache-2.0
"""Where in an object it is that pickle fails."""

from __future__ import annotations

import copyreg
import inspect
import io
import pickle
import time
import types
from collections.abc import Iterator
from typing import Any

_PROTOCOL = 4
_MOST_SECONDS = 5.0
_MOST_STEPS = 200
_SHOWN_VALUE = 40
_SHOWN_PATH = 300
_NEW_OBJECT = (vars(copyreg)["__newobj__"], vars(copyreg)["__newobj_ex__"])  # unknown to type checkers
_SLOT_NAMES = vars(copyreg)["_slotnames"]
_ATOMS = frozenset(map(type, (None, True, 0, 0.0, 0j, "", b"", bytearray(), ..., NotImplemented)))
_MEMBERS = ("__self__", "__func__", "func", "args", "keywords", "default_factory", "__wrapped__")


def find_path(obj: Any, name: str) -> str | None:
    """Says which part of an object it is that can't be pickled.

    It tries the parts of the object one by one, goes on in the first that fails, and so on. Reduction functions of the object (__reduce__, __getstate__) run
    again. It never raises, and gives up after some seconds.

    Args:
        obj: what pickle.dumps(obj, 4) has just failed on.
        name: what to call it.

    Returns:
        One line, such as "model.layers[3]._lock is a _thread.lock, which pickle can't store"; None when nothing is found.
    """
    try:
        return _Search(time.monotonic() + _MOST_SECONDS).describe(obj, name)
    except Exception:
        return None


class _GivenUp(Exception):
    pass


class _Nowhere(io.RawIOBase):
    def write(self, data: Any) -> int:
        return len(data)


class _Probe(pickle.Pickler):
    """Finds out whether objects can be pickled, those that lead to them left out."""

    def __init__(self, seen: dict[int, Any], deadline: float):
        super().__init__(_Nowhere(), _PROTOCOL)
        self._seen = seen
        self._deadline = deadline
        self._count = 0

    def persistent_id(self, obj: Any) -> Any:
        self._count += 1
        if self._count % 1024 == 0 and time.monotonic() > self._deadline:
            raise _GivenUp
        return "seen" if id(obj) in self._seen or _is_plain_array(obj) else None

    def error(self, obj: Any) -> Exception | None:
        try:
            self.dump(obj)
        except (_GivenUp, RecursionError, MemoryError):
            raise
        except Exception as error:
            return error
        return None


class _Search:
    def __init__(self, deadline: float):
        self._deadline = deadline
        self._seen: dict[int, Any] = {}  # by id, kept alive so that no other object gets the id

    def describe(self, obj: Any, name: str) -> str | None:
        error = self._probe().error(obj)
        if error is None:
            return None
        path, owner = name, None
        for _ in range(_MOST_STEPS):
            self._seen[id(obj)] = obj
            step = self._failing_part(obj)
            if step is None:
                break
            suffix, part, error = step
            if suffix == ".__class__":
                owner = part
                break
            path, obj = path + suffix, part
        return f"{_shorten(path, _SHOWN_PATH)} is {_describe(obj, owner)}, which pickle can't store{_reason(obj, owner, error)}"

    def _probe(self) -> _Probe:
        return _Probe(self._seen, self._deadline)

    def _failing_part(self, obj: Any) -> tuple[str, Any, Exception] | None:
        probe = self._probe()
        for suffix, part in _parts(obj):
            if type(part) in _ATOMS or id(part) in self._seen:
                continue
            error = probe.error(part)
            if error is not None:
                return suffix, part, error
        return None


# ---- the parts of an object, and how to get at them ----


def _parts(obj: Any) -> Iterator[tuple[str, Any]]:
    kind = type(obj)
    if kind in (list, tuple):
        yield from ((f"[{i}]", part) for i, part in enumerate(obj))
    elif kind in (set, frozenset):
        yield from ((".<element>", part) for part in obj)
    elif kind is dict:
        yield from _items(obj.items())
    elif not (isinstance(obj, type) or kind is types.FunctionType):
        if isinstance(obj, tuple):
            names = getattr(kind, "_fields", ())
            yield from ((f".{names[i]}" if i < len(names) else f"[{i}]", part) for i, part in enumerate(tuple.__iter__(obj)))
        yield from _frame_parts(obj)
        yield from _reduced_parts(obj)


def _items(items: Any) -> Iterator[tuple[str, Any]]:
    for key, value in items:
        yield f".<key {_show(key)}>", key
        yield f"[{_show(key)}]", value


def _frame_parts(obj: Any) -> Iterator[tuple[str, Any]]:
    """Columns and rows, where pandas keeps them out of sight."""
    module, name = type(obj).__module__.partition(".")[0], type(obj).__name__
    if module == "pandas" and name == "DataFrame":
        yield from ((f".iloc[:, {i}]", obj.iloc[:, i]) for i in range(obj.shape[1]))
    elif module == "pandas" and name == "Series" and obj.dtype == object:
        yield from ((f".iloc[{i}]", value) for i, value in enumerate(obj))


def _reduced_parts(obj: Any) -> Iterator[tuple[str, Any]]:
    try:
        reduction = _reduce(obj)
    except Exception:
        return
    if not isinstance(reduction, tuple):
        return
    function, args, state, items, pairs, setter, *_ = reduction + (None,) * 6
    attributes = _attributes(obj)
    if function not in _NEW_OBJECT:
        yield _labelled(attributes, function, ".__reduce_ex__(4)[0]")
    all_args = attributes.get(id(args), "__reduce_ex__(4)[1]")
    yield from (_labelled(attributes, part, f".{all_args}[{i}]") for i, part in enumerate(args or ()))
    yield from _state_parts(obj, attributes, state)
    yield from ((f"[{i}]", part) for i, part in enumerate(items or ()))
    yield from _items(pairs or ())
    yield _labelled(attributes, setter, ".__reduce_ex__(4)[5]")


def _reduce(obj: Any) -> Any:
    registered = copyreg.dispatch_table.get(type(obj))
    return registered(obj) if registered else obj.__reduce_ex__(_PROTOCOL)


def _state_parts(obj: Any, attributes: dict[int, str], state: Any) -> Iterator[tuple[str, Any]]:
    usual = isinstance(state, tuple) and len(state) == 2 and all(each is None or type(each) is dict for each in state)
    for each in state if usual else (state,):  # of a dictionary and of slots
        if type(each) is dict:
            yield from ((_attribute_label(obj, key, part), part) for key, part in each.items())
        elif type(each) is tuple and _is_array(obj):
            yield from ((f"[{i}]" if obj.ndim == 1 else f".flat[{i}]", part) for i, part in enumerate(each[-1]))
        elif type(each) is tuple:
            yield from (_labelled(attributes, part, f".__reduce_ex__(4)[2][{i}]") for i, part in enumerate(each))
        else:
            yield _labelled(attributes, each, ".__reduce_ex__(4)[2]")


def _attributes(obj: Any) -> dict[int, str]:
    """The names of attributes by the ids of their values, found without running code of the class where possible."""
    found = {id(type(obj)): "__class__"}
    values = dict(getattr(obj, "__dict__", None) or {})
    for name in (*_SLOT_NAMES(type(obj)), *_MEMBERS):
        member = inspect.getattr_static(type(obj), name, None)
        if isinstance(member, (types.MemberDescriptorType, types.GetSetDescriptorType)) and hasattr(obj, name):
            values[name] = getattr(obj, name)
    for name, value in values.items():
        found.setdefault(id(value), name)
    return found


def _labelled(attributes: dict[int, str], part: Any, otherwise: str) -> tuple[str, Any]:
    name = attributes.get(id(part))
    return (f".{name}" if name and type(part) not in _ATOMS else otherwise), part


def _attribute_label(obj: Any, key: Any, part: Any) -> str:
    """State that a __getstate__ has made up is told from attributes."""
    is_attribute = isinstance(key, str) and key.isidentifier()
    if is_attribute and inspect.getattr_static(obj, key, None) is part:
        return f".{key}"
    made_up = "__getstate__" in dir(type(obj)) and type(obj).__getstate__ is not getattr(object, "__getstate__", None)
    return f".__getstate__()[{_show(key)}]" if made_up or not is_attribute else f".{key}"


def _is_array(obj: Any) -> bool:
    return type(obj).__name__ == "ndarray" and type(obj).__module__ == "numpy"


def _is_plain_array(obj: Any) -> bool:
    return _is_array(obj) and not obj.dtype.hasobject


# ---- words ----


def _shorten(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most // 2]}...{text[-most // 2 :]}"


def _show(value: Any) -> str:
    try:
        return _shorten(repr(value), _SHOWN_VALUE)
    except Exception:
        return f"<{type(value).__name__}>"


def _full_name(kind: Any) -> str:
    module, name = getattr(kind, "__module__", None), getattr(kind, "__qualname__", repr(kind))
    return name if module in (None, "builtins") else f"{module}.{name}"


def _with_article(words: str) -> str:
    return f"an {words}" if words[:1].lower() in "aeio" else f"a {words}"


def _describe_named(obj: Any, what: str) -> str:
    if getattr(obj, "__name__", "") == "<lambda>":
        return "a lambda"
    if "<locals>" in getattr(obj, "__qualname__", ""):
        return f"the local {what} {_full_name(obj)}"
    return f"the {what} {_full_name(obj)}"


def _describe(obj: Any, owner: Any) -> str:
    if owner is not None:
        return f"an instance of {_describe_named(owner, 'class')}"
    if isinstance(obj, types.ModuleType):
        return f"the module {obj.__name__}"
    if isinstance(obj, type):
        return _describe_named(obj, "class")
    if isinstance(obj, (types.FunctionType, types.BuiltinFunctionType)):
        return _describe_named(obj, "function")
    if isinstance(obj, io.IOBase) and not isinstance(obj, (io.BytesIO, io.StringIO)):
        return f"an open file ({_show(getattr(obj, 'name', None))}, {_full_name(type(obj))})"
    return _with_article(_full_name(type(obj)))


def _reason(obj: Any, owner: Any, error: Exception) -> str:
    """What pickle said, where the kind of object doesn't say it all."""
    said = str(error)
    usual = isinstance(error, TypeError) and said.startswith(("cannot pickle", "can't pickle"))
    if owner is not None or usual or isinstance(obj, (type, types.FunctionType, types.ModuleType)):
        return ""
    return f": {_shorten(f'{type(error).__name__}: {said}', _SHOWN_PATH)}"
