# SPDX-License-Identifier: Apache-2.0
"""What a pickle of an object holds, worked out from the object alone: the description that tests/support/pickle_dump.c
prints after reading the pickle. The rules are those of Python's documentation of the pickle and copy protocols."""

import _compat_pickle
import copyreg
import functools
import pickle
import struct
import types

CONTAINERS = {list: "list", tuple: "tuple", set: "set", frozenset: "frozenset"}
FUNCTIONS = (type, types.FunctionType, types.BuiltinFunctionType)
NAMELESS = {type(None): None, type(NotImplemented): NotImplemented, type(...): ...}


def bits(value: float) -> str:
    return struct.pack(">d", value).hex()


def text(value: str) -> str:
    return value.encode("utf-8", "surrogatepass").hex()


class Describer:
    """Describes one object as pickled at `protocol`. `persistent_id` is as a Pickler's; `buffers` collects out-of-band
    buffers, or is None when buffers are kept in the pickle."""

    def __init__(self, protocol, persistent_id=None, buffers=None):
        self.protocol = protocol
        self.persistent_id = persistent_id or (lambda _: None)
        self.buffers = buffers
        self.ids = {}
        self.kept = []  # so that no id is used twice

    def root(self, value):
        return {"root": self.value(value), "unused": 0}

    def value(self, value):
        persistent_id = self.persistent_id(value)
        if persistent_id is not None:
            number = self.new_id(object())
            if self.protocol == 0:
                persistent_id = str(persistent_id)
            return {"persistent": True, "of": self.value(persistent_id), "id": number}
        leaf = self.leaf(value)
        if leaf is not NotImplemented:
            return leaf
        if id(value) in self.ids:
            return {"ref": self.ids[id(value)]}
        return self.with_parts(value)

    def leaf(self, value):
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is int:
            return {"int": str(value)}
        if kind is float:
            return {"float": bits(value)}
        if kind is complex:
            return {"complex": [bits(value.real), bits(value.imag)]}
        if kind is str:
            return {"str": text(value)}
        if kind is bytes:
            return {"bytes": value.hex()}
        if kind is tuple and not value:
            return {"tuple": []}
        if isinstance(value, FUNCTIONS) and value not in NAMELESS and kind not in copyreg.dispatch_table:
            return self.function(value)
        return NotImplemented

    def new_id(self, value):
        self.kept.append(value)
        number = self.ids[id(value)] = len(self.ids)
        return number

    # ---- globals ----

    def function(self, value):
        if isinstance(value, types.BuiltinFunctionType) and isinstance(value.__self__, (type, object)):
            if not isinstance(value.__self__, (types.ModuleType, type(None))):
                return NotImplemented  # a bound method: pickled by getattr
        return self.global_(self.module_of(value), value.__qualname__, value)

    @staticmethod
    def module_of(value):
        return value.__module__ or value.__self__.__name__

    def global_(self, module, qualname, value):
        code = copyreg._extension_registry.get((module, qualname))
        if code and self.protocol >= 2:
            return {"extension": code}
        if "." in qualname and self.protocol < 4:
            return self.attribute(module, qualname, value)
        return self.name(*self.through_python2(module, qualname))

    def attribute(self, module, qualname, value):
        """Before protocol 4, a name in a class is getattr(class, name)."""
        parent, _, name = qualname.rpartition(".")
        if id(value) in self.ids:
            return {"ref": self.ids[id(value)]}
        number = self.new_id(value)
        owner = self.global_(module, parent, ("owner", module, parent))
        args = {"tuple": [owner, {"str": text(name)}], "id": self.new_id(object())}
        return {"object": "call", "callable": self.name("builtins", "getattr"), "args": args, "id": number}

    @staticmethod
    def name(module, qualname):
        return {"global": text(module), "name": text(qualname)}

    def through_python2(self, module, qualname):
        """Protocols 0 to 2 go by Python 2's names, there and back."""
        if self.protocol > 2:
            return module, qualname
        for names, modules in (
            (_compat_pickle.REVERSE_NAME_MAPPING, _compat_pickle.REVERSE_IMPORT_MAPPING),
            (_compat_pickle.NAME_MAPPING, _compat_pickle.IMPORT_MAPPING),
        ):
            if (module, qualname) in names:
                module, qualname = names[module, qualname]
            else:
                module = modules.get(module, module)
        return module, qualname

    # ---- values with parts ----

    def with_parts(self, value):
        kind = type(value)
        if kind is pickle.PickleBuffer:
            return self.buffer(value)
        if kind is bytearray:
            return {"bytearray": bytes(value).hex(), "id": self.new_id(value)}
        if kind is dict:
            number = self.new_id(value)
            return {"dict": self.pairs(value.items()), "id": number}
        if kind in CONTAINERS:
            number = self.new_id(value)
            return {CONTAINERS[kind]: self.all(value), "id": number}
        return self.reduced(value)

    def all(self, values):
        return [self.value(each) for each in values]

    def pairs(self, pairs):
        return [[self.value(key), self.value(each)] for key, each in pairs]

    def buffer(self, value):
        raw = value.raw()
        data, number = raw.tobytes(), None
        if self.buffers is not None:
            self.buffers.append(data)
            return {"readonly" if raw.readonly else "buffer": data.hex(), "id": self.new_id(object())}
        if raw.readonly:
            return {"bytes": data.hex()}
        return {"bytearray": data.hex(), "id": self.new_id(object())}

    # ---- objects ----

    def reduced(self, value):
        reduce = copyreg.dispatch_table.get(type(value))
        if type(value) is type and value in NAMELESS:
            parts = (type, (NAMELESS[value],))
        elif reduce:
            parts = reduce(value)
        else:
            parts = value.__reduce_ex__(self.protocol)
        self.kept.append(parts)
        if isinstance(parts, str):
            return self.global_(pickle.whichmodule(value, parts), parts, value)
        return self.object(value, *parts)

    def object(self, value, function, args, state=None, items=None, pairs=None, setter=None):
        number = self.new_id(value)
        described = self.made(function, args)
        for name, parts in ("items", items and self.all(items)), ("pairs", pairs and self.pairs(pairs)):
            if parts:
                described[name] = parts
        if state is not None:
            described["state"] = self.value(state)
        if setter is not None:
            described["setter"] = self.value(setter)
        return {**described, "id": number}

    def made(self, function, args):
        name = getattr(function, "__name__", "")
        if self.protocol >= 2 and name == "__newobj_ex__":
            cls, positional, keywords = args
            if self.protocol >= 4:
                return self.construction("new_ex", cls, positional, keywords)
            function, args = functools.partial(cls.__new__, cls, *positional, **keywords), ()
            self.kept.append(function)
        elif self.protocol >= 2 and name == "__newobj__":
            return self.construction("new", args[0], args[1:])
        return self.construction("call", function, args)

    def construction(self, kind, function, args, keywords=None):
        described = {"object": kind, "callable": self.value(function), "args": self.value(args)}
        if keywords is not None:
            described["kwargs"] = self.value(keywords)
        return described


def describe(value, protocol, **options):
    return Describer(protocol, **options).root(value)
