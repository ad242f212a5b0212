"""docs/opting-out.md, "Try it", word by word: a mail unsubscribes its reader in one POST."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from commands import ROOT, environment

_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="no bash or curl")
def test_the_documented_commands_do_what_the_page_says(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "opting-out.md").read_text("utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    words = "\n".join(_BLOCK.findall(page)).replace("outreach web", f"outreach web --port {port}")
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "outreach").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m outreach "$@"\n')
    (folder / "outreach").chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"

    done = subprocess.run(
        ["bash", "-euc", words.replace(":8000", f":{port}")],
        cwd=tmp_path,
        env=environment() | {"PATH": path},
        capture_output=True,
        timeout=120,
        check=False,
    )

    said = done.stdout.decode()
    assert done.returncode == 0, said + done.stderr.decode()
    assert re.findall(r"^sent +(\d+)$", said, re.MULTILINE) == ["2", "1", "3"]  # the report: both
    assert "\n200\n" in said
    assert re.search(r"^consent_withdrawn +1\b", said, re.MULTILINE), said
