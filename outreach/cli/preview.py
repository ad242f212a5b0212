"""`outreach preview`."""

from pathlib import Path
from typing import Annotated

import typer

from outreach.app.previewing import Preview, preview_campaign
from outreach.cli.call import call_of
from outreach.cli.screen import Screen


def preview(
    ctx: typer.Context,
    campaign: Annotated[str, typer.Argument(help="The campaign's name")],
    customer: Annotated[
        str | None, typer.Option(metavar="KEY", help="For this customer, on every channel")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write each message into this folder")
    ] = None,
) -> None:
    """The very messages that would go: for one customer, or for a few of the plan."""
    call = call_of(ctx)
    with call.context() as context:
        found = preview_campaign(context, campaign, customer, out)
    call.show(found, lambda screen: _show(screen, found))


def _show(screen: Screen, found: list[Preview]) -> None:
    if not found:
        screen.line("nobody would get it now")
    for each in found:
        screen.heading(f"{each.channel} to {each.key}")
        screen.line(each.problem or each.text.replace("\r\n", "\n"))
        screen.line()
