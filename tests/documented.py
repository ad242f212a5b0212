"""The commands of a page of docs/, run word by word as a reader would."""

import os
import re
import subprocess
import sys
from pathlib import Path

from commands import ROOT, environment

_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SAID = re.compile(r"^```\n\n((?:    [^\n]*\n)+)", re.MULTILINE)


def try_it(page: str) -> str:
    """The section "Try it" of a page."""
    return (ROOT / "docs" / page).read_text("utf-8").partition("\n## Try it\n")[2]


def commands_of(section: str) -> str:
    """The shell's words in a section."""
    return "\n".join(_BLOCK.findall(section))


def answers_of(section: str) -> list[str]:
    """What the section says that commands print: the indented lines right after them."""
    lines = (line for said in _SAID.findall(section) for line in said.splitlines())
    return [line.strip() for line in lines]


def run_words(words: str, folder: Path) -> str:
    """What they print in an empty folder, with `outreach` on the PATH; each must end well."""
    programs = folder / "bin"
    programs.mkdir()
    (programs / "outreach").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m outreach "$@"\n')
    (programs / "outreach").chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", words],
        cwd=folder,
        env=environment() | {"PATH": path},
        capture_output=True,
        timeout=120,
        check=False,
    )
    said = done.stdout.decode()
    assert done.returncode == 0, said + done.stderr.decode()
    return said
