# SPDX-License-Identifier: Apache-2.0
"""`meson install` gives a usable library: headers, pkg-config file, versioned symbols, command, man pages, completion."""
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

PROGRAM = r"""
#include <stdio.h>
#include <string.h>
#include <coffer/coffer.h>

int main(int argc, char **argv)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_document *document = NULL;
        coffer_store *store = NULL;
        coffer_task *task = NULL;
        const char *text = "{\"answer\": 42}";
        coffer_task_options options = COFFER_TASK_OPTIONS_INIT;
        coffer_status status;

        (void)argc;
        status = coffer_document_from_json((coffer_cursor){(const uint8_t *)text, strlen(text)}, &document, &error);
        if (status == COFFER_OK)
                status = coffer_store_open(argv[1], NULL, &store, &error);
        options.mode = COFFER_WRITE;
        if (status == COFFER_OK)
                status = coffer_task_open(store, "Outside", "1", "start", "1", &options, &task, &error);
        if (status == COFFER_OK)
                status = coffer_task_init(task, &error);
        if (status == COFFER_OK) {
                coffer_artifact artifact = {"config", coffer_object_from_document(document)};
                status = coffer_task_save(task, &artifact, 1, &error);
                coffer_object_unref(&artifact.object);
        }
        if (status == COFFER_OK)
                status = coffer_task_done(task, &error);
        if (status != COFFER_OK)
                fprintf(stderr, "%s: %s\n", coffer_status_name(status), error.message);
        coffer_task_free(task);
        coffer_store_unref(store);
        coffer_document_unref(document);
        return status == COFFER_OK ? 0 : 1;
}
"""


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory, build_dir):
    destination = tmp_path_factory.mktemp("destination")
    run("meson", "install", "-C", str(build_dir), "--no-rebuild", "--destdir", str(destination))
    return destination


def find(installed, name):
    found = sorted(installed.rglob(name))
    assert found, f"{name} is not installed"
    return found[0]


def pkg_config(installed, *words):
    env = dict(os.environ, PKG_CONFIG_PATH=str(find(installed, "coffer.pc").parent))
    return run("pkg-config", f"--define-variable=prefix={find(installed, 'bin').parent}", *words, "coffer", env=env).split()


@pytest.mark.parametrize("compiler", ["gcc", "g++"])
def test_program_outside_the_tree_saves_an_artifact(installed, tmp_path, compiler, coffer_bin):
    source = tmp_path / ("program.c" if compiler == "gcc" else "program.cc")
    text = PROGRAM
    if compiler == "g++":
        text = text.replace("(coffer_cursor){(const uint8_t *)text, strlen(text)}", "coffer_cursor{(const uint8_t *)text, strlen(text)}")
    source.write_text(text)
    flags = pkg_config(installed, "--cflags", "--libs")
    run(compiler, "-Wall", "-Wextra", "-Werror", str(source), "-o", str(tmp_path / "program"), *flags)
    library_dir = find(installed, "libcoffer.so.0").parent
    env = dict(os.environ, LD_LIBRARY_PATH=str(library_dir))
    run(str(tmp_path / "program"), str(tmp_path / "store"), env=env)
    shown = run(coffer_bin, "--store", str(tmp_path / "store"), "get", "Outside/1/start/1/config", "--as", "json", "-o", "-")
    assert shown.strip().replace(" ", "") == '{"answer":42}'


def test_each_header_compiles_alone_as_c_and_cpp(installed, tmp_path):
    include = find(installed, "coffer.h").parent.parent
    for header in sorted((include / "coffer").rglob("*.h")):
        name = header.relative_to(include)
        for compiler, suffix in (("gcc", "c"), ("g++", "cc")):
            source = tmp_path / f"alone.{suffix}"
            source.write_text(f"#include <{name}>\n#include <{name}>\nint alone;\n")
            standard = "-std=c11" if suffix == "c" else "-std=c++17"
            run(compiler, standard, "-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{include}", str(source))


def declared_functions(include):
    names = set()
    for header in (include / "coffer").rglob("*.h"):
        text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
        names.update(re.findall(r"COFFER_API[^;({]*?\b(coffer_\w+)\s*\(", text))
    return names


def test_the_library_exports_what_the_headers_declare_and_nothing_else(installed):
    library = find(installed, "libcoffer.so.0")
    lines = run("nm", "-D", "--defined-only", str(library)).splitlines()
    exported = {line.split()[2].split("@")[0] for line in lines if not line.split()[2].startswith("COFFER_")}
    assert exported == declared_functions(find(installed, "coffer.h").parent.parent)


def test_every_exported_symbol_stands_in_the_symbol_map(installed):
    listed = set(re.findall(r"^\s+(coffer_\w+);", (ROOT / "src/libcoffer.sym").read_text(), flags=re.M))
    assert listed == declared_functions(find(installed, "coffer.h").parent.parent)


def test_soname(installed):
    assert "libcoffer.so.0" in run("readelf", "-d", str(find(installed, "libcoffer.so.0")))


@pytest.mark.parametrize("name", ["coffer", "coffer.1", "coffer-put.1", "coffer-verify.1"])
def test_command_and_manual_are_installed(installed, name):
    assert find(installed, name)
