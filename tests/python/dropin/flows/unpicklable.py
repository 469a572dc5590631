# SPDX-License-Identifier: Apache-2.0
"""A flow whose task can't save what it made."""

import threading

from metaflow import FlowSpec, step


class Layer:
    def __init__(self):
        self._lock = threading.Lock()


class Unpicklable(FlowSpec):
    @step
    def start(self):
        self.fine = 1
        self.model = {"layers": [1, Layer()]}
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Unpicklable()
