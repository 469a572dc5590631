# SPDX-License-Identifier: Apache-2.0
"""The types that the package promises: the stub is what the module has, annotations are complete, and users' code checks."""
import importlib.util
import inspect
import os
import pathlib
import pkgutil
import subprocess
import sys

import pytest

import coffer
from coffer import _coffer

PACKAGE = pathlib.Path(coffer.__file__).parent

needs_mypy = pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is not installed")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Runs a module in a directory and gives its exit code and output. What mypy finds of the libraries is kept from one to the next."""
    kept = {key: value for key, value in os.environ.items() if key != "MYPYPATH"}
    env = dict(kept, MYPY_CACHE_DIR=str(tmp_path_factory.mktemp("cache")))

    def call(*words, cwd):
        command = [sys.executable, "-m", *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=cwd, env=env)
        return done.returncode, done.stdout + done.stderr

    return call


def test_the_package_says_that_it_has_types():
    assert (PACKAGE / "py.typed").exists() and (PACKAGE / "_coffer.pyi").exists()


@needs_mypy
def test_the_stub_says_what_the_module_has(run, tmp_path):
    """Every name, every argument, its kind and its default, both ways."""
    (tmp_path / "allowed").write_text(r".*\.__buffer__" + "\n")  # visible from Python 3.12 on
    status, said = run("mypy.stubtest", "coffer._coffer", "--allowlist", "allowed", "--ignore-unused-allowlist", cwd=tmp_path)
    assert status == 0, said


@needs_mypy
def test_annotations_are_complete_and_right(run, tmp_path):
    # Metaflow, which the framework asks for its extensions, has no annotations, and need not be there.
    (tmp_path / "config").write_text("[mypy]\nstrict = True\n[mypy-metaflow.*]\nfollow_imports = skip\nignore_missing_imports = True\n")
    status, said = run("mypy", "--config-file", "config", "-p", "coffer", cwd=tmp_path)
    assert status == 0, said


USE = """
import coffer
store = coffer.open("data")
with store.task("Flow/1/train/7", mode="w") as task:
    task["weights"] = [1.5]
    reveal_type(task)
reveal_type(store.runs("Flow"))
reveal_type(task.info("weights").size)
blobs, metadata = coffer.serialize({"a": 1})
reveal_type(metadata.encoding)
reveal_type(coffer.scan(blobs[0]).verdict)
coffer.deserialize(blobs, metadata)
"""


@needs_mypy
def test_what_users_write_is_understood(run, tmp_path):
    (tmp_path / "use.py").write_text(USE)
    status, said = run("mypy", "--strict", "use.py", cwd=tmp_path)
    assert status == 0, said
    for revealed in ("coffer._store.Task", "list[str]", "int", "str | None", "coffer._types.Verdict"):
        assert f'Revealed type is "{revealed}"' in said.replace("builtins.", ""), said
    (tmp_path / "misuse.py").write_text("import coffer\ncoffer.open(3)\ncoffer.open('x').runs()\n")
    status, said = run("mypy", "--strict", "misuse.py", cwd=tmp_path)
    assert status == 1 and said.count(": error:") == 2, said


def public_parts():
    """Every public function, class and method, with its name."""
    for name in coffer.__all__:
        thing = getattr(coffer, name)
        yield name, thing
        if inspect.isclass(thing) and not issubclass(thing, (BaseException, tuple, int)):
            for attribute in dir(thing):
                member = inspect.getattr_static(thing, attribute)
                if not attribute.startswith("_") and getattr(object, attribute, None) is not member:
                    yield f"{name}.{attribute}", member


@pytest.mark.parametrize("name, thing", [pytest.param(*part, id=part[0]) for part in public_parts()])
def test_everything_public_is_documented(name, thing):
    if inspect.ismemberdescriptor(thing) or not (callable(thing) or hasattr(thing, "__get__")):
        return  # a slot or a constant: the class documents it
    assert inspect.getdoc(thing), name


def test_functions_in_c_have_signatures():
    for owner in (_coffer, _coffer.Task, _coffer.Store, _coffer.Registry):
        for name, member in vars(owner).items():
            if inspect.isbuiltin(member) or inspect.ismethoddescriptor(member):
                if not name.startswith("__"):
                    inspect.signature(member)


def test_modules_import_alone(run_python):
    for module in pkgutil.iter_modules([str(PACKAGE)]):
        if not module.ispkg:
            run_python(f"import coffer.{module.name}")
