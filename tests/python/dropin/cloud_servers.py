# SPDX-License-Identifier: Apache-2.0
"""Servers of the protocols of S3, Azure Blob Storage and Google Cloud Storage on this machine, each on a port of its own.

Each class says how Metaflow is to be told of it (`settings`), and what it calls a place in the one bucket, or container, that is there (`ROOT`).
"""

import contextlib
import pathlib
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
EXTENSION = HERE / "clouds"
NODE_PROGRAMS = HERE.parents[1] / "node_modules/.bin"
PYTHON_PROGRAMS = pathlib.Path(sys.executable).parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port):
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def running(command, port, log, **options):
    """A server, from when it answers at the port."""
    with open(log, "wb") as said:
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=said, stderr=said, **options)
    try:
        deadline = time.monotonic() + 60
        while not accepts(port):
            assert process.poll() is None and time.monotonic() < deadline, f"the server did not start: {log.read_text()}"
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


class S3:
    TYPE, ROOT = "s3", "s3://bucket"
    MODULES = ("moto", "boto3")
    program = PYTHON_PROGRAMS / "moto_server"

    def __init__(self, directory):
        self.directory = directory
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "METAFLOW_S3_ENDPOINT_URL": self.url,
        }

    def run(self):
        return running([self.program, "-H", "127.0.0.1", "-p", self.port], self.port, self.directory / "log")

    def make_bucket(self):
        import boto3

        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
        boto3.client("s3", endpoint_url=self.url, **keys).create_bucket(Bucket="bucket")


class Azure:
    """Azurite, which takes tokens only where the way to it is encrypted."""

    TYPE, ROOT = "azure", "bucket"
    MODULES = ("azure.storage.blob", "azure.identity", "trustme")
    program = NODE_PROGRAMS / "azurite-blob"
    ACCOUNT = "devstoreaccount1"
    KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="  # everybody's, of Azurite

    def __init__(self, directory):
        self.directory = directory
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}/{self.ACCOUNT}"
        self.trusted = directory / "trusted.pem"
        self.settings = {
            "METAFLOW_AZURE_STORAGE_BLOB_SERVICE_ENDPOINT": self.url,
            "METAFLOW_DEFAULT_AZURE_CLIENT_PROVIDER": "loopback",
            "REQUESTS_CA_BUNDLE": str(self.trusted),
        }

    def run(self):
        import trustme

        authority, paths = trustme.CA(), [self.directory / name for name in ("certificate.pem", "key.pem")]
        certificate = authority.issue_cert("127.0.0.1")
        authority.cert_pem.write_to_path(self.trusted)
        certificate.cert_chain_pems[0].write_to_path(paths[0])
        certificate.private_key_pem.write_to_path(paths[1])
        # fmt: off
        command = [
            self.program, "--blobHost", "127.0.0.1", "--blobPort", self.port, "--inMemoryPersistence",
            "--oauth", "basic", "--cert", paths[0], "--key", paths[1], "--skipApiVersionCheck", "--disableTelemetry", "--silent",
        ]
        # fmt: on
        return running(command, self.port, self.directory / "log", cwd=self.directory)

    def make_bucket(self):
        from azure.storage.blob import BlobServiceClient

        BlobServiceClient(self.url, credential=self.KEY, connection_verify=str(self.trusted)).create_container("bucket")


class Google:
    TYPE, ROOT = "gs", "gs://bucket"
    MODULES = ("google.cloud.storage",)
    program = PYTHON_PROGRAMS / "gcp-storage-emulator"

    def __init__(self, directory):
        self.directory = directory
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = {
            "STORAGE_EMULATOR_HOST": self.url,
            "METAFLOW_DEFAULT_GCP_CLIENT_PROVIDER": "loopback",
        }

    def run(self):
        command = [self.program, "start", "--host", "127.0.0.1", "--port", self.port, "--in-memory", "--default-bucket", "bucket"]
        return running(command, self.port, self.directory / "log", cwd=self.directory)

    def make_bucket(self):
        pass  # it was told to
