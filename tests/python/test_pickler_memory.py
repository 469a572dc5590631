# SPDX-License-Identifier: Apache-2.0
"""Pickles made through the sink: the bytes of pickle.dumps(obj, 4), without copies of what is large."""
import array
import collections
import copyreg
import datetime
import decimal
import functools
import gc
import io
import os
import pickle
import random
import re
import subprocess
import sys
import threading
import uuid

import numpy as np
import pandas as pd
import pytest

import coffer
from coffer._coffer import pickle_artifact

from specimens import Colour, Custom, DictOfMine, ListOfMine, Pair, Record, Slots, StrOfMine, cyclic_list

LARGE = 64 << 10  # from here on pickle writes bytes outside of its frames
NUMBERS = np.arange(3 * LARGE, dtype=np.float64)


def same(obj):
    """The segments, after checking that they are the bytes of a plain pickle."""
    blob = pickle_artifact(obj)
    plain = pickle.dumps(obj, 4)
    assert blob.size == len(plain) == len(blob)
    assert bytes(blob) == plain
    segments = blob.segments()
    assert b"".join(segments) == plain
    return segments


def address(array):
    return array.__array_interface__["data"][0]


def refers_to(segments, array):
    """Whether one of the segments is the memory of the array."""
    return any(address(np.frombuffer(each, "u1")) == address(array) and len(each) == array.nbytes for each in segments)


# ---- objects without arrays ----

PLAIN = [
    None,
    True,
    0,
    -1,
    255,
    65536,
    2**31,
    10**400,
    1.5,
    float("nan"),
    1j,
    "",
    "text",
    "\ud800 lone",
    "e" * LARGE,
    "\u00e4" * LARGE,
    "\ud800" * LARGE,
    "s" * (LARGE - 1),
    b"",
    b"bytes",
    b"x" * (LARGE - 1),
    b"x" * LARGE,
    b"x" * (LARGE + 1),
    bytearray(b"y" * 3 * LARGE),
    [b"x" * LARGE] * 3,
    [bytes(LARGE + i) for i in range(9)],
    ["t" * (LARGE + i) for i in range(5)],
    "\u20ac" * (LARGE // 3) + "e",
    "\U0001f600" * LARGE,
    StrOfMine("s" * LARGE),
    [1, [2, [3]]],
    list(range(50_000)),
    [str(i) for i in range(50_000)],
    (),
    (1,),
    (1, 2, 3, 4),
    {},
    {i: str(i) for i in range(20_000)},
    set(range(10)),
    frozenset("a"),
    cyclic_list(),
    Pair(1, [2]),
    Colour.RED,
    Record("a", b"z" * LARGE),
    Slots(1, b"w" * LARGE),
    Custom((int, ("7",))),
    ListOfMine([1, 2]),
    DictOfMine(a=1),
    collections.OrderedDict(a=1),
    collections.Counter("hello"),
    collections.defaultdict(list, a=[1]),
    collections.deque([1, 2], 5),
    datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc),
    decimal.Decimal("1.5"),
    uuid.UUID(int=5),
    re.compile("a+"),
    functools.partial(print, 1),
    range(5),
    slice(1, 2),
    Ellipsis,
    NotImplemented,
    int,
    len,
    Record,
    same,
    array.array("d", range(LARGE)),
    io.BytesIO(b"b" * LARGE),
]


@pytest.mark.parametrize("number", range(len(PLAIN)))
def test_objects_without_arrays(number):
    same(PLAIN[number])


@pytest.mark.parametrize("size", [*range(LARGE - 12, LARGE + 12), 2 * LARGE, 1 << 20])
@pytest.mark.parametrize("make", [bytes, lambda n: "a" * n, lambda n: [0] * n, lambda n: [bytes(n), b"end"]], ids=["bytes", "str", "list", "pair"])
def test_sizes_around_the_frame(make, size):
    same(make(size))


# ---- arrays ----


def structured():
    made = np.zeros(LARGE, dtype=[("a", "<i4"), ("b", ">f8"), ("c", "S3"), ("d", "u1", (2, 2))])
    made["a"] = np.arange(LARGE)
    return made


def read_only():
    made = NUMBERS.copy()
    made.flags.writeable = False
    return made


