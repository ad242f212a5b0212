"""`outreach check`."""

import sys
from dataclasses import replace

import typer

from outreach.app.check import Checked, check_files
from outreach.cli.call import call_of
from outreach.cli.screen import Screen
from outreach.errors import WARNING, Problem


def check(ctx: typer.Context) -> int:
    """Every file of the project: all problems at once.

    A line for each, as FILE:LINE:COLUMN: what; how to mend it. Exit code 1 if there is any.
    Warnings (who is not found in the database, what customers lack) do not count; where the
    database can not be used they are left out, and stderr says why.
    """
    call = call_of(ctx)
    with call.context() as context:
        checked = check_files(context)
    if checked.unasked:
        sys.stderr.write(f"outreach: what is in the database is not asked: {checked.unasked}\n")
    call.show(checked.problems, lambda screen: _show(screen, checked))
    return 1 if checked.faults else 0


def _show(screen: Screen, checked: Checked) -> None:
    for problem in checked.problems:
        screen.line(_told(problem))
    if checked.faults:
        files = len({each.file for each in checked.problems})
        sys.stderr.write(f"outreach: problems: {checked.faults}, in files: {files}\n")
    else:
        screen.line(f"{checked.files} files, no problems")


def _told(problem: Problem) -> Problem:
    if problem.code.startswith(WARNING):
        return replace(problem, message=f"warning: {problem.message}")
    return problem
