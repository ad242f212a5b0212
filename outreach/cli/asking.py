"""A person is asked before what can not be undone; a program says `--yes`."""

import sys

import typer

from outreach.cli.call import Call
from outreach.errors import UsageError


def check_somebody_is_there(call: Call, what: str) -> None:
    """UsageError where nobody can be asked whether to do it: for a program, or without a terminal."""
    if call.json or not sys.stdin.isatty():
        raise UsageError(f"nobody can be asked whether to {what}", "add `--yes`")


def is_agreed(question: str) -> bool:
    """Whether a person says yes; stdout is left to the answer."""
    return typer.confirm(question, err=True)