KEPT = {
    "float64": lambda: NUMBERS.copy(),
    "float32": lambda: NUMBERS.astype("f4"),
    "float16": lambda: (NUMBERS % 7).astype("f2"),
    "longdouble": lambda: NUMBERS.astype(np.longdouble),
    "complex": lambda: NUMBERS.astype("c16"),
    "int8": lambda: NUMBERS.astype("i1"),
    "bool": lambda: NUMBERS > 7,
    "byte-swapped": lambda: NUMBERS.astype(">i4"),
    "datetime64": lambda: NUMBERS.astype("M8[ns]"),
    "timedelta64": lambda: NUMBERS.astype("m8[s]"),
    "str": lambda: NUMBERS.astype("U12"),
    "bytes": lambda: NUMBERS.astype("S9"),
    "void": lambda: np.zeros(LARGE, "V16"),
    "structured": structured,
    "aligned": lambda: np.zeros(LARGE, np.dtype([("a", "u1"), ("b", "f8")], align=True)),
    "dtype with metadata": lambda: np.zeros(LARGE, np.dtype("f8", metadata={"unit": "m"})),
    "2-D": lambda: NUMBERS.reshape(3, -1),
    "Fortran": lambda: np.asfortranarray(NUMBERS.reshape(3, -1)),
    "transposed": lambda: NUMBERS.reshape(3, -1).T,
    "5-D": lambda: NUMBERS.reshape(1, 3, 1, -1, 4),
    "both orders": lambda: NUMBERS.reshape(1, -1),
    "column": lambda: NUMBERS.reshape(-1, 1),
    "read-only": read_only,
    "part of a larger one": lambda: NUMBERS[100:-100],
    "row of a larger one": lambda: NUMBERS.reshape(3, -1)[1],
    "of a buffer": lambda: np.frombuffer(bytes(LARGE), "u1"),
    "of an unaligned buffer": lambda: np.frombuffer(bytes(2 * LARGE), "u1")[1 : 1 + LARGE].view("f8"),
    "just large enough": lambda: np.zeros(LARGE, "u1"),
}

COPIED = {
    "0-D": lambda: np.array(5.0),
    "empty": lambda: np.zeros(0),
    "empty of 2-D": lambda: np.zeros((0, 5)),
    "small": lambda: np.arange(10),
    "just too small": lambda: np.zeros(LARGE - 1, "u1"),
    "strided": lambda: NUMBERS[::2],
    "backwards": lambda: NUMBERS[::-1],
    "of an axis moved": lambda: np.moveaxis(NUMBERS.reshape(4, 3, -1), 0, 1),
    "broadcast": lambda: np.broadcast_to(np.arange(9.0), (LARGE, 9)),
    "objects": lambda: np.array([{}, [], None, "a"] * 20_000, object),
    "structured with objects": lambda: np.zeros(LARGE, [("a", "O"), ("b", "f8")]),
    "item of no bytes": lambda: np.zeros(LARGE, "V0"),
    "large 0-D": lambda: np.zeros((), f"V{2 * LARGE}"),
    "masked": lambda: np.ma.array(NUMBERS, mask=NUMBERS > 5),
    "matrix": lambda: np.matrix(NUMBERS.reshape(3, -1)),
    "record array": lambda: structured().view(np.recarray),
    "scalar": lambda: np.float64(3),
    "dtype": lambda: np.dtype("f8"),
    "bytes scalar": lambda: np.bytes_(b"q" * LARGE),
    "random generator": lambda: np.random.default_rng(5),
    "random state": lambda: np.random.RandomState(5),
    "polynomial": lambda: np.polynomial.Polynomial([1, 2]),
}

if hasattr(np.dtypes, "StringDType"):
    COPIED["variable strings"] = lambda: np.array(["a" * 50] * LARGE, np.dtypes.StringDType())


@pytest.mark.parametrize("name", KEPT)
def test_arrays_kept_by_reference(name):
    made = KEPT[name]()
    assert refers_to(same(made), made)
    same([made, made])  # the second is a reference to the first
    assert refers_to(same({"a": 1, "b": [made]}), made)


@pytest.mark.parametrize("name", COPIED)
@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_arrays_pickled_as_usual(name):
    made = COPIED[name]()
    same(made)
    same([NUMBERS, made, made, NUMBERS])


def test_a_memory_mapped_array(tmp_path):
    NUMBERS.tofile(tmp_path / "numbers")
    same(np.memmap(tmp_path / "numbers", "f8", mode="r"))
    same(np.memmap(tmp_path / "numbers", "f8", mode="r+").view(np.ndarray))


