# SPDX-License-Identifier: Apache-2.0
"""Containers that hold nothing themselves: they show what the registry holds, and change it."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable, Iterator, MutableMapping, MutableSet, ValuesView
from typing import TYPE_CHECKING, Any, Optional, SupportsIndex

from ._registry import CLASSES, PENDING, RECORDS, REGISTRY


class NamesWindow(list[str]):
    """A list of names that is kept elsewhere, until it is no more there (`read` gives None): then it is a list like any other.

    What it holds itself is what was there when it was last used, for the sake of code that looks into lists without asking them.
    """

    def __init__(
        self,
        iterable: Iterable[str] = (),
        *,
        read: Optional[Callable[[], Optional[Iterable[str]]]] = None,
        write: Optional[Callable[[list[str]], Any]] = None,
    ) -> None:
        super().__init__(iterable)
        self._read = read
        self._write = write
        self._pull()

    def _pull(self) -> NamesWindow:
        names = self._read() if self._read else None
        if names is None:
            self._read = self._write = None
        else:
            super().__init__(names)
        return self

    def _push(self) -> None:
        if self._write:
            self._write(list.copy(self))

    def __iter__(self) -> Iterator[str]:
        return iter(list.copy(self._pull()))

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        return list, (list.copy(self._pull()),)

    __hash__ = None


def _reading(name: str) -> Callable[..., Any]:
    method = getattr(list, name)

    def read(self: NamesWindow, *args: Any) -> Any:
        return method(self._pull(), *args)

    return read


def _writing(name: str) -> Callable[..., Any]:
    method = getattr(list, name)

    def write(self: NamesWindow, *args: Any, **kwargs: Any) -> Any:
        result = method(self._pull(), *args, **kwargs)
        self._push()
        return result

    return write


for _name in (
    "__add__ __contains__ __eq__ __ge__ __getitem__ __gt__ __le__ __len__ __lt__ __mul__ __ne__ __repr__ __reversed__ __rmul__ "
    "copy count index"
).split():
    setattr(NamesWindow, _name, _reading(_name))
for _name in "__delitem__ __iadd__ __imul__ __setitem__ append clear extend insert pop remove reverse sort".split():
    setattr(NamesWindow, _name, _writing(_name))
setattr(NamesWindow, "__radd__", lambda self, other: other + list.copy(self._pull()))
del _name


# Another thread may take out what this one is just coming to.


class _Items(ItemsView[str, Any]):
    _mapping: MapWindow

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        found = ((key, self._mapping._find(key)) for key in self._mapping)
        return (item for item in found if item[1] is not None)


class _Values(ValuesView[Any]):
    _mapping: MapWindow

    def __iter__(self) -> Iterator[Any]:
        return (value for _, value in self._mapping.items())


if TYPE_CHECKING:
    _Dict = MutableMapping[str, Any]
else:

    class _Dict(MutableMapping, dict):
        """Has all of a mapping from the one, and is a dict for those who ask."""


class MapWindow(_Dict):
    """A dict whose items are in one of the registry's maps."""

    _map: int

    def _get(self, key: str) -> Any:
        """The value, or None."""
        raise NotImplementedError

    def _set(self, key: str, value: Any) -> None:
        raise NotImplementedError

    def _find(self, key: object) -> Any:
        try:
            return self._get(key) if isinstance(key, str) else None
        except ValueError:  # no text that the registry can hold
            return None

    def __getitem__(self, key: str) -> Any:
        value = self._find(key)
        if value is None:
            raise KeyError(key)
        return value

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise TypeError(f"keys must be str, not {type(key).__name__}")
        self._set(key, value)

    def __delitem__(self, key: str) -> None:
        if key not in self or not REGISTRY.remove(self._map, key):
            raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return self._find(key) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(REGISTRY.keys(self._map))

    def __reversed__(self) -> Iterator[str]:
        return reversed(REGISTRY.keys(self._map))

    def __len__(self) -> int:
        return REGISTRY.count(self._map)

    def __repr__(self) -> str:
        return repr(self.copy())

    def __ne__(self, other: object) -> bool:
        return not self == other

    def items(self) -> ItemsView[str, Any]:
        return _Items(self)

    def values(self) -> ValuesView[Any]:
        return _Values(self)

    def setdefault(self, key: str, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]  # which may be a window, and not what was given

    def popitem(self) -> tuple[str, Any]:
        for key in reversed(self):
            return key, self.pop(key)
        raise KeyError("the dictionary is empty")

    def clear(self) -> None:
        REGISTRY.clear(self._map)

    def copy(self) -> dict[str, Any]:
        return dict(self.items())

    __copy__ = copy

    def __deepcopy__(self, memo: Any) -> dict[str, Any]:
        return self.copy()

    def __or__(self, other: Any) -> Any:
        return self.copy() | other

    def __ror__(self, other: Any) -> Any:
        return other | self.copy()

    def __ior__(self, other: Any) -> MapWindow:
        self.update(other)
        return self

    def refill(self, items: Any) -> None:
        """Makes it hold these and nothing else."""
        items = dict(items)
        self.clear()
        self.update(items)


