# SPDX-License-Identifier: Apache-2.0
from metaflow import FlowSpec, step


class Trap:
    """Says so when somebody unpickles it."""

    def __setstate__(self, state):
        print("the trap has closed")

    def __getstate__(self):
        return {"armed": True}


class Small(FlowSpec):
    @step
    def start(self):
        self.x = {"a": 1}
        self.trap = Trap()
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Small()
