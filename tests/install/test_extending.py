# SPDX-License-Identifier: Apache-2.0
"""docs/extending.md and the example of docs/types.md, followed word for word with the installed library; and what is installed of our own extensions."""
import json
import os
import re
import subprocess

import pytest
from test_install import ROOT, find, installed, run  # noqa: F401


def blocks(language, page="extending.md"):
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / "docs" / page).read_text(), flags=re.S | re.M)


@pytest.fixture
def environment(installed, tmp_path):  # noqa: F811
    """As if the library were installed at its place: the command, the loader and pkg-config find it."""
    prefix = find(installed, "bin").parent
    tools = tmp_path / "tools"
    tools.mkdir()
    wrapper = tools / "pkg-config"
    wrapper.write_text(f'#!/bin/sh\nexec /usr/bin/pkg-config --define-variable=prefix="{prefix}" "$@"\n')
    wrapper.chmod(0o755)
    env = {key: value for key, value in os.environ.items() if not key.startswith(("COFFER_", "METAFLOW_", "XDG_"))}
    env["PATH"] = f"{tools}:{prefix / 'bin'}:{env['PATH']}"
    env["HOME"] = str(tmp_path)
    env["LD_LIBRARY_PATH"] = str(find(installed, "libcoffer.so.0").parent)
    env["PKG_CONFIG_PATH"] = str(find(installed, "coffer.pc").parent)
    return env


def test_the_page_shows_the_example_as_it_is():
    assert blocks("c")[0] == (ROOT / "examples/extension/rawbytes.c").read_text()
    assert blocks("json")[0] == (ROOT / "examples/extension/rawbytes.json").read_text()


def test_the_page_can_be_followed(environment, tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    (work / "rawbytes.c").write_text(blocks("c")[0])
    (work / "rawbytes.json").write_text(blocks("json")[0])
    build, use = blocks("sh")
    build = build.replace("cc ", "cc -Wall -Wextra -Werror ")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", build + use + "coffer get --raw Demo/1/start/1/greeting -o raw\n"],
        cwd=work, env=environment, capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"rawbytes\s+known\s", done.stdout)
    assert "b'hello'" in done.stdout
    assert (work / "raw").read_bytes() == b"hello"
    data = json.loads(next((work / ".metaflow").rglob("0.data.json")).read_text())
    assert data["info"]["greeting"]["encoding"] == "rawbytes-v1"
    assert data["info"]["greeting"]["serializer_info"] == {"source": "my-package"}


def test_the_page_on_types_can_be_followed(environment, tmp_path):
    (tmp_path / "point.c").write_text(blocks("c", "types.md")[0])
    (tmp_path / "point.json").write_text(blocks("json", "types.md")[0])
    script = blocks("sh", "types.md")[0].replace("cc ", "cc -Wall -Wextra -Werror ")
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "[1.5,2.0]"


@pytest.mark.parametrize("name", ["npy", "hdf5"])
def test_extensions_are_installed_beside_their_descriptors(installed, name):  # noqa: F811
    descriptor = find(installed, f"{name}.json")
    said = json.loads(descriptor.read_text())
    assert said["name"] == name and said["enabled"] is False
    library = descriptor.parent / said["library"]
    assert library.exists()
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", str(library)))
    assert not any("hdf5" in one for one in needed), "the heavy library must not be linked"
    undefined = run("nm", "-D", "--undefined-only", str(library))
    assert "H5" not in undefined
