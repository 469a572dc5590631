# SPDX-License-Identifier: Apache-2.0
"""A flow with a parameter, a foreach, a retry, a join and a resume, whose artifacts are the zoo."""
import os

from metaflow import FlowSpec, Parameter, current, retry, step

import zoo


class ZooFlow(FlowSpec):
    alpha = Parameter("alpha", default=0.5)

    @step
    def start(self):
        for name, value in zoo.all_objects().items():
            setattr(self, name, value)
        self.animals = ["ant", "bee", "cat"]
        self.next(self.body, foreach="animals")

    @retry(times=2, minutes_between_retries=0)
    @step
    def body(self):
        self.animal = self.input
        self.tried = current.retry_count
        if self.animal == "bee" and current.retry_count == 0:
            raise RuntimeError("the bee flies away once")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.caught = [(each.animal, each.tried) for each in inputs]
        self.merge_artifacts(inputs, exclude=["animal", "tried"])
        self.next(self.end)

    @step
    def end(self):
        if os.environ.get("ZOO_FAIL_AT_END"):
            raise RuntimeError("told to fail")
        self.finished = True


if __name__ == "__main__":
    ZooFlow()
