# SPDX-License-Identifier: Apache-2.0
"""NumPy's and pandas' part of the corpus: (name, objects), nothing where they are not installed."""


def objects():
    try:
        import numpy
    except ImportError:
        return
    codes = "? i1 u1 <i2 >i4 <u8 <f2 >f4 <f8 <c8 >c16 S3 <U3 >U2 V4 <M8[ns] <m8[25s] <M8".split()
    for code in codes:
        data = numpy.zeros((2, 3), code)
        yield f"numpy-{code}", [data, data[0, 0], data.dtype, data.T, data[:, ::2], data[0]]
    point = numpy.dtype([("x", "<i4"), ("y", ">f8", (2,)), ("z", [("t", "S2")])], align=True)
    yield "numpy", [
        numpy.zeros(3, point),
        point,
        numpy.array(5.0),
        numpy.array([None, "a", [1]], object),
        numpy.zeros((0, 4)),
    ]
    yield "numpy", [
        numpy.asfortranarray(numpy.arange(6.0).reshape(2, 3)),
        numpy.arange(20000),
        numpy.float64(1.5),
        numpy.bool_(True),
    ]
    yield "numpy", [
        numpy.ma.array([1, 2], mask=[0, 1]),
        numpy.random.default_rng(1),
        numpy.float32,
        numpy.add,
        numpy.array(["a", "bc"]),
    ]
    readonly = numpy.arange(5)
    readonly.flags.writeable = False
    yield "numpy", [readonly, [readonly, readonly], numpy.arange(10)[2:5], numpy.datetime64("2024-01-01", "D")]
    try:
        import pandas
    except ImportError:
        return
    frame = pandas.DataFrame({"i": [1, 2], "f": [0.5, None], "s": ["a", None], "o": [[1], {}]}, index=["x", "y"])
    yield "pandas", [
        frame,
        frame["i"],
        frame["s"],
        frame.index,
        frame.T,
        pandas.DataFrame(),
        pandas.Series([1, 2], name="n"),
    ]
    yield "pandas", [
        pandas.Timestamp("2024-01-02", tz="UTC"),
        pandas.Timedelta(5),
        pandas.NaT,
        pandas.NA,
        pandas.Interval(0, 1),
        pandas.Period("2024"),
    ]
    yield "pandas", [
        pandas.date_range("2024", periods=3),
        pandas.Categorical(["a", "b", "a"]),
        pandas.MultiIndex.from_product([[1], ["a", "b"]]),
    ]
    yield "pandas", [
        pandas.RangeIndex(5),
        pandas.array([1, None], "Int64"),
        pandas.CategoricalDtype(["x"]),
        pandas.to_datetime(["2024-01-01"]),
    ]
