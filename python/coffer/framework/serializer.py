# SPDX-License-Identifier: Apache-2.0
"""Metaflow's serializer framework on the library's registry.

The registry decides: states, their order, waiting, errors and what they are called. Here are the classes through which authors and Metaflow
see it.
"""

from __future__ import annotations

import enum
import importlib
import inspect
from abc import ABCMeta, abstractmethod
from collections import namedtuple
from typing import Any, Iterable, List, Mapping, Optional, Tuple, Union

from ._registry import CLASSES, PENDING, RECORDS, REGISTRY, one_line
from ._windows import ActiveWindow, ClassesWindow, OrderedSet, PendingWindow, RecordsWindow

_OrderedSet = OrderedSet


class SerializationFormat(str, enum.Enum):
    """What a serializer is to make: blobs for the datastore, or one text for command lines and messages."""

    STORAGE = "storage"
    WIRE = "wire"


SerializationMetadata = namedtuple("SerializationMetadata", ("obj_type", "size", "encoding", "serializer_info"))
SerializationMetadata.__doc__ = """What a serializer says of an artifact beside its bytes.

Attributes:
    obj_type: `str(type(obj))`.
    size: bytes of the blob as the serializer made it.
    encoding: says who can read it; without "gzip+", which is kept for what Metaflow wrote of old.
    serializer_info: a dict that JSON can hold, handed back to `deserialize`. "source" is filled in with the package of the serializer.
"""


class SerializedBlob:
    """One piece of what a serializer makes.

    Args:
        value: bytes to be stored, or a str that says where bytes already are.
        is_reference: None to tell by the type of `value`.

    Raises:
        TypeError: `value` is neither.
    """

    def __init__(self, value: Union[str, bytes], is_reference: Optional[bool] = None):
        if not isinstance(value, (str, bytes)):
            raise TypeError(f"SerializedBlob value must be str or bytes, got {type(value).__name__}")
        self.value = value
        self.is_reference = isinstance(value, str) if is_reference is None else is_reference

    @property
    def needs_save(self) -> bool:
        return not self.is_reference


def _call_setup_imports(cls: type[ArtifactSerializer], context: Any = None) -> Any:
    """Calls `setup_imports` with the context if it has a place for it."""
    setup_imports: Any = cls.setup_imports
    return setup_imports(context) if setup_imports.__func__.__code__.co_argcount > 1 else setup_imports()


_CONTAINERS: dict[str, Any] = {
    "_all_serializers": ClassesWindow(),
    "_active_serializers": ActiveWindow(),
    "_records": RecordsWindow(),
    "_pending_by_module": PendingWindow(),
}


class _Order:
    """The list that get_ordered_serializers() gave last, with the serial number of the registry's order that it shows."""

    serial = 0
    classes: list[type[ArtifactSerializer]] = []


def _get_order(cls: type) -> Optional[list[type[ArtifactSerializer]]]:
    serial, classes = _Order.serial, _Order.classes
    return classes if serial and serial == REGISTRY.order_serial() else None


def _set_order(cls: type, classes: Optional[list[type[ArtifactSerializer]]]) -> None:
    if classes is None:
        REGISTRY.invalidate()
    else:
        _Order.classes, _Order.serial = classes, REGISTRY.set_order(classes)


class _StoreType(type):
    """Keeps what is assigned to attributes of SerializerStore in the registry."""

    _ordered_cache = property(_get_order, _set_order)
    _displaced: dict[str, Any] = {}

    def __setattr__(cls, name: str, value: Any) -> None:
        window = _CONTAINERS.get(name)
        if window is None:
            super().__setattr__(name, value)
        elif value is window:  # put back after something else stood in its place
            window.refill(cls._displaced.pop(name, window.copy()))
        else:
            cls._displaced.setdefault(name, window.copy())
            window.refill(value)


