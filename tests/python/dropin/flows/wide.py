# SPDX-License-Identifier: Apache-2.0
"""Fifty tasks at a time on the same data."""

from metaflow import FlowSpec, step

COUNT = 50


class Wide(FlowSpec):
    @step
    def start(self):
        self.common = list(range(20_000))
        self.numbers = list(range(COUNT))
        self.next(self.work, foreach="numbers")

    @step
    def work(self):
        self.square = self.input**2
        self.same = b"the same in every task" * 10_000  # all of them store it at once
        self.length = len(self.common)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.squares = [each.square for each in inputs]
        self.merge_artifacts(inputs, exclude=["square"])
        self.next(self.end)

    @step
    def end(self):
        assert self.squares == [number**2 for number in range(COUNT)]
        assert self.length == 20_000 and len(self.same) == 220_000


if __name__ == "__main__":
    Wide()
