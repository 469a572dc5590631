# SPDX-License-Identifier: Apache-2.0
"""A tour of the Python package: a run of a small flow is saved, looked at and loaded. It says what it does.

    python examples/python_store.py [DIRECTORY]
"""

import collections
import pickle
import random
import sys
import tempfile

import coffer


def say(text=""):
    print(text)


def save_a_run(store):
    """One step after the other, each task with what it found out."""
    say("Saving run 1 of the flow 'Prices': ")
    generator = random.Random(7)
    with store.task("Prices/1/start/1", mode="w", tags=["example"]) as task:
        task["prices"] = [round(generator.uniform(10, 90), 2) for _ in range(1000)]
        task["currency"] = "EUR"
    prices = store.task("Prices/1/start/1")["prices"]
    for number, half in enumerate((prices[:500], prices[500:]), start=2):
        with store.task(f"Prices/1/average/{number}", mode="w") as task:
            task["average"] = sum(half) / len(half)
            task["histogram"] = collections.Counter(int(price) // 10 * 10 for price in half)
    for step in store.steps("Prices/1"):
        say(f"  step {step}: tasks {', '.join(store.tasks(f'Prices/1/{step}'))}")


def fail_a_task(store):
    """What raises inside the block leaves the task not done: nobody loads half of it."""
    try:
        with store.task("Prices/1/report/4", mode="w") as task:
            task["text"] = "unfinished"
            raise RuntimeError("the printer is on fire")
    except RuntimeError as error:
        say(f"A task that fails ({error}) is not done: {store.attempts('Prices/1/report/4')[0]}")
    with store.task("Prices/1/report/4", mode="w", attempt=1) as task:
        task["text"] = "finished"
    say(f"Its second attempt is: text = {store.task('Prices/1/report/4')['text']!r}")


def look_at_an_artifact(store):
    """What is recorded costs no reading; the same content is stored once."""
    task = store.task("Prices/1/start/1")
    say(f"{task.pathspec} is a mapping with {len(task)} artifacts: {', '.join(task)}")
    info = task.info("prices")
    say(f"  prices: {info.type}, {info.size} bytes as {info.encoding}, key {info.key}")
    with store.task("Prices/2/start/1", mode="w") as again:
        again["prices"] = task["prices"]
    same = store.task("Prices/2/start/1").info("prices").key == info.key
    say(f"  saved again in run 2 it has the same key: {same}")


def move_an_artifact(store):
    """Bytes and metadata are all that loading needs, also elsewhere."""
    task = store.task("Prices/1/average/2")
    data, metadata = task.load_bytes("histogram"), task.metadata("histogram")
    histogram = coffer.deserialize([data], metadata)
    say(f"The histogram, loaded from {len(data)} bytes without the store: {histogram.most_common(1)[0][1]} prices in the fullest bin")


class Robber:
    def __reduce__(self):
        return (print, ("You have been robbed.",))


def look_into_pickles(store):
    """Nothing of what is in them runs."""
    seen = coffer.inspect(store.task("Prices/1/average/2").load_bytes("histogram"))
    say(f"The histogram, inspected: {seen!r} made by {seen.callable!r}")
    foreign = pickle.dumps(Robber())
    report = coffer.scan(foreign)
    say(f"A pickle from elsewhere is {report.verdict.name.lower()}:")
    for finding in report.findings:
        say(f"  it would {finding.action.name.lower()} {finding.module}.{finding.qualname} ({finding.reason})")


def check_the_store(store):
    found = store.verify()
    say(f"All {found.blobs} blobs of {found.artifacts} artifacts are what was stored: {found.ok}")


def tour(directory):
    store = coffer.open(directory)
    for part in (save_a_run, fail_a_task, look_at_an_artifact, move_an_artifact, look_into_pickles, check_the_store):
        part(store)
        say()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        tour(sys.argv[1])
    else:
        with tempfile.TemporaryDirectory() as scratch:
            tour(scratch)