class RecordsWindow(MapWindow):
    """name -> SerializerRecord."""

    _map = RECORDS

    def _get(self, key: str) -> Any:
        return REGISTRY.record(key)

    def _set(self, key: str, value: Any) -> None:
        REGISTRY.put_record(key, value)


class ClassesWindow(MapWindow):
    """TYPE -> class."""

    _map = CLASSES

    def _get(self, key: str) -> Any:
        return REGISTRY.get_class(key)

    def _set(self, key: str, value: Any) -> None:
        REGISTRY.put_class(key, value)


class PendingWindow(MapWindow):
    """Name of a module -> names of the records that wait for it."""

    _map = PENDING

    def _get(self, key: str) -> Any:
        if REGISTRY.pending(key) is None:
            return None
        return NamesWindow(
            read=lambda: REGISTRY.pending(key),
            write=lambda names: REGISTRY.put_pending(key, names),
        )

    def _set(self, key: str, value: Any) -> None:
        REGISTRY.put_pending(key, value)

    def copy(self) -> dict[str, Any]:
        return {key: list(names) for key, names in self.items()}

    __copy__ = copy


class OrderedSet(MutableSet[Any]):
    """A set that keeps the order in which its members came; adding one again changes nothing."""

    def __init__(self, iterable: Optional[Iterable[Any]] = ()) -> None:
        self._members: dict[Any, None] = {}
        self.update(iterable or ())

    def __contains__(self, member: object) -> bool:
        return member in self._members

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._members))

    def __len__(self) -> int:
        return len(self._members)

    def __repr__(self) -> str:
        return f"_OrderedSet({list(self)!r})"

    def add(self, member: Any) -> None:
        self._members.setdefault(member)

    def discard(self, member: Any) -> None:
        self._members.pop(member, None)

    def clear(self) -> None:
        self._members.clear()

    def update(self, iterable: Iterable[Any]) -> None:
        for member in list(iterable):
            self.add(member)

    def copy(self) -> OrderedSet:
        return OrderedSet(self)

    __copy__ = copy


class ActiveWindow(OrderedSet):
    """The classes that are dispatched to."""

    def __init__(self) -> None:
        pass

    def __contains__(self, member: object) -> bool:
        return any(each is member for each in REGISTRY.active())

    def __iter__(self) -> Iterator[Any]:
        return iter(REGISTRY.active())

    def __len__(self) -> int:
        return len(REGISTRY.active())

    def add(self, member: Any) -> None:
        REGISTRY.activate(member)

    def discard(self, member: Any) -> None:
        if member in self:
            REGISTRY.deactivate(member)

    def clear(self) -> None:
        for member in REGISTRY.active():
            REGISTRY.deactivate(member)

    def refill(self, members: Iterable[Any]) -> None:
        """Makes it hold these and nothing else."""
        members = list(members)
        self.clear()
        self.update(members)
