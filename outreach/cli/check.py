"""`outreach check`."""

import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from outreach.app.check import Checked, check_files
from outreach.cli.call import call_of
from outreach.cli.progress import progress
from outreach.cli.screen import Screen
from outreach.errors import WARNING, Problem, UsageError
from outreach.vocabulary import number_of

if TYPE_CHECKING:
    from outreach.app.context import Context
    from outreach.app.describing import Described


def check(
    ctx: typer.Context,
    render_all: Annotated[
        bool, typer.Option("--render-all", help="Render every message of every audience as well")
    ] = False,
    described: Annotated[
        bool, typer.Option("--describe", help="Say in words what each campaign does as well")
    ] = False,
    lang: Annotated[
        str | None, typer.Option(help="The language of --describe: en or zh; left out: en")
    ] = None,
) -> int:
    """Every file of the project: all problems at once.

    A line for each, as FILE:LINE:COLUMN: what; how to mend it. Exit code 1 if there is any.
    Warnings (who is not found in the database, what customers lack) do not count; where the
    database can not be used they are left out, and stderr says why.

    With --render-all every message that any campaign would send by its next occurrence is rendered,
    and each customer for whom that fails is a problem at the template's line. Later messages of a
    journey are rendered for all who come in; where a `when` or a branch decides who comes to them
    it is a warning.

    With --describe each campaign in order that is not archived is read back in words behind the
    problems; with --json too the document is then {problems, described}.
    """
    if lang is not None and not described:
        raise UsageError("`--lang` is for `--describe`", "add `--describe`")
    call = call_of(ctx)
    with call.context() as context:
        checked = check_files(context)
        rendered = _rendered(context) if render_all else []
        words = _described(context, checked, lang or "en") if described else []
    checked = replace(checked, problems=(*checked.problems, *rendered))
    if checked.unasked:
        sys.stderr.write(f"outreach: what is in the database is not asked: {checked.unasked}\n")
    both = {"problems": checked.problems, "described": words}
    call.show(both if described else checked.problems, lambda screen: _show(screen, checked, words))
    return 1 if checked.faults else 0


def _rendered(context: "Context") -> list[Problem]:
    """For whom messages can not be rendered, in order of place and customer."""
    from outreach.app.render_all import render_all as each_message  # and with it SQLAlchemy

    found: list[Problem] = []
    with progress() as bars:
        done = each_message(context, found.append, bars.of)
    many = sum(each.messages for each in done)
    sys.stderr.write(f"outreach: rendered {number_of(many, 'message')}, {len(found):,} failed\n")
    return sorted(found)


def _described(context: "Context", checked: Checked, language: str) -> "list[Described]":
    from outreach.app.describing import describe_all  # and with it Babel

    return describe_all(context, checked.faults, language)


def _show(screen: Screen, checked: Checked, described: "Iterable[Described]") -> None:
    for problem in checked.problems:
        screen.line(_told(problem))
    for each in described:
        screen.heading(each.campaign)
        screen.line(each.text)
        screen.line()
    if checked.faults:
        files = len({each.file for each in checked.problems})
        many = len(checked.faults)
        sys.stderr.write(f"outreach: problems: {many}, in files: {files}\n")
    else:
        screen.line(f"{number_of(checked.files, 'file')}, no problems")


def _told(problem: Problem) -> Problem:
    if problem.code.startswith(WARNING):
        return replace(problem, message=f"warning: {problem.message}")
    return problem
