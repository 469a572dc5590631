# SPDX-License-Identifier: Apache-2.0
"""`pip install .` in a fresh environment gives a package and a command that need neither the source tree nor any setting."""
import importlib.util
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(importlib.util.find_spec("mesonpy") is None, reason="meson-python is not installed")


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def copy_sources(destination):
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists():
            (destination / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, destination / name)


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """The bin directory of a fresh environment, into which pip installed a copy of the sources that is gone by then."""
    source, fresh = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("fresh")
    copy_sources(source)
    env = dict(os.environ, PATH=f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}", CCACHE_NOHASHDIR="1")
    if shutil.which("ccache"):
        env.setdefault("CC", "ccache gcc")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    run(*pip, "wheel", "-q", "--no-build-isolation", "--no-deps", "-w", fresh, source, env=env)
    shutil.rmtree(source)
    run(sys.executable, "-m", "venv", "--without-pip", fresh / "venv")
    python = fresh / "venv/bin/python"
    run(*pip, "--python", python, "install", "-q", "--no-deps", "--no-index", *fresh.glob("*.whl"))
    return python.parent


@pytest.fixture
def clean(environment, tmp_path):
    """Runs a program of the environment as a user would who has set nothing."""
    kept = {key: os.environ[key] for key in ("LANG", "LC_ALL") if key in os.environ}
    env = dict(kept, HOME=str(tmp_path), PATH=f"{environment}:/usr/bin:/bin", COFFER_SYNC="0")

    def call(*words, **options):
        return run(environment / words[0], *words[1:], cwd=tmp_path, env=env, **options)

    return call


def test_the_command_starts(clean):
    assert clean("coffer", "--version").startswith("coffer ")


def test_the_command_puts_lists_and_shows(clean, tmp_path):
    (tmp_path / "config.json").write_text('{"answer": 42}')
    clean("coffer", "--store", "data", "put", "Demo/1/start/1", "config=config.json")
    assert clean("coffer", "--store", "data", "ls").split()[0] == "Demo"
    assert "42" in clean("coffer", "--store", "data", "show", "Demo/1/start/1/config")


def test_what_the_command_stored_is_there_in_python(clean, tmp_path):
    (tmp_path / "config.json").write_text('{"answer": 42}')
    clean("coffer", "--store", "data", "put", "Demo/1/start/1", "config=config.json")
    program = "import coffer; print(coffer.open('data').task('Demo/1/start/1')['config'])"
    assert clean("python", "-c", program) == "{'answer': 42}\n"


def test_the_command_dies_silently_with_the_reader_of_its_pipe(environment):
    """Python ignores SIGPIPE; what it becomes must not."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([environment / "coffer", "--help"], stdout=writer, stderr=subprocess.PIPE, timeout=60)
    os.close(writer)
    assert done.returncode == -signal.SIGPIPE and done.stderr == b""


def test_extensions_are_where_python_and_the_command_look(clean):
    program = "import coffer; print(*sorted(s.name + ' ' + s.state for s in coffer.serializers()), sep='\\n')"
    for said in (clean("coffer", "serializers").replace("\t", " "), clean("python", "-c", program)):
        assert "npy disabled" in said and "pickle active" in said


def test_an_extension_of_the_package_can_be_switched_on(clean):
    program = "import coffer; print({s.name: s.state for s in coffer.Registry(toggles='+npy').status()}['npy'])"
    assert clean("python", "-c", program) == "known\n"


def test_the_user_s_own_extensions_come_first(clean, environment, tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own/broken.json").write_text("{")
    done = subprocess.run(
        [environment / "coffer", "serializers"],
        capture_output=True,
        text=True,
        timeout=60,
        env={"COFFER_EXTENSION_PATH": str(tmp_path / "own"), "HOME": str(tmp_path)},
    )
    assert done.returncode == 0 and "broken\tbroken" in done.stdout and "npy\tdisabled" in done.stdout


def test_metaflow_finds_the_extension_by_the_name_of_the_distribution(environment):
    (site,) = environment.parent.glob("lib/python*/site-packages")
    (metadata,) = site.glob("coffer-*.dist-info")
    assert (metadata / "top_level.txt").read_text().split() == ["coffer", "metaflow_extensions"]
    assert not (site / "metaflow_extensions/__init__.py").exists()  # others put theirs beside it


def test_uninstalling_leaves_nothing(environment, tmp_path):
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv")
    pip = (*pip, "--python", tmp_path / "venv/bin/python")
    before = {path for path in (tmp_path / "venv").rglob("*")}
    run(*pip, "install", "-q", "--no-deps", "--no-index", *environment.parent.parent.glob("*.whl"))
    assert list((tmp_path / "venv").rglob("mfextinit_coffer.py"))
    run(*pip, "uninstall", "-q", "-y", "coffer")
    assert {path for path in (tmp_path / "venv").rglob("*") if path.name != "__pycache__"} <= before