class SerializerStore(ABCMeta, metaclass=_StoreType):
    """Metaclass of serializers, and the way to the registry of them.

    The containers are windows on the registry: what is put in or taken out is what dispatch sees next.
    """

    TYPE: Optional[str]

    _all_serializers: ClassesWindow = _CONTAINERS["_all_serializers"]
    _active_serializers: ActiveWindow = _CONTAINERS["_active_serializers"]
    _records: RecordsWindow = _CONTAINERS["_records"]
    _pending_by_module: PendingWindow = _CONTAINERS["_pending_by_module"]
    _ordered_cache = property(_get_order, _set_order)  # seen from a serializer

    def __init__(cls, name: str, bases: Tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(name, bases, namespace)
        if cls.TYPE is None or inspect.isabstract(cls):
            return
        if "TYPE" not in namespace:
            parents = (base.__name__ for base in cls.__mro__[1:] if getattr(base, "TYPE", None) == cls.TYPE)
            raise TypeError(
                f"{name} inherits TYPE {cls.TYPE!r} from {next(parents, '<unknown>')} but did not declare its own. Subclasses of a registered "
                "ArtifactSerializer must set TYPE = '<unique>' in the class body (or TYPE = None to opt out of registration)."
            )
        REGISTRY.put_class(cls.TYPE, cls)

    @staticmethod
    def get_ordered_serializers() -> list[type[ArtifactSerializer]]:
        """The classes that are dispatched to: lower PRIORITY first, of equals the one declared later.

        The same list until something changes. Serializers in C and those that are not imported yet have classes that stand in for them.
        """
        serial, classes = _Order.serial, _Order.classes
        if serial and serial == REGISTRY.order_serial() and not _CONTAINERS["_pending_by_module"]:  # else what they wait for may be there
            return classes
        from ._stand_ins import class_at

        serial, places = REGISTRY.places()
        if serial != _Order.serial:
            _Order.classes, _Order.serial = [class_at(place) for place in places], serial
        return _Order.classes

    @classmethod
    def bootstrap(cls) -> None:
        """Declares what Metaflow, its extensions and coffer's descriptor files have, with the toggles of the configuration applied.

        Trouble with one extension is a RuntimeWarning.
        """
        from . import _bootstrap

        _bootstrap.run(cls)

    @staticmethod
    def _resolve_relative_class_path(class_path: str, pkg_path: str) -> str:
        """A path with leading dots made absolute: one dot stands for the package, each further one for its parent."""
        if not class_path or not class_path.startswith("."):
            return class_path
        rest = class_path.lstrip(".")
        parents = len(class_path) - len(rest) - 1
        package = pkg_path.split(".") if pkg_path else []
        if parents >= len(package):
            raise ValueError(f"Path '{class_path}' exits out of Metaflow module at {pkg_path}")
        return ".".join([*package[: len(package) - parents], rest])

    @classmethod
    def bootstrap_entries(
        cls,
        entries: Iterable[Tuple[str, str]],
        disabled_names: Optional[Iterable[str]] = None,
        source: Optional[str] = None,
        lazy: Optional[Mapping[str, Tuple[Any, ...]]] = None,
    ) -> None:
        """Declares entries and loads them.

        Args:
            entries: pairs of name (the TYPE of the class) and dotted path of the class.
            disabled_names: those that are to be left off.
            source: the package that they come from.
            lazy: by name, what _bootstrap.read_lazy() makes of ARTIFACT_SERIALIZERS_LAZY; those are loaded when something calls for them.
        """
        disabled = frozenset(disabled_names or ())
        for name, class_path in entries:
            REGISTRY.declare(name, class_path, source, name in disabled, (lazy or {}).get(name))

    @classmethod
    def _park_on_import_error(cls, rec: Any, exc: ImportError) -> None:
        """The record waits for the module that `exc` names, or is broken."""
        missing = None if exc.name is None else one_line(exc.name)
        REGISTRY.park(rec, missing, type(exc).__name__, one_line(exc))

    @classmethod
    def _on_module_imported(cls, module_name: str, module: Any) -> None:
        """A module has appeared: what waits for it is tried again, each record on its own."""
        while (record := REGISTRY.take_waiting(module_name)) is not None:
            try:
                cls._retry_bootstrap(record)
            except Exception as error:
                REGISTRY.crashed(record, one_line(f"{type(error).__name__}: {error}"))

    @classmethod
    def _retry_bootstrap(cls, rec: Any) -> None:
        """Imports and sets up once more."""
        REGISTRY.retry(rec)

    @classmethod
    def get_source_for(cls, serializer_cls: Any) -> Optional[str]:
        """The package that a serializer comes from, None when it is not known."""
        serializer_type = getattr(serializer_cls, "TYPE", None)
        return REGISTRY.source(serializer_type) if isinstance(serializer_type, str) else None

    @classmethod
    def explain(cls, encoding: str) -> Optional[str]:
        """Why a declared reader of this encoding can't be used, and what it needs; None when no declared one reads it."""
        return REGISTRY.explain(encoding)

    @classmethod
    def _record_dispatch_error(cls, serializer_cls: Any, exc: BaseException) -> int:
        """Counts an error of a serializer that was asked and failed; gives the count, 1 also when there is no record of it."""
        serializer_type = getattr(serializer_cls, "TYPE", None)
        if not isinstance(serializer_type, str):
            return 1
        return REGISTRY.account(serializer_type, one_line(f"{type(exc).__name__}: {exc}"))

    @classmethod
    def _reset_for_tests(cls) -> None:
        """Forgets all but the classes."""
        from . import lazy_registry

        for serializer_cls in {*cls._all_serializers.values(), *cls._active_serializers}:
            for base in serializer_cls.__mro__:
                _forget_lazy_imports(base)
        REGISTRY.clear(RECORDS)
        REGISTRY.clear(PENDING)
        cls._active_serializers.clear()
        REGISTRY.invalidate()
        REGISTRY.set_toggles("")
        lazy_registry._reset_for_tests()


def _forget_lazy_imports(cls: type) -> None:
    names = cls.__dict__.get("_lazy_imported_names")
    for name in list(names or ()):
        if name in cls.__dict__:
            delattr(cls, name)
    if names:
        names.clear()
    paths = cls.__dict__.get("_lazy_imported_paths")
    if paths:
        paths.clear()


class ArtifactSerializer(metaclass=SerializerStore):
    """Base class of serializers.

    A subclass sets TYPE, a unique str, and has the four class methods. The classes are used, never instances of them. Declaring it in an
    extension's ARTIFACT_SERIALIZERS_DESC makes Metaflow ask it.
    """

    TYPE: Optional[str] = None
    """Unique name; None: not to be registered."""
    PRIORITY = 100
    """Lower is asked first."""

    _RESERVED_LAZY_IMPORT_NAMES = frozenset(
        ("TYPE", "PRIORITY", "setup_imports", "can_serialize", "can_deserialize", "serialize", "deserialize", "lazy_import")
    )

    @classmethod
    def setup_imports(cls, context: Any = None) -> None:
        """Imports what the serializer needs, with `lazy_import`, before it is asked for the first time.

        May be called again, and may leave `context` (None at present) out of its signature. An ImportError that names a module parks the
        serializer until that module is imported; any other exception leaves it broken.
        """
        return None

    @classmethod
    def lazy_import(cls, module_path: str, alias: Optional[str] = None) -> Any:
        """Imports a module and sets it on the class, as `alias` or by the last part of its name. Returns the module.

        Raises:
            ImportError: as the import does.
            ValueError: the name is reserved, starts with "_", or stands for another module already.
        """
        name = alias if alias is not None else module_path.rpartition(".")[2]
        if name in cls._RESERVED_LAZY_IMPORT_NAMES or name.startswith("_"):
            raise ValueError(f"lazy_import alias '{name}' is reserved or invalid")
        names, paths = _own(cls, "_lazy_imported_names", set), _own(cls, "_lazy_imported_paths", dict)
        if name in names:
            module = getattr(cls, name, None)
            module_name = getattr(module, "__name__", None)
            if module_path in (module_name, paths.get(name)):
                return module
            raise ValueError(
                f"lazy_import alias '{name}' is already set to module '{module_name}'; refusing to reassign to '{module_path}'"
            )
        module = importlib.import_module(module_path)
        setattr(cls, name, module)
        names.add(name)
        paths[name] = module_path
        return module

    @classmethod
    @abstractmethod
    def can_serialize(cls, obj: Any) -> bool:
        """Does it take this object? Cheap and without side effects."""
        raise NotImplementedError

    @classmethod
    @abstractmethod
    def can_deserialize(cls, metadata: SerializationMetadata) -> bool:
        """Does it read what this metadata describes? The encoding alone must do."""
        raise NotImplementedError

    @classmethod
    @abstractmethod
    def serialize(
        cls, obj: Any, format: SerializationFormat = SerializationFormat.STORAGE
    ) -> Union[Tuple[List[SerializedBlob], SerializationMetadata], str]:
        """Makes of an object a list of blobs and the metadata (STORAGE), or a str (WIRE).

        Repeatable, without side effects, not compressed.

        Raises:
            NotImplementedError: for a format that it does not have.
        """
        raise NotImplementedError

    @classmethod
    @abstractmethod
    def deserialize(
        cls,
        data: Union[List[bytes], str],
        metadata: Optional[SerializationMetadata] = None,
        format: SerializationFormat = SerializationFormat.STORAGE,
    ) -> Any:
        """Makes the object again: of a list of bytes and the metadata (STORAGE), or of a str alone (WIRE)."""
        raise NotImplementedError


def _own(cls: type, attribute: str, factory: type) -> Any:
    """A container in the class's own namespace, never its parent's."""
    if attribute not in cls.__dict__:
        setattr(cls, attribute, factory())
    return cls.__dict__[attribute]