def test_arrays_and_what_is_around_them():
    first, second = NUMBERS.copy(), np.asfortranarray(NUMBERS.reshape(3, -1))
    view = first[10:]
    nested = {"x": [first, second, first], "y": (view, {"z": second}), "w": Record("n", first, {"view": view}), "v": Slots(second, b"a" * LARGE)}
    segments = same(nested)
    assert refers_to(segments, first) and refers_to(segments, second) and refers_to(segments, view)
    same({f"a{i}": np.full(LARGE + i, i) for i in range(200)})
    same([NUMBERS] + [np.arange(i) for i in range(0, 30_000, 700)])
    same(np.array([first, second, None], object))
    loop = [first]
    loop.append(loop)
    assert pickle_artifact(loop).size == len(pickle.dumps(loop, 4))


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_random_trees():
    chosen = random.Random(3)
    leaves = [make() for make in (*KEPT.values(), *COPIED.values())] + [1, "s", b"b" * LARGE, None, "x" * LARGE, Pair(1, 2)]

    def grow(depth):
        kind = chosen.randrange(6 if depth else 2)
        if kind < 2:
            return chosen.choice(leaves)
        parts = [grow(depth - 1) for _ in range(chosen.randrange(4))]
        if kind == 2:
            return parts
        if kind == 3:
            return tuple(parts)
        if kind == 4:
            return {str(i): part for i, part in enumerate(parts)}
        return Record("r", parts, {"again": parts})

    for _ in range(60):
        same(grow(4))


# ---- pandas and scikit-learn ----


def frame():
    count = 3 * LARGE // 8
    return pd.DataFrame({"a": np.arange(count), "b": np.random.default_rng(1).random(count), "s": [f"row {i}" for i in range(count)]})


