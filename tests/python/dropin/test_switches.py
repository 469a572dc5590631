# SPDX-License-Identifier: Apache-2.0
"""When the drop-in is on, what Metaflow knows it as, and what its commands say."""

import json
import pathlib
import shutil
import sysconfig

import pytest

WHO = """
import json, warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import metaflow
    from metaflow.datastore import flow_datastore
    from metaflow.datastore import artifacts
from metaflow.extension_support import _all_packages
print(json.dumps({
    "ours": ["metaflow_extensions" in each for each in (
        __import__("sys").modules[flow_datastore.TaskDataStore.__init__.__module__].__file__ or "",
        __import__("sys").modules[flow_datastore.ContentAddressedStore.save_blobs.__module__].__file__ or "",
        artifacts.__file__)],
    "packages": list(_all_packages),
    "warnings": [str(each.message) for each in caught if each.category is RuntimeWarning],
}))
"""


def who(metaflow, **options):
    return json.loads(metaflow.python(WHO, **options).strip().splitlines()[-1])


@pytest.fixture
def without_compiled_module(tmp_path):
    """Settings for a place like an unpacked code package: the extension's files, but no coffer that can be imported."""
    package = tmp_path / "code"
    installed = pathlib.Path(sysconfig.get_paths()["purelib"])
    shutil.copytree(installed / "metaflow_extensions" / "coffer", package / "metaflow_extensions" / "coffer")
    (package / "coffer").mkdir()
    (package / "coffer" / "__init__.py").write_text("from . import _coffer\n")
    return {"PYTHONPATH": str(package), "METAFLOW_EXTENSIONS_SEARCH_DIRS": str(package)}


def test_it_is_on_by_being_installed(metaflow):
    assert who(metaflow) == {"ours": [True] * 3, "packages": ["coffer"], "warnings": []}


@pytest.mark.parametrize("value, on", [("1", False), ("yes", False), ("0", True), ("", True)])
def test_the_switch(metaflow, value, on):
    assert who(metaflow, COFFER_DISABLE=value)["ours"] == [on] * 3


ALIASES = """
import metaflow, sys
from metaflow.extension_support import get_aliased_modules
print([name for name in get_aliased_modules() if name.startswith("metaflow.datastore")], "coffer" in sys.modules)
"""


def test_off_means_that_nothing_is_declared(metaflow):
    assert metaflow.python(ALIASES, on=False).strip() == "[] False"
    assert metaflow.python(ALIASES).strip() != "[] False"


def test_without_the_compiled_module_the_originals_are_used_after_one_warning(metaflow, without_compiled_module):
    found = who(metaflow, **without_compiled_module)
    assert found["ours"] == [False] * 3
    (warning,) = found["warnings"]
    assert warning.startswith("coffer is not used, Metaflow's own datastore is: its compiled module can't be imported (ImportError: ")


def test_a_flow_runs_without_the_compiled_module(metaflow, without_compiled_module):
    program = pathlib.Path(__file__).parent / "flows" / "small.py"
    said = metaflow.call(program, "--no-pylint", "--quiet", "run", **without_compiled_module)
    assert "Done!" in said


def test_an_older_metaflow_is_left_alone(metaflow):
    said = metaflow.python(
        "import sys, types, warnings; sys.modules['metaflow'] = types.ModuleType('metaflow')\n"
        "import importlib.util, os, sysconfig\n"
        "path = os.path.join(sysconfig.get_paths()['purelib'], 'metaflow_extensions/coffer/switch.py')\n"
        "spec = importlib.util.spec_from_file_location('switch', path); switch = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(switch)\n"
        "print(switch.is_on(), switch.is_on())"
    )
    assert said.splitlines()[0] == "False False" and said.count("this Metaflow is older") == 1


# ---- originals ----


def test_originals_are_within_reach(metaflow):
    said = metaflow.python(
        "import metaflow\n"
        "for name in ('task_datastore', 'content_addressed_store', 'artifacts', 'artifacts._orig.serializer'):\n"
        "    name, _, rest = name.partition('._orig')\n"
        "    module = __import__(f'metaflow.datastore.{name}._orig{rest}', fromlist=['x'])\n"
        "    print('metaflow_extensions' in module.__file__, module.__file__.endswith('.py'))\n"
    )
    assert said.split() == ["False", "True"] * 4


# ---- commands ----


@pytest.fixture(scope="module")
def small(make_metaflow):
    place = make_metaflow("small")
    place.flow("small", "run")
    return place


def command(place, *words, **options):
    return place.call("-m", "metaflow.cmd.main_cli", "coffer", *words, **options)


def artifact(place, name):
    (run,) = (path.name for path in (place.store / "Small").iterdir() if path.name.isdigit())
    return f"Small/{run}/start/1/{name}"


def test_status_lists_the_serializers(small):
    said = command(small, "status")
    assert "NAME" in said and any(line.split()[:3] == ["pickle", "active", "9999"] for line in said.splitlines())


def test_show_prints_an_artifact(small):
    assert '"a": 1' in command(small, "show", artifact(small, "x")) or "'a': 1" in command(small, "show", artifact(small, "x"))


def test_show_runs_nothing_of_it(small):
    said = command(small, "show", artifact(small, "trap"))
    assert "small.Trap" in said or "Trap" in said
    assert "the trap has closed" not in said


def test_show_of_what_is_not_there(small):
    assert "nothing_of_the_kind" in command(small, "show", artifact(small, "nothing_of_the_kind"), expect=1)


def test_verify_finds_damage(small):
    assert "damaged" not in command(small, "verify", "Small").lower().replace("0 damaged", "")
    key = json.loads((small.store / artifact(small, "x")).with_name("0.data.json").read_text())["objects"]["x"]
    file = small.store / "Small" / "data" / key[:2] / key
    sound = file.read_bytes()
    file.unlink()
    file.write_bytes(sound[:-3])
    said = command(small, "verify", expect=1)
    assert key in said
    file.write_bytes(sound)


def test_other_datastores_are_not_looked_into(metaflow):
    said = command(metaflow, "verify", expect=1, METAFLOW_DEFAULT_DATASTORE="s3", METAFLOW_DATASTORE_SYSROOT_S3="s3://b/p")
    assert "local datastores only" in said


def test_there_is_no_command_when_it_is_off(metaflow):
    assert "No such command" in command(metaflow, "status", on=False, expect=2)
