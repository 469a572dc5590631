# SPDX-License-Identifier: Apache-2.0
"""The tagged JSON of an object (docs/json-form.md), worked out by Python from the object itself."""
import base64
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import math
import pathlib
import uuid

import numpy as np

PLAIN = (bool, int, str, type(None))
CONTAINERS = (list, tuple, dict, set, frozenset)


def name_of(cls):
    return f"{cls.__module__}.{cls.__qualname__}"


def base64_text(data):
    return base64.b64encode(bytes(data)).decode()


def element(value):
    """One element of an array."""
    if isinstance(value, np.datetime64):
        return str(value)
    if isinstance(value, np.timedelta64):
        return "NaT" if np.isnat(value) else int(value.astype("int64"))
    if isinstance(value, np.void) and value.dtype.names:
        return {"$tuple": [element(each) for each in value]}
    if isinstance(value, (np.float16, np.float32)):
        return float(str(value))
    return tagged(value.item() if isinstance(value, np.generic) else value)


def array_values(array):
    if array.ndim == 0:
        return element(array[()])
    return [array_values(each) if array.ndim > 1 else element(each) for each in array]


def array(value):
    if value.dtype == object:
        values = [tagged(each) for each in value.ravel()]
    else:
        values = array_values(value)
    return {"$type": "numpy.ndarray", "values": values, "shape": list(value.shape), "dtype": str(value.dtype)}


def moment(value):
    if type(value) is datetime.date:
        text = value.isoformat()
    else:
        text = value.replace(tzinfo=None).isoformat(timespec="microseconds")
    described = {"$type": name_of(type(value)), "value": text}
    if getattr(value, "tzinfo", None) is not None:
        described["tzinfo"] = tagged(value.tzinfo)
    return described


KNOWN = {
    datetime.datetime: moment,
    datetime.date: moment,
    datetime.time: moment,
    datetime.timedelta: lambda v: {
        "$type": "datetime.timedelta",
        "days": v.days,
        "seconds": v.seconds,
        "microseconds": v.microseconds,
    },
    datetime.timezone: lambda v: {"$type": "datetime.timezone", "offset": tagged(v.__getinitargs__()[0])},
    decimal.Decimal: lambda v: {"$type": "decimal.Decimal", "value": str(v)},
    fractions.Fraction: lambda v: {
        "$type": "fractions.Fraction",
        "numerator": v.numerator,
        "denominator": v.denominator,
    },
    uuid.UUID: lambda v: {"$type": "uuid.UUID", "value": str(v)},
    pathlib.PurePosixPath: lambda v: {"$type": "pathlib.PurePosixPath", "value": str(v)},
    slice: lambda v: {"$type": "builtins.slice", "start": v.start, "stop": v.stop, "step": v.step},
    range: lambda v: {"$type": "builtins.range", "start": v.start, "stop": v.stop, "step": v.step},
    np.ndarray: array,
}


def real(value):
    return value if math.isfinite(value) else {"$float": repr(value)}


def tagged(value):
    """The tagged form of a value without shared references."""
    cls = type(value)
    if cls in (bool, int, type(None)) or (cls is str and len(value) < 400):
        return value
    if cls is float:
        return real(value)
    if cls is complex:
        return {"$complex": [real(value.real), real(value.imag)]}
    if cls in (bytes, bytearray):
        return {f"${cls.__name__}": base64_text(value)}
    if cls is list:
        return [tagged(each) for each in value]
    if cls in (tuple, set, frozenset):
        return {f"${cls.__name__}": [tagged(each) for each in value]}
    if cls is dict:
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {key: tagged(each) for key, each in value.items()}
        return {"$dict": [[tagged(key), tagged(each)] for key, each in value.items()]}
    return KNOWN[cls](value)