FRAMES = {
    "mixed": frame,
    "floats of one array": lambda: pd.DataFrame(NUMBERS.reshape(-1, 3)),
    "time index": lambda: frame().set_index(pd.date_range("2026", periods=3 * LARGE // 8, freq="s", tz="UTC")),
    "categories": lambda: frame().assign(s=lambda f: f.s.astype("category")),
    "nullable": lambda: frame().convert_dtypes(),
    "two levels": lambda: frame().set_index(["a", "s"]),
    "sparse": lambda: pd.DataFrame({"a": pd.arrays.SparseArray(np.arange(LARGE) % 7)}),
    "intervals": lambda: pd.DataFrame({"a": pd.interval_range(0, LARGE)}),
    "sliced": lambda: frame().iloc[::3],
    "attributes": lambda: frame().set_flags(allows_duplicate_labels=False),
    "series": lambda: frame()["b"],
    "index": lambda: pd.Index(NUMBERS),
    "empty": lambda: pd.DataFrame(),
    "dict of frames": lambda: {"x": frame(), "y": [frame()["a"]]},
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames(name):
    same(FRAMES[name]())


def test_a_frame_s_columns_are_not_copied():
    made = frame()
    assert refers_to(same(made), made["b"].to_numpy())


def test_fitted_models():
    linear = pytest.importorskip("sklearn.linear_model")
    from sklearn import ensemble, pipeline, preprocessing, svm
    from sklearn.neighbors import KNeighborsClassifier

    generator = np.random.default_rng(2)
    x, y = generator.random((3000, 12)), generator.integers(0, 3, 3000)
    models = [
        linear.LinearRegression(),
        linear.LogisticRegression(max_iter=50),
        ensemble.RandomForestClassifier(8, random_state=1),
        ensemble.HistGradientBoostingClassifier(max_iter=3),
        svm.SVC(),
        KNeighborsClassifier(),
        pipeline.make_pipeline(preprocessing.StandardScaler(), preprocessing.OneHotEncoder(handle_unknown="ignore"), linear.SGDClassifier()),
    ]
    for model in models:
        same(model.fit(x, y))
    same(models)


# ---- what pickle lets others say ----


class ArrayOfMine(np.ndarray):
    def __reduce__(self):
        return (list, (["mine"],))


class PlainSubclass(np.ndarray):
    pass


def test_subclasses_reduce_as_they_like():
    assert len(same(NUMBERS.view(ArrayOfMine))) == 1
    same(NUMBERS.view(PlainSubclass))


def reduce_array(value):
    return (np.zeros, (value.shape,))


def test_a_registered_reduction_of_arrays_counts():
    copyreg.pickle(np.ndarray, reduce_array)
    try:
        assert len(same(NUMBERS)) == 1
    finally:
        del copyreg.dispatch_table[np.ndarray]
    assert len(same(NUMBERS)) == 3


class Changing:
    """Changes an array while it is pickled, after the array itself was."""

    def __init__(self, array):
        self.array = array

    def __reduce__(self):
        self.array += 1
        return (int, ("1",))


class ChangingState(Changing):
    __reduce__ = object.__reduce__

    def __getstate__(self):
        self.array += 1
        return {"a": 1}


class ChangingDict(dict):
    array = None

    def items(self):
        self.array += 1
        return super().items()


@pytest.mark.parametrize("kind", [Changing, ChangingState])
def test_an_array_that_is_changed_by_a_later_object(kind):
    array, twin = np.zeros(LARGE), np.zeros(LARGE)
    pickle.dumps([twin, kind(twin)], 4)
    # The change is seen and the object pickled plainly, for the second time.
    assert bytes(pickle_artifact([array, kind(array)])) == pickle.dumps([twin, kind(twin)], 4)
    assert array[0] == 2 and len(pickle_artifact([kind(array), array]).segments()) == 3


def test_objects_that_only_look_usual_are_watched():
    array = np.zeros(LARGE)
    ChangingDict.array = array
    pickle_artifact([array, ChangingDict(a=1)])
    assert array[0] == 2
    by_instance = Record("r")
    by_instance.__reduce_ex__ = lambda protocol: Changing(array).__reduce__()
    pickle_artifact([array, by_instance])
    assert array[0] == 4
    Record.__getstate__ = lambda self: ChangingState(array).__getstate__()
    try:
        pickle_artifact([array, Record("r")])
    finally:
        del Record.__getstate__
    assert array[0] == 6
    copyreg.pickle(Slots, lambda each: Changing(array).__reduce__())
    try:
        pickle_artifact([array, Slots(1, 2)])
    finally:
        del copyreg.dispatch_table[Slots]
    assert array[0] == 8


@pytest.mark.parametrize(
    "make",
    [
        lambda: threading.Lock(),
        lambda: [NUMBERS, threading.Lock()],
        lambda: lambda: 1,
        lambda: (each for each in ()),
        lambda: Custom(5),
        lambda: Custom((1, 2)),
        lambda: sys,
        lambda: Custom((int, ("7",), None, 3)),
        lambda: type("Local", (), {})(),
    ],
)
def test_what_cannot_be_pickled_raises_what_pickle_raises(make):
    obj = make()
    with pytest.raises(Exception) as plain:
        pickle.dumps(obj, 4)
    with pytest.raises(type(plain.value)) as ours:
        pickle_artifact(obj)
    assert str(ours.value) == str(plain.value)


def test_recursion_ends():
    deep = []
    for _ in range(200_000):
        deep = [deep]
    with pytest.raises(RecursionError):
        pickle_artifact(deep)
    while deep:
        deep = deep[0]


class Nested:
    def __reduce__(self):
        return (bytes, (bytes(pickle_artifact(NUMBERS)),))


def test_a_pickle_within_a_pickle():
    same([NUMBERS, Nested(), NUMBERS])


# ---- whose memory it is ----


def test_segments_keep_the_memory():
    segments = pickle_artifact([np.full(LARGE, 7), b"k" * LARGE]).segments()
    gc.collect()
    assert pickle.loads(b"".join(segments))[0].sum() == 7 * LARGE


def test_an_array_in_use_cannot_be_resized():
    made = np.zeros(LARGE)
    blob = pickle_artifact(made)
    with pytest.raises(ValueError):
        made.resize(10)
    del blob
    made.resize(10)


def test_nothing_is_kept():
    made = NUMBERS.copy()
    text = b"t" * LARGE
    before = sys.getrefcount(made), sys.getrefcount(text), sys.getrefcount(np.ndarray)
    for _ in range(200):
        pickle_artifact([made, text])
        with pytest.raises(TypeError):
            pickle_artifact([made, text, threading.Lock()])
    gc.collect()
    assert (sys.getrefcount(made), sys.getrefcount(text)) == before[:2]
    assert abs(sys.getrefcount(np.ndarray) - before[2]) < 20


# ---- saving ----


def test_saved_artifacts_have_the_keys_of_plain_pickles(store):
    import hashlib

    saved = {"floats": NUMBERS, "frame": frame(), "dict": {"a": 1}, "text": "t" * LARGE, "many": [NUMBERS, NUMBERS[5:]]}
    with store.task("Flow/1/step/1", mode="w") as task:
        task.update(saved)
    task = store.task("Flow/1/step/1")
    for name, value in saved.items():
        assert task.info(name).key == hashlib.sha1(pickle.dumps(value, 4)).hexdigest()
        assert bytes(task.load_bytes(name)) == pickle.dumps(value, 4)


def test_bytes_in_several_pieces_are_saved_and_read(store):
    blob = pickle_artifact([1, NUMBERS])
    metadata = coffer.Metadata("list", blob.size, "pickle-v4", {})
    assert coffer.deserialize([blob], metadata)[1].sum() == NUMBERS.sum()
    with store.task("Flow/1/step/1", mode="w") as task:
        task.save_bytes("x", blob, metadata)
    assert store.task("Flow/1/step/1")["x"][1].sum() == NUMBERS.sum()


def test_an_array_that_another_thread_changes_gets_the_key_of_what_is_stored(store):
    import hashlib

    made = np.zeros(1 << 21)
    stopped = threading.Event()

    def change():
        place = 0
        while not stopped.is_set():
            made[place :: 4099] += 1
            place = (place + 1) % 4099

    changer = threading.Thread(target=change)
    changer.start()
    try:
        for number in range(10):
            with store.task(f"Flow/1/step/{number}", mode="w") as task:
                task["x"] = {"a": made}
    finally:
        stopped.set()
        changer.join()
    for number in range(10):
        task = store.task(f"Flow/1/step/{number}")
        assert task.info("x").key == hashlib.sha1(task.load_bytes("x")).hexdigest()
        assert task["x"]["a"].shape == made.shape
    assert not store.verify().problems


ADDED = """
import gc, pathlib, sys
import numpy as np
import coffer

def resident(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field)) / 1024

store = coffer.open(sys.argv[1], sync=False)
obj = eval(sys.argv[2])
with store.task("Flow/1/step/1", mode="w") as task:
    task["warm"] = np.zeros(50_000)
gc.collect()
pathlib.Path("/proc/self/clear_refs").write_text("5")
before = resident("VmRSS")
with store.task("Flow/1/step/2", mode="w") as task:
    task["x"] = obj
print(resident("VmHWM") - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc tells the peak of memory")
@pytest.mark.parametrize("huge_pages", ["", "glibc.malloc.hugetlb=1"], ids=["small pages", "huge pages"])
@pytest.mark.parametrize(
    "made",
    [
        "np.random.default_rng(1).random(1 << 23)",
        "np.asfortranarray(np.random.default_rng(1).random((1 << 12, 1 << 11)))",
        "'text ' * (12 << 20)",
        "{str(i): np.full(1 << 16, i) for i in range(100)}",
        "__import__('pandas').DataFrame(np.random.default_rng(1).random((1 << 21, 4)))",
    ],
    ids=["floats", "Fortran", "text", "dict of arrays", "DataFrame"],
)
def test_saving_adds_at_most_16_mib(tmp_path, made, huge_pages):
    """All of them are at least 50 MiB."""
    assert added_mib(tmp_path, made, GLIBC_TUNABLES=huge_pages) <= 16


def added_mib(tmp_path, made, **settings):
    """What saving adds at the peak. Python's debugging allocator, a debug build's usual one, would write to all memory that is asked for."""
    command = [sys.executable, "-c", ADDED, str(tmp_path), made]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDEVMODE"} | {"PYTHONMALLOC": "pymalloc"} | settings
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=300)
    return float(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc tells the peak of memory")
@pytest.mark.parametrize("kind", ["object", "str"])
def test_saving_a_table_of_texts_adds_little(tmp_path, kind):
    rows = 2_000_000
    series = f"pandas.Series([f'row {{number}}' for number in range({rows})], dtype={kind!r})"
    made = f"(lambda pandas: pandas.DataFrame({{'n': np.arange(float({rows})), 's': {series}}}))(__import__('pandas'))"
    assert added_mib(tmp_path, made) <= 1.1 * rows * 8 / (1 << 20) + 64


def test_a_failure_names_the_part_at_fault(store):
    with store.task("Flow/1/step/1", mode="w") as task:
        with pytest.raises(coffer.SerializerFailed) as caught:
            task["model"] = {"layers": [1, Record("r", threading.Lock())]}
        assert "'model'" in str(caught.value)
        assert str(caught.value).endswith("object['layers'][1].data is a _thread.lock, which pickle can't store")
        assert isinstance(caught.value.__cause__, TypeError)
        assert "model" not in task
