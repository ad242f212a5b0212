"""Logs: one line each, without values of variables."""

import json
import subprocess
import sys

import pytest

PROGRAM = """
from outreach.app.logs import set_up_logs
from outreach.logger import Logger
from outreach.settings.environment import LogFormat
set_up_logs(LogFormat.{form}, chatty={chatty})
log = Logger("test")
log.info("claimed", run=7)
def send(address):
    raise ValueError("refused")
try:
    send("ann@example.com")
except ValueError:
    log.exception("failed", delivery=1)
"""


def _logged(form: str, chatty: bool) -> list[str]:
    program = PROGRAM.format(form=form, chatty=chatty)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_json_logs_are_one_object_a_line() -> None:
    lines = [json.loads(line) for line in _logged("JSON", chatty=True)]

    assert [line["event"] for line in lines] == ["claimed", "failed"]
    assert (lines[0]["level"], lines[0]["run"]) == ("info", 7)


def test_only_warnings_are_told_unless_chatty() -> None:
    assert [json.loads(line)["event"] for line in _logged("JSON", chatty=False)] == ["failed"]


@pytest.mark.parametrize("form", ["JSON", "CONSOLE"])
def test_tracebacks_hold_no_values_of_variables(form: str) -> None:
    text = "\n".join(_logged(form, chatty=True))

    assert "refused" in text
    assert "address = " not in text
    assert '"locals"' not in text
