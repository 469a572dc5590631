# SPDX-License-Identifier: Apache-2.0
"""Artifacts in S3, Azure Blob Storage and Google Cloud Storage: Metaflow's own transport to a server of that protocol, and our hashing,
framing and checking."""

import json

import cloud_servers
import pytest

# The key and the text of all artifacts, a line for each run.
READ_ALL = """
import json
from metaflow import Flow, namespace
namespace(None)
for run in Flow("Travel"):
    print(json.dumps({artifact.pathspec.split("/", 2)[2]: [artifact.sha, str(artifact.data)] for step in run for task in step for artifact in task}))
"""


class Cloud:
    """A storage, and Metaflow told of it."""

    def __init__(self, server, place):
        self.kind, self.root, self.place = server.TYPE, server.ROOT, place
        self.settings = {**server.settings, "PYTHONPATH": f"{place.flows}:{cloud_servers.EXTENSION}"}

    def run(self, method, *words, **options):
        """What a program says in JSON, line by line."""
        said = method(*words, **options, **self.settings)
        return [json.loads(line) for line in said.splitlines() if line.startswith(("[", "{"))]

    def tasks(self, *orders, on):
        words = [word for command, name in orders for word in (command, f"{self.root}/{name}")]
        return self.run(self.place.call, self.place.flows / "cloud_tasks.py", self.kind, *words, on=on)

    def flow(self, name, *, on):
        root = {f"METAFLOW_DATASTORE_SYSROOT_{self.kind.upper()}": f"{self.root}/{name}"}
        self.run(self.place.flow, "travel", "--datastore", self.kind, "run", on=on, **root)


@pytest.fixture(scope="module", params=[cloud_servers.S3, cloud_servers.Azure, cloud_servers.Google], ids=lambda server: server.TYPE)
def cloud(request, make_metaflow, tmp_path_factory):
    for module in request.param.MODULES:
        pytest.importorskip(module)
    server = request.param(tmp_path_factory.mktemp("server"))
    if not server.program.exists():
        pytest.skip(f"there is no {server.program}")
    with server.run():
        server.make_bucket()
        yield Cloud(server, make_metaflow(request.param.TYPE))


def test_each_reads_what_the_other_wrote_under_the_same_keys(cloud):
    said = [
        *cloud.tasks(("save", "ours"), on=True),
        *cloud.tasks(("load", "ours"), ("save", "stock"), on=False),
        *cloud.tasks(("load", "stock"), on=True),
    ]
    assert len(said) == 4 and all(each == said[0] for each in said)
    few, many = said[0]
    assert few["same"] == few["again"] and len(many) > 10


def test_large_ones(cloud):
    cloud.tasks(("save-large", "large"), ("load-large", "large"), on=True)
    cloud.tasks(("load-large", "large"), on=False)


def test_damage_is_found(cloud):
    cloud.tasks(("damage", "damaged"), on=True)


def test_flows_give_the_same_artifacts(cloud):
    cloud.flow("flow-ours", on=True)
    cloud.flow("flow-stock", on=False)
    runs = [run for on in (True, False) for run in cloud.run(cloud.place.python, READ_ALL, on=on)]
    assert len(runs) == 4 and all(run == runs[0] for run in runs)
    assert runs[0]["start/1/number"][1] == "3" and runs[0]["end/2/total"][1] == "4999951000.0"
