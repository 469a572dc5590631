# SPDX-License-Identifier: Apache-2.0
"""Artifacts in S3: a server of that protocol on this machine, Metaflow's own transport, and our hashing, framing and checking."""

import socket
import subprocess
import sys
import time
import urllib.request

import pytest

pytest.importorskip("moto.server")

COMMON = """
import boto3, gzip, json, os, sys
import numpy as np
from metaflow.datastore import FlowDataStore
from metaflow.datastore.exceptions import DataException
from metaflow.plugins.datastores.s3_storage import S3Storage
client = boto3.client("s3", endpoint_url=os.environ["METAFLOW_S3_ENDPOINT_URL"])
flow = FlowDataStore("Flow", storage_impl=S3Storage, ds_root="s3://bucket/" + sys.argv[1])
few = {"number": 1, "array": np.arange(50_000), "same": [1, 2], "again": [1, 2]}
many = {f"a{i}": list(range(i)) for i in range(15)}
def write(task, artifacts):
    task = flow.get_task_datastore("1", "step", task, attempt=0, mode="w")
    task.init_task()
    task.save_artifacts(iter(artifacts.items()), len_hint=len(artifacts))
    task.done()
    return task
def check(task, artifacts):
    task = flow.get_task_datastore("1", "step", task)
    for name, value in task.load_artifacts(list(artifacts)):
        assert np.array_equal(value, artifacts[name]), name
    return task
"""
WRITE = COMMON + """
write("few" + sys.argv[1], few)
write("many" + sys.argv[1], many)
"""
READ = COMMON + """
print(json.dumps([check("few" + sys.argv[1], few)._objects, check("many" + sys.argv[1], many)._objects]))
"""
DAMAGE = COMMON + """
task = check("few" + sys.argv[1], few)
key = task._objects["number"]
place = f"{sys.argv[1]}/Flow/data/{key[:2]}/{key}"
found = client.get_object(Bucket="bucket", Key=place)
assert found["Metadata"] == {"metaflow-user-attributes": '{"cas_raw": false, "cas_version": 1}'}, found["Metadata"]
for contents in (gzip.compress(b"other"), found["Body"].read()[:-4], None):
    if contents is None:
        client.delete_object(Bucket="bucket", Key=place)
    else:
        client.put_object(Bucket="bucket", Key=place, Body=contents, Metadata=found["Metadata"])
    try:
        task["number"]
    except DataException as error:
        assert "Artifact 'number'" in str(error) and place.partition("/")[2] in str(error) and key in str(error), error
    else:
        raise AssertionError("damage was not found")
"""


@pytest.fixture(scope="module")
def server():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for(url, process):
    for _ in range(300):
        assert process.poll() is None, "the server did not start"
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server does not answer")


@pytest.fixture(scope="module")
def s3(server, make_metaflow):
    """Runs programs of this file against a new bucket."""
    import boto3

    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    place = make_metaflow("s3")
    settings = {**keys, "METAFLOW_S3_ENDPOINT_URL": server, "METAFLOW_DATASTORE_SYSROOT_S3": "s3://bucket/prefix"}
    client = boto3.client("s3", endpoint_url=server, aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
    client.create_bucket(Bucket="bucket")
    return lambda program, *words, on: place.python(program, *words, on=on, **settings)


def test_each_reads_what_the_other_wrote_under_the_same_keys(s3):
    said = {}
    for writer in (True, False):
        s3(WRITE, str(writer), on=writer)
        said[writer] = {s3(READ, str(writer), on=reader).strip().splitlines()[-1] for reader in (True, False)}
    assert said[True] == said[False] and len(said[True]) == 1


def test_damage_is_found(s3):
    s3(WRITE, "damaged", on=True)
    s3(DAMAGE, "damaged", on=True)
