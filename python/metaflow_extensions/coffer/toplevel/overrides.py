# SPDX-License-Identifier: Apache-2.0
"""Modules of Metaflow that those of the same names beside this package take the place of."""

__mf_promote_submodules__ = [
    "datastore.artifacts",
    "datastore.content_addressed_store",
    "datastore.task_datastore",
]
