# SPDX-License-Identifier: Apache-2.0
import numpy as np

from metaflow import FlowSpec, step


class Travel(FlowSpec):
    @step
    def start(self):
        self.number = 3
        self.rows = {f"row {i}": i for i in range(1000)}
        self.array = np.arange(100_000)
        self.next(self.end)

    @step
    def end(self):
        self.array = self.array  # loaded and saved again
        self.total = float(self.array.sum()) + len(self.rows)


if __name__ == "__main__":
    Travel()
