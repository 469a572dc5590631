# SPDX-License-Identifier: Apache-2.0
"""Pickling in place of Metaflow's own PickleSerializer, in less memory."""

from coffer._coffer import pickle_artifact
from coffer._unpicklable import find_path
from metaflow.datastore.artifacts.serializer import SerializationMetadata
from metaflow.datastore.exceptions import UnpicklableArtifactException

_STOCK = "metaflow.plugins.datastores.serializers.pickle_serializer", "PickleSerializer"


class Pickled:
    """The bytes of a pickle, perhaps in several pieces, where a serializer has a SerializedBlob."""

    __slots__ = ("value",)
    is_reference = False

    def __init__(self, value):
        self.value = value


def is_stock(serializer):
    """True for Metaflow's own class as it is, not for one that derives from it, nor with other functions put into it."""
    module, name = _STOCK
    return _name_of(serializer) == _STOCK and all(
        _name_of(getattr(serializer, each, None)) == (module, f"{name}.{each}") for each in ("serialize", "deserialize")
    )


def _name_of(thing):
    return getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)


def serialize(obj):
    """What PickleSerializer.serialize returns, without joining large buffers."""
    try:
        pickled = pickle_artifact(obj)
    except TypeError as error:
        raise UnpicklableArtifactException() from error
    return [Pickled(pickled)], SerializationMetadata(str(type(obj)), pickled.size, "pickle-v4", {})


def where(name, obj, is_pickle):
    """A line that says which part of an object pickle can't store; empty when it was not pickle, or nothing is found."""
    path = find_path(obj, name) if is_pickle else None
    return f'\nartifact "{name}": {path}' if path else ""
