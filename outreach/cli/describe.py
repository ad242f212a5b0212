"""`outreach describe`."""

from typing import Annotated

import typer

from outreach.app.describing import describe_campaign
from outreach.cli.call import call_of


def describe(
    ctx: typer.Context,
    campaign: Annotated[str, typer.Argument(help="The campaign's name: its file's, without .yaml")],
    lang: Annotated[str, typer.Option(help="The language: en or zh")] = "en",
) -> None:
    """A campaign read back in words: all that its file says, and the defaults that matter."""
    call = call_of(ctx)
    with call.context() as context:
        found = describe_campaign(context, campaign, lang)
    call.show(found, lambda screen: screen.line(found.text))
