# SPDX-License-Identifier: Apache-2.0
"""--help, manual and completion tell the same story."""
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = ["get", "ls", "put", "serializers", "show", "spec", "verify"]


def help_options(cli, command):
    return set(re.findall(r"^  (?:-\w, |    )(--[\w-]+)", cli.ok(command, "--help"), flags=re.M))


def manual(page):
    return (ROOT / "man" / page).read_text().replace("Fl Fl ", "--")


def test_help_lists_every_command(cli):
    listed = re.findall(r"^  (\w+) {2,}", cli.ok("--help").split("Commands:")[1].split("Options:")[0], flags=re.M)
    assert sorted(listed) == sorted([*COMMANDS, "help", "version"])


@pytest.mark.parametrize("command", COMMANDS)
def test_manual_has_every_option_and_no_other(cli, command):
    own = set(re.findall(r"^\.It (?:Fl \w , )?(--[\w-]+)", manual(f"coffer-{command}.1"), flags=re.M))
    common = set(re.findall(r"^\.It (?:Fl \w , )?(--[\w-]+)", manual("coffer.1"), flags=re.M)) - {"--version"}
    assert own | common == help_options(cli, command)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_explains_itself_with_examples_and_exit_codes(cli, command):
    text = cli.ok(command, "--help")
    assert text == cli.ok("help", command)
    assert text.startswith(f"Usage: coffer {command} ")
    assert f"  coffer {command}" in text.split("Examples:")[1] or f"coffer {command}" in text.split("Examples:")[1]
    assert "Exit codes:" in text
    assert max(map(len, text.splitlines())) <= 95


@pytest.mark.parametrize("command", COMMANDS)
def test_completion_offers_every_option(cli, command):
    script = (ROOT / "completions/coffer.bash").read_text()
    common = set(re.search(r'common="([^"]*)"', script)[1].split())
    own = set(re.search(rf'^\s+{command}\) options\+="([^"]*)"', script, flags=re.M)[1].split())
    assert common | own == help_options(cli, command)


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is not installed")
@pytest.mark.parametrize("page", ["coffer.1", *(f"coffer-{command}.1" for command in COMMANDS)])
def test_manual_is_well_formed(page):
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", ROOT / "man" / page], capture_output=True, text=True, timeout=60)
    assert done.stdout == "" and done.returncode == 0


@pytest.mark.parametrize("page", ["coffer.1", *(f"coffer-{command}.1" for command in COMMANDS)])
def test_manual_is_installed(page):
    assert f"'{page}'" in (ROOT / "man/meson.build").read_text()
