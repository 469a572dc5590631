# SPDX-License-Identifier: Apache-2.0
"""What is saved and loaded. Each process that needs the objects of a payload makes them itself, always the same ones."""

import dataclasses
import importlib
import itertools
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True)
class Sizes:
    size_bytes: int
    rows: int
    dicts: int
    calls: int


ARRAYS = 200
FULL = Sizes(128 << 20, rows=2_000_000, dicts=5000, calls=1000)
QUICK = Sizes(2 << 20, rows=2000, dicts=40, calls=5)


@dataclasses.dataclass(frozen=True)
class Payload:
    """`needs`: the modules that the objects are of, imported before anything is measured. `by_call`: a call of save_artifacts and of load_artifacts for each object, else one for all. `forced`: also with compression forced.
    `from_stock`: also the files that stock wrote are loaded."""

    make: Callable[[Sizes], list[Any]]
    needs: tuple[str, ...] = ()
    by_call: bool = False
    forced: bool = False
    from_stock: bool = False

    def import_needed(self) -> None:
        for module in self.needs:
            importlib.import_module(module)


def make_floats(sizes: Sizes, seed: int = 1) -> list[Any]:
    return [np.random.default_rng(seed).random(sizes.size_bytes // 8)]


def make_weights(sizes: Sizes) -> list[Any]:
    return [np.random.default_rng(5).standard_normal(sizes.size_bytes // 4, dtype=np.float32)]


def make_ints(sizes: Sizes, seed: int = 2) -> list[Any]:
    return [np.random.default_rng(seed).integers(0, 100, sizes.size_bytes // 8)]


def make_text(sizes: Sizes) -> list[Any]:
    """Words of skewed frequency, as in a language."""
    chosen = random.Random(7)
    words = ["".join(chosen.choices("etaoinshrdlucmfwyp", k=chosen.randint(2, 9))) for _ in range(5000)]
    weights = [1 / (rank + 1) for rank in range(len(words))]
    piece = " ".join(chosen.choices(words, weights, k=400_000))
    return [(piece * (sizes.size_bytes // len(piece) + 1))[: sizes.size_bytes]]


def make_frame(sizes: Sizes, dtype: str) -> list[Any]:
    import pandas as pd

    generator = np.random.default_rng(3)
    names = [f"customer-{number}" for number in generator.integers(0, 1 << 20, sizes.rows).tolist()]
    columns = {
        "score": generator.random(sizes.rows),
        "count": generator.integers(0, 1000, sizes.rows),
        "name": pd.Series(names, dtype=dtype),
    }
    return [pd.DataFrame(columns)]


def small_dicts(first: int = 0) -> Iterator[dict[str, Any]]:
    return ({"id": number, "name": f"row {number}", "score": number * 0.5} for number in itertools.count(first))


def make_dicts(count: int) -> list[Any]:
    return list(itertools.islice(small_dicts(), count))


def make_dict_of_arrays(sizes: Sizes) -> list[Any]:
    generator = np.random.default_rng(4)
    return [{f"layer{number}": generator.random(sizes.size_bytes // 8 // ARRAYS) for number in range(ARRAYS)}]


PAYLOADS = {
    "random float64": Payload(make_floats, forced=True, from_stock=True),
    "float32 weights": Payload(make_weights, forced=True),
    "small ints in int64": Payload(make_ints, from_stock=True),
    "text": Payload(make_text, from_stock=True),
    "DataFrame, strings as objects": Payload(lambda sizes: make_frame(sizes, "object"), needs=("pandas",)),
    "DataFrame, strings in Arrow": Payload(lambda sizes: make_frame(sizes, "string[pyarrow]"), needs=("pandas", "pyarrow")),
    "dict of 200 arrays": Payload(make_dict_of_arrays),
    "small dicts, one call": Payload(lambda sizes: make_dicts(sizes.dicts)),
    "small dicts, a call each": Payload(lambda sizes: make_dicts(sizes.calls), by_call=True),
}
