"""`outreach explain`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from outreach.app.explaining import Explained, explain_customer
from outreach.app.recorded import ExplainedThen, explain_in_run
from outreach.cli.call import call_of
from outreach.cli.screen import Screen
from outreach.cli.waiting import show_status
from outreach.decisions.explain import Answer
from outreach.errors import UsageError
from outreach.vocabulary import Decision


def explain(
    ctx: typer.Context,
    campaign: Annotated[str, typer.Argument(help="The campaign's name")],
    key: Annotated[str, typer.Argument(help="The customer's key")],
    at: Annotated[
        str | None, typer.Option(help="For this instant instead of the next occurrence")
    ] = None,
    run: Annotated[
        int | None, typer.Option(metavar="ID", help="As it was decided in this run")
    ] = None,
) -> None:
    """Every rule's answer for one customer, with the record behind it."""
    call = call_of(ctx)
    if run is not None:
        if at is not None:
            raise UsageError("`--at` and `--run` do not go together", "a run has its own instant")
        with call.context() as context:
            then = explain_in_run(context, campaign, key, run)
        call.show(then, lambda screen: _show_then(screen, then))
        return
    with call.context() as context:
        found = explain_customer(context, campaign, key, at)
    call.show(found, lambda screen: _show(screen, found))


def _show(screen: Screen, found: Explained) -> None:
    show_status(screen, found.status)
    _heading(screen, found)
    for sentence in found.said:
        screen.line(sentence)
    screen.line()
    _rules(screen, found.rules)


def _show_then(screen: Screen, found: ExplainedThen) -> None:
    _heading(screen, found)
    for sentence in found.said:
        screen.line(sentence)
    screen.line()
    screen.line(f"The rules as of {_local(found.as_of, found.timezone)}, with consents,")
    screen.line("addresses and suppressions as they stand now:")
    screen.line()
    _rules(screen, found.rules)


def _heading(screen: Screen, found: Explained | ExplainedThen) -> None:
    said = f"{found.campaign} for {found.key}: {found.decision.value}"
    if found.channel and found.decision is not Decision.SKIP:
        said += f" by {found.channel}"
    if found.until:
        said += f" at {_local(found.until, found.timezone)}"
    if found.reason:
        said += f" ({found.reason})"
    screen.heading(said)


def _local(at: datetime, zone: str) -> str:
    """An instant on the customer's clock."""
    return f"{at.astimezone(ZoneInfo(zone)).isoformat(' ', 'minutes')} {zone}"


def _rules(screen: Screen, rules: Sequence[Answer]) -> None:
    screen.table(
        ["rule", "channel", "", "detail"],
        [
            (each.rule.value, each.channel or "", "ok" if each.passed else "stops", each.detail)
            for each in rules
        ],
    )
