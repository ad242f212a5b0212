"""docs/opting-out.md, "Try it", word by word: a mail unsubscribes its reader in one POST."""

import re
import shutil
import socket
from pathlib import Path

import pytest
from documented import commands_of, run_words, try_it


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="no bash or curl")
def test_the_documented_commands_do_what_the_page_says(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    words = commands_of(try_it("opting-out.md"))
    words = words.replace("outreach web", f"outreach web --port {port}")

    said = run_words(words.replace(":8000", f":{port}"), tmp_path)

    assert re.findall(r"^sent +(\d+)$", said, re.MULTILINE) == ["2", "1", "3"]  # the report: both
    assert "\n200\n" in said
    assert re.search(r"^consent_withdrawn +1\b", said, re.MULTILINE), said
