# SPDX-License-Identifier: Apache-2.0
"""One object of every kind that workflows store: the animals of the interop tests."""
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import pathlib
import uuid

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression


class Color(enum.Enum):
    RED = 1
    GREEN = "g"


Point = collections.namedtuple("Point", "x y")


@dataclasses.dataclass
class Config:
    rate: float
    layers: list
    name: str = "net"


class Plain:
    def __init__(self):
        self.alpha = 1
        self.beta = [1.5, None]


def shared():
    inner = [1, 2]
    return {"a": inner, "b": inner}


def cyclic():
    loop = [1]
    loop.append(loop)
    return loop


def plain_values():
    return {
        "none": None,
        "true": True,
        "small": 7,
        "negative": -129,
        "big": 2**200 + 1,
        "real": 0.1,
        "infinite": float("-inf"),
        "imaginary": 1.5 - 2j,
        "text": "gr\u00fc\u00df \U0001f600 \x07 line\nbreak",
        "surrogate": "a\ud800b",
        "long_text": "abc" * 50_000,
        "blob": bytes(range(256)),
        "array_of_bytes": bytearray(b"xyz"),
        "numbers": list(range(2500)),
        "pair": (1, "two"),
        "empty_tuple": (),
        "nested": {"k": [{"deep": (1, [2, {3}])}], 5: "five", (1, 2): None},
        "a_set": {"one"},
        "a_frozenset": frozenset([3]),
        "shared": shared(),
        "cyclic": cyclic(),
    }


def stdlib_objects():
    utc = datetime.timezone.utc
    ordered = collections.OrderedDict([("z", 1), ("a", 2)])
    default = collections.defaultdict(list, {"k": [1]})
    return {
        "moment": datetime.datetime(2024, 2, 29, 12, 30, 15, 123456),
        "moment_utc": datetime.datetime(2024, 2, 29, 12, 30, 15, tzinfo=utc),
        "day": datetime.date(1999, 12, 31),
        "clock": datetime.time(23, 59, 58, 7),
        "span": datetime.timedelta(days=-1, seconds=3, microseconds=5),
        "zone": datetime.timezone(datetime.timedelta(hours=5, minutes=30)),
        "money": decimal.Decimal("12.3400"),
        "ratio": fractions.Fraction(22, 7),
        "identifier": uuid.UUID("12345678-1234-5678-1234-567812345678"),
        "a_path": pathlib.PurePosixPath("/a/b/c.txt"),
        "ordered": ordered,
        "default": default,
        "counter": collections.Counter("abracadabra"),
        "queue": collections.deque([1, 2, 3], maxlen=5),
        "point": Point(3, 4.5),
        "config": Config(0.01, [8, 4]),
        "color": Color.GREEN,
        "a_slice": slice(1, 10, 2),
        "a_range": range(0, 100, 7),
        "an_object": Plain(),
        "a_class": collections.OrderedDict,
        "a_function": len,
        "an_error": ValueError("bad", 3),
    }


def numpy_objects():
    structured = np.array([(1, 2.5, b"ab"), (3, 4.5, b"cd")], dtype=[("i", "<i4"), ("f", "<f8"), ("s", "S2")])
    return {
        "np_float": np.linspace(0, 1, 12).reshape(3, 4),
        "np_int": np.arange(-5, 5),
        "np_bool": np.array([True, False, True]),
        "np_uint8": np.arange(12, dtype=np.uint8).reshape(2, 2, 3),
        "np_half": np.array([1.5, -2.25], dtype=np.float16),
        "np_complex": np.array([1 + 2j, -3j]),
        "np_big_endian": np.arange(4, dtype=">i4"),
        "np_fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "np_zero_dims": np.array(3.5),
        "np_empty": np.zeros((0, 3)),
        "np_dates": np.array(["2024-01-01", "NaT"], dtype="datetime64[D]"),
        "np_spans": np.array([1, 2], dtype="timedelta64[ns]"),
        "np_bytes": np.array([b"a", b"bcd"]),
        "np_text": np.array(["a", "\u00fcber"]),
        "np_structured": structured,
        "np_objects": np.array([1, "two", None], dtype=object),
        "np_scalar": np.float32(1.25),
        "np_int_scalar": np.int64(-3),
        "np_dtype": np.dtype("<f4"),
        "np_large": np.arange(200_000, dtype=np.float64),
    }


def pandas_objects():
    frame = pd.DataFrame(
        {
            "n": [1, 2, 3],
            "x": [0.5, 1.5, float("nan")],
            "s": ["a", "b", None],
            "t": pd.to_datetime(["2024-01-01", "2024-01-02", None]),
            "c": pd.Categorical(["u", "v", "u"]),
        }
    )
    return {
        "pd_frame": frame,
        "pd_series": pd.Series([1.0, 2.0], index=["p", "q"], name="weights"),
        "pd_index": pd.Index([10, 20, 30], name="k"),
        "pd_range": pd.RangeIndex(5),
        "pd_times": pd.date_range("2024-01-01", periods=3),
        "pd_timestamp": pd.Timestamp("2024-05-06 07:08:09"),
    }


def models():
    x = np.array([[0.0], [1.0], [2.0], [3.0]])
    return {"sk_model": LogisticRegression().fit(x, [0, 0, 1, 1])}


def all_objects():
    objects = {}
    for make in (plain_values, stdlib_objects, numpy_objects, pandas_objects, models):
        objects.update(make())
    return objects
