# SPDX-License-Identifier: Apache-2.0
"""Saving and loading named objects as the artifacts of a task: through Metaflow, and through coffer's own API."""

import pathlib
from collections.abc import Callable
from typing import Any, NamedTuple

Named = list[tuple[str, Any]]


class Store(NamedTuple):
    """`save(task, groups)` and `load(task, groups of names)` make one call for each group."""

    save: Callable[[str, list[Named]], None]
    load: Callable[[str, list[list[str]]], dict[str, Any]]


class WrongMetaflow(Exception):
    pass


def is_drop_in_active() -> bool:
    import metaflow.datastore.content_addressed_store as module

    return "metaflow_extensions" in str(module.__file__) or "coffer" in module.ContentAddressedStore.__module__


def through_metaflow(root: pathlib.Path, is_stock: bool) -> Store:
    from metaflow.datastore import FlowDataStore
    from metaflow.plugins import DATASTORES

    if is_drop_in_active() == is_stock:
        raise WrongMetaflow("COFFER_DISABLE has no effect" if is_stock else "coffer is not installed here: pip install .")
    storage = next(each for each in DATASTORES if each.TYPE == "local")
    flow = FlowDataStore("Bench", storage_impl=storage, ds_root=str(root))

    def save(task: str, groups: list[Named]) -> None:
        datastore = flow.get_task_datastore("1", "start", task, attempt=0, mode="w")
        datastore.init_task()
        for named in groups:
            datastore.save_artifacts(iter(named), len_hint=len(named))
        datastore.done()

    def load(task: str, groups: list[list[str]]) -> dict[str, Any]:
        datastore = flow.get_task_datastore("1", "start", task)
        return dict(item for names in groups for item in datastore.load_artifacts(names))

    return Store(save, load)


def through_own_api(root: pathlib.Path) -> Store:
    import coffer

    store = coffer.open(root)

    def save(task: str, groups: list[Named]) -> None:
        with store.task(f"Bench/1/start/{task}", mode="w") as opened:
            for named in groups:
                opened.update(dict(named))

    def load(task: str, groups: list[list[str]]) -> dict[str, Any]:
        opened = store.task(f"Bench/1/start/{task}")
        return {name: loaded for names in groups for name, loaded in opened.load_many(names).items()}

    return Store(save, load)


STORES = {
    "metaflow": lambda root: through_metaflow(root, is_stock=True),
    "drop-in": lambda root: through_metaflow(root, is_stock=False),
    "api": through_own_api,
}
