"""`outreach check`."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from outreach.app.check import Checked, check_files
from outreach.cli.call import call_of
from outreach.cli.progress import progress
from outreach.cli.screen import Screen
from outreach.errors import WARNING, Problem

if TYPE_CHECKING:
    from outreach.app.context import Context


def check(
    ctx: typer.Context,
    render_all: Annotated[
        bool, typer.Option("--render-all", help="Render every message of every audience as well")
    ] = False,
) -> int:
    """Every file of the project: all problems at once.

    A line for each, as FILE:LINE:COLUMN: what; how to mend it. Exit code 1 if there is any.
    Warnings (who is not found in the database, what customers lack) do not count; where the
    database can not be used they are left out, and stderr says why.

    With --render-all every message that any campaign would send by its next occurrence is rendered,
    and each customer for whom that fails is a problem at the template's line.
    """
    call = call_of(ctx)
    with call.context() as context:
        checked = check_files(context)
        rendered = _rendered(context) if render_all else []
    checked = replace(checked, problems=(*checked.problems, *rendered))
    if checked.unasked:
        sys.stderr.write(f"outreach: what is in the database is not asked: {checked.unasked}\n")
    call.show(checked.problems, lambda screen: _show(screen, checked))
    return 1 if checked.faults else 0


def _rendered(context: "Context") -> list[Problem]:
    """For whom messages can not be rendered, in order of place and customer."""
    from outreach.app.render_all import render_all as each_message  # and with it SQLAlchemy

    found: list[Problem] = []
    with progress() as bars:
        done = each_message(context, found.append, bars.of)
    many = sum(each.messages for each in done)
    sys.stderr.write(f"outreach: rendered {many:,} messages, {len(found):,} failed\n")
    return sorted(found)


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
