# SPDX-License-Identifier: Apache-2.0
"""A flow whose start is written by the command: its end inherits all of start's artifacts."""
import numpy as np

from metaflow import FlowSpec, step


class InheritFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        assert self.document == {"rate": 0.1, "big": 2**80, "names": ["a", "\u00fc"], "none": None}
        assert self.table.dtype == np.float64 and self.table.shape == (3, 4) and self.table[2, 3] == 11.0
        assert self.note == "hello\nw\u00f6rld\n"
        assert self.raw == bytes(range(256))
        assert self.pickled == {"k": (1, 2), "s": {3}}
        self.total = float(self.table.sum())


if __name__ == "__main__":
    InheritFlow()
