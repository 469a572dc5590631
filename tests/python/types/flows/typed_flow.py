# SPDX-License-Identifier: Apache-2.0
"""Typed artifacts on their way through the steps of a flow."""

import dataclasses

import numpy
from metaflow import FlowSpec, step
from typed_shapes import Box, Money, Size, check_one_of_each, one_of_each

from coffer import types


@dataclasses.dataclass
class Local:
    """In __main__, where the flow's file runs."""

    count: int


class TypedFlow(FlowSpec):
    @step
    def start(self):
        self.number = types.Int32(5)
        self.config = types.Json({"b": [1, 2.5, None], "a": "é"})
        self.box = types.Struct(Box("crate", Size(2, 3), None))
        self.local = types.Struct(Local(7))
        self.array = types.Tensor["float32", 2, None](numpy.arange(6, dtype="float32").reshape(2, 3))
        self.counts = types.Map[types.Text, types.Int64]({"x": 2**60})
        self.money = Money(3)
        self.plain = [1, 2]
        for name, typed in one_of_each().items():
            setattr(self, "each_" + name, typed)
        self.next(self.middle)

    @step
    def middle(self):
        check_one_of_each(self)
        assert self.number == types.Int32(5) and self.number.value == 5
        assert self.config.value["a"] == "é"
        assert self.box.value == Box("crate", Size(2, 3), None)
        assert self.local.value == Local(7)
        assert self.array.value.shape == (2, 3) and self.array.value.dtype == "float32"
        assert self.money.value == 3
        assert self.plain == [1, 2]
        self.number = types.Int32(self.number.value + 1)
        self.next(self.end)

    @step
    def end(self):
        check_one_of_each(self)
        assert self.number.value == 6
        assert self.counts.value == {"x": 2**60}


if __name__ == "__main__":
    TypedFlow()
