# SPDX-License-Identifier: Apache-2.0
"""The commands `metaflow coffer ...`."""

import sys

from coffer import _command
from metaflow._vendor import click
from metaflow.metaflow_config import DEFAULT_DATASTORE
from metaflow.plugins.datastores.local_storage import LocalStorage

_COLUMNS = ("name", "state", "priority", "source", "class_path", "last_error")


@click.group()
def cli():
    pass


@cli.group(help="Look into artifacts and their serializers.")
def coffer():
    pass


@coffer.command(help="Show what is known of each serializer of artifacts.")
def status():
    from metaflow.datastore.artifacts import list_serializer_status

    rows = [[_cell(record[column]) for column in _COLUMNS] for record in list_serializer_status()]
    rows.insert(0, [column.upper() for column in _COLUMNS])
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


@coffer.command(help="Print an artifact, ARTIFACT being Flow/run/step/task/name, without running any code that is in it.")
@click.argument("artifact")
def show(artifact):
    _become("show", "--", artifact)


@coffer.command(help="Hash every blob, of all flows or of FLOW, and check every reference to one.")
@click.argument("flow", required=False)
def verify(flow):
    _become("verify", "--", *filter(None, [flow]))


def _cell(value):
    return "-" if value is None else " ".join(str(value).split())


def _become(*arguments):
    """Goes on as the command `coffer` on Metaflow's local datastore."""
    if DEFAULT_DATASTORE != "local":
        raise click.ClickException(f"this looks into local datastores only; the one in use is of the kind {DEFAULT_DATASTORE}")
    root = LocalStorage.get_datastore_root_from_config(click.echo, create_on_absent=False)
    if root is None:
        raise click.ClickException("there is no .metaflow directory here")
    sys.stdout.flush()
    _command.main(["--store", root, *arguments])
