# SPDX-License-Identifier: Apache-2.0
"""Stands in for the build backend of a source archive that is only downloaded: pip asks for name and version, and nothing is built."""
import pathlib
import re


def get_requires_for_build_wheel(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    fields = pathlib.Path("PKG-INFO").read_text(encoding="utf-8")
    name, version = (re.search(rf"^{field}: (.*)$", fields, re.MULTILINE)[1] for field in ("Name", "Version"))
    directory = f"{name}-{version}.dist-info"
    (pathlib.Path(metadata_directory) / directory).mkdir()
    (pathlib.Path(metadata_directory) / directory / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return directory


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    raise NotImplementedError("nothing is built")
