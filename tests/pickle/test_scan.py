# SPDX-License-Identifier: Apache-2.0
"""The scanner on pickles that CPython wrote: plain artifacts name allowlisted globals alone, and harm is seen as such."""
import builtins
import collections
import datetime
import decimal
import fractions
import functools
import importlib
import ipaddress
import operator
import os
import pathlib
import pickle
import pkgutil
import re
import subprocess
import types
import uuid

import numpy
import pandas
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ONLY_ALLOWLISTED, SUSPICIOUS, DANGEROUS = range(3)
PROTOCOLS = range(6)


def fitted(estimator):
    features = numpy.arange(40.0).reshape(20, 2)
    return estimator.fit(features, numpy.arange(20) % 2)


def frame(strings):
    """A table whose texts are Python's, or in Arrow's buffers."""
    with pandas.option_context("mode.string_storage", strings):
        return pandas.DataFrame({"a": [1], "b": ["x"], "c": pandas.Categorical(["u"])})


PLAIN = {
    "values": [None, True, 1, 1.5, 1j, "a", b"a", bytearray(b"a"), [1], (1,), {1: 2}, {1}, frozenset([1])],
    "datetime": [datetime.datetime.now(datetime.timezone.utc), datetime.date(2024, 1, 2), datetime.timedelta(1)],
    "numbers": [decimal.Decimal("1.5"), fractions.Fraction(1, 3), uuid.UUID(int=1), range(3), slice(1)],
    "collections": [collections.OrderedDict(a=1), collections.deque([1]), collections.Counter("ab")],
    "defaultdict": collections.defaultdict(list, a=[1]),
    "others": [ipaddress.ip_address("::1"), pathlib.PurePosixPath("a"), re.compile("a"), types.SimpleNamespace(a=1)],
    "exceptions": [ValueError("no"), OSError(2, "no")],
    "arrays": [numpy.arange(3), numpy.zeros(2, [("a", ">f8"), ("b", "M8[s]")]), numpy.array([None, 1], object)],
    "scalars": [numpy.float64(1), numpy.datetime64("2024"), numpy.dtype("f8"), numpy.str_("a")],
    "random": [numpy.random.default_rng(1), numpy.random.RandomState(1)],
    "masked": numpy.ma.masked_array([1, 2], [0, 1]),
    "frame": frame("python"),
    "series": pandas.Series([1.5], index=pandas.date_range("2024", periods=1, tz="UTC")),
    "timestamps": [pandas.Timestamp("2024", tz="UTC"), pandas.Timedelta("1D"), pandas.NA, pandas.Period("2024", "M")],
    "pipeline": fitted(make_pipeline(StandardScaler(), LogisticRegression())),
    "forest": fitted(RandomForestClassifier(3)),
    "boosting": fitted(HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=2)),
    "neighbours": fitted(KNeighborsClassifier(algorithm="kd_tree")),
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_artifacts_name_allowlisted_globals_alone(pickle_tool, name):
    for findings in pickle_tool.scan([pickle.dumps(PLAIN[name], protocol) for protocol in PROTOCOLS]):
        assert [finding for finding in findings if finding[0] != ONLY_ALLOWLISTED] == []


def test_arrow_trusts_the_buffers_that_it_is_given(pickle_tool):
    (findings,) = pickle_tool.scan([pickle.dumps(frame("pyarrow"), 4)])
    assert any("pyarrow" in str(finding) for finding in findings if finding[0] != ONLY_ALLOWLISTED)


class Call:
    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


HARM = [
    Call(os.system, "true"),
    Call(subprocess.check_output, ["true"]),
    Call(eval, "1"),
    Call(exec, "1"),
    Call(builtins.__import__, "os"),
    Call(getattr, dict, "fromkeys"),
    Call(importlib.import_module, "os"),
    Call(pkgutil.resolve_name, "os:system"),
    operator.attrgetter("system"),
    operator.methodcaller("system"),
    functools.partial(print),
    numpy.load,
    pandas.read_pickle,
    [1, {"key": (Call(os.system, "true"),)}],
    {Call(os.system, "true"): 1},
]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("number", range(len(HARM)))
def test_harm_is_dangerous(pickle_tool, number, protocol):
    findings = pickle_tool.scan([pickle.dumps(HARM[number], protocol)])[0]
    assert max(verdict for verdict, *_ in findings) == DANGEROUS


class Own:
    pass


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_other_classes_are_suspicious(pickle_tool, protocol):
    findings = pickle_tool.scan([pickle.dumps(Own(), protocol)])[0]
    assert max(verdict for verdict, *_ in findings) == SUSPICIOUS
    assert f"{__name__}:Own" in [name for _, _, name, _ in findings]
