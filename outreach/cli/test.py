"""`outreach test`."""

from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from outreach.cli.call import call_of
from outreach.cli.screen import Screen
from outreach.errors import ProblemsFound
from outreach.testing import (
    CaseResult,
    Results,
    Untested,
    run_tests,
    write_junit,
    write_refused,
)


def test(
    ctx: typer.Context,
    path: Annotated[
        Path | None, typer.Argument(help="A file or a folder instead of the project's tests/")
    ] = None,  # noqa: PT028
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the results as JUnit's XML too")
    ] = None,  # noqa: PT028
) -> int:
    """Campaign tests: who must get what, when and why not. Exit code 1 if any fails.

    Each case is on an empty base of its own, made for it: no database is touched.
    """
    call = call_of(ctx)
    try:
        with call.context() as context:
            found = run_tests(context, path)
    except ProblemsFound as refused:
        if junit is not None:
            write_refused(junit, refused.problems)
        raise
    if junit is not None:
        write_junit(junit, found.cases)
    document = {
        "passed": found.passed,
        "failed": found.failed,
        "cases": [
            {
                name: getattr(each, name)
                for name in ("file", "line", "name", "ok", "expected", "got")
            }
            for each in found.cases
        ],
        "untested": found.untested,
    }
    call.show(document, lambda screen: _show(screen, found))
    return 1 if found.failed else 0


def _show(screen: Screen, found: Results) -> None:
    for each in found.cases:
        if not each.ok:
            _show_failed(screen, each)
    screen.line(f"{found.passed:,} passed, {found.failed:,} failed")
    if found.untested:
        screen.line()
        screen.heading("No test comes to")
        for campaign, rules in groupby(found.untested, key=lambda each: each.campaign):
            screen.line(f"{campaign}: {_listed(list(rules))}")


def _listed(rules: list[Untested]) -> str:
    return ", ".join(each.rule for each in rules)


def _show_failed(screen: Screen, result: CaseResult) -> None:
    screen.heading(f"{result.file}:{result.line}: {result.name}")
    width = max(len(each.name) for each in result.differences)
    for each in result.differences:
        screen.line(f"  {each.name:<{width}}  expected  {each.expected}")
        screen.line(f"  {'':<{width}}  got       {each.got}")
    for line in result.why:
        screen.line(f"  stopped by {line}")
    screen.line()
