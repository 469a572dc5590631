# SPDX-License-Identifier: Apache-2.0
"""All that a flow can do to artifacts."""

import os

import numpy as np
import pandas as pd

from metaflow import FlowSpec, IncludeFile, JSONType, Parameter, card, catch, current, retry, step

EVERYTHING = {
    "nothing": None,
    "number": 3,
    "text": "zoë",
    "nested": {"a": [1, 2, {"b": (3, 4)}]},
    "blob": b"x" * 300_000,
    "array": np.arange(100_000, dtype=np.float64).reshape(100, 1000),
    "table": pd.DataFrame({"n": range(1000), "s": [f"row {i}" for i in range(1000)]}),
    "arrays": {f"w{i}": np.full(2000, i) for i in range(40)},
}


class Features(FlowSpec):
    alpha = Parameter("alpha", default=0.5)
    settings = Parameter("settings", type=JSONType, default='{"depth": 3}')
    note = IncludeFile("note", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "note.txt"))
    shared = ["class", "level"]

    @card(type="default")
    @step
    def start(self):
        for name, value in EVERYTHING.items():
            setattr(self, name, value)
        self.note_length = len(self.note)
        self.letters = ["a", "b", "c"]
        self.next(self.outer, foreach="letters")

    @step
    def outer(self):
        self.letter = self.input
        self.digits = [1, 2]
        self.next(self.inner, foreach="digits")

    @retry(times=2, minutes_between_retries=0)
    @step
    def inner(self):
        self.code = f"{self.letter}{self.input}"
        self.tried = current.retry_count
        if self.code == "b2" and current.retry_count == 0:
            raise RuntimeError("told to fail once")
        self.array = self.array  # loaded and saved again
        self.next(self.inner_join)

    @step
    def inner_join(self, inputs):
        self.codes = [each.code for each in inputs]
        self.merge_artifacts(inputs, exclude=["code", "tried", "digit"])
        self.next(self.outer_join)

    @step
    def outer_join(self, inputs):
        self.codes = [code for each in inputs for code in each.codes]
        self.merge_artifacts(inputs, include=["array", "table", "nested", "note_length"])
        self.next(self.fork)

    @step
    def fork(self):
        self.next(self.left, self.right)

    @catch(var="trouble")
    @step
    def left(self):
        self.side = "left"
        if self.side == "left":
            raise ValueError("told to fail")
        self.next(self.meet)

    @step
    def right(self):
        self.side = "right"
        self.next(self.meet)

    @step
    def meet(self, inputs):
        self.sides = sorted(each.side for each in inputs)  # they come as they are done
        self.caught = str(inputs.left.trouble)
        self.merge_artifacts(inputs, exclude=["side", "trouble"])
        self.next(self.end)

    @step
    def end(self):
        if os.environ.get("FAIL_AT_END"):
            raise RuntimeError("told to fail at the end")
        self.total = float(self.array.sum()) + len(self.table) + self.settings["depth"]


if __name__ == "__main__":
    Features()
