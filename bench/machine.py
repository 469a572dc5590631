# SPDX-License-Identifier: Apache-2.0
"""What the figures depend on: processor, kernel, file system, versions."""

import importlib.metadata
import os
import pathlib
import platform
import re
import ssl
import subprocess
from typing import Any

PACKAGES = ("metaflow", "numpy", "pandas", "pyarrow", "joblib", "safetensors", "zarr", "blosc2")
LIBRARIES = {"ISA-L": "libisal", "libdeflate": "libdeflate", "zlib": "zlib"}


def processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found.group(1) if found else platform.machine()


def memory_gib() -> int:
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30))


def file_system(path: pathlib.Path) -> str:
    """The type of the mount that holds a path."""
    mounts = [line.split()[1:3] for line in pathlib.Path("/proc/self/mounts").read_text().splitlines()]
    holding = [(len(point), kind) for point, kind in mounts if path.resolve().is_relative_to(point)]
    return max(holding)[1]


def library_version(name: str) -> str:
    try:
        done = subprocess.run(["pkg-config", "--modversion", name], capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()


def package_version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def huge_pages() -> str:
    path = pathlib.Path("/sys/kernel/mm/transparent_hugepage/enabled")
    found = re.search(r"\[(\w+)\]", path.read_text()) if path.exists() else None
    return found.group(1) if found else "never"


def facts(scratch: pathlib.Path, coffer: pathlib.Path) -> dict[str, Any]:
    versions = {name: library_version(package) for name, package in LIBRARIES.items()}
    versions |= {name: package_version(name) for name in PACKAGES}
    said = subprocess.run([coffer, "--version"], capture_output=True, text=True, check=True).stdout.split()
    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": memory_gib(),
        "kernel": f"{platform.system()} {platform.release()}",
        "file_system": file_system(scratch),
        "huge_pages": huge_pages(),
        "python": platform.python_version(),
        "openssl": ssl.OPENSSL_VERSION.split()[1],
        "coffer": said[1],
        "versions": {name: version for name, version in versions.items() if version},
    }
