# SPDX-License-Identifier: Apache-2.0
"""Pickling in place of Metaflow's own PickleSerializer, in less memory."""

from coffer._coffer import pickle_artifact
from coffer._unpicklable import find_path
from metaflow.datastore.exceptions import UnpicklableArtifactException

from .checks import add_more

_LARGE_BYTES = 16 << 20  # as the library has it
_STOCK = "metaflow.plugins.datastores.serializers.pickle_serializer", "PickleSerializer"
_FUNCTIONS = "serialize", "deserialize", "can_deserialize"


class _Known:
    """The class that was last found to be Metaflow's own, and what it had for its functions."""

    serializer = None
    functions: list = []


def is_stock(serializer):
    """True for Metaflow's own class as it is, not for one that derives from it, nor with other functions put into it."""
    if serializer is _Known.serializer and _own_functions(serializer) == _Known.functions:
        return True
    module, name = _STOCK
    if _name_of(serializer) != _STOCK or any(
        _name_of(getattr(serializer, each, None)) != (module, f"{name}.{each}") for each in _FUNCTIONS
    ):
        return False
    _Known.serializer, _Known.functions = serializer, _own_functions(serializer)
    return True


def _own_functions(serializer):
    return list(map(vars(serializer).get, _FUNCTIONS))


def _name_of(thing):
    return getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)


def serialize(serializer, obj):
    """The bytes that PickleSerializer.serialize makes, without joining large buffers, and what is recorded of them."""
    try:
        pickled = pickle_artifact(obj)
    except TypeError as error:
        raise UnpicklableArtifactException() from error
    info = {"size": pickled.size, "type": str(type(obj)), "encoding": "pickle-v4"}
    add_more(serializer, {}, info)
    return pickled, info


def encodings(serializers):
    """The encodings that Metaflow's own class surely is the first of these to read: there is no need to ask about each artifact."""
    prefixes = ()
    for serializer in serializers:
        if is_stock(serializer):
            mine = vars(serializer).get("_ENCODINGS", ())
            return [encoding for encoding in mine if not encoding.startswith(prefixes)]
        prefix = getattr(serializer, "__dict__", {}).get("ENCODING_PREFIX")
        if not isinstance(prefix, str):  # it may look at anything
            break
        prefixes += (prefix,)
    return ()


def is_large(size):
    """Whether a pickle is large enough to be unpickled while it is read; smaller ones are checked before."""
    return isinstance(size, int) and _LARGE_BYTES < size < 1 << 63


def where(name, obj, is_pickle):
    """A line that says which part of an object pickle can't store; empty when it was not pickle, or nothing is found."""
    path = find_path(obj, name) if is_pickle else None
    return f'\nartifact "{name}": {path}' if path else ""
