"""`outreach explain`."""

from typing import Annotated

import typer

from outreach.app.explaining import Explained, explain_customer
from outreach.cli.call import call_of
from outreach.cli.screen import Screen


def explain(
    ctx: typer.Context,
    campaign: Annotated[str, typer.Argument(help="The campaign's name")],
    key: Annotated[str, typer.Argument(help="The customer's key")],
    at: Annotated[
        str | None, typer.Option(help="For this instant instead of the next occurrence")
    ] = None,
) -> None:
    """Every rule's answer for one customer, with the record behind it."""
    call = call_of(ctx)
    with call.context() as context:
        found = explain_customer(context, campaign, key, at)
    call.show(found, lambda screen: _show(screen, found))


def _show(screen: Screen, found: Explained) -> None:
    said = f"{found.campaign} for {found.key}: {found.decision.value}"
    if found.channel:
        said += f" by {found.channel}"
    if found.until:
        said += f" at {found.until.isoformat(timespec='minutes')}"
    if found.reason:
        said += f" ({found.reason.value})"
    screen.heading(said)
    screen.line()
    screen.table(
        ["rule", "channel", "", "detail"],
        [
            (each.rule.value, each.channel or "", "ok" if each.passed else "stops", each.detail)
            for each in found.rules
        ],
    )
