"""`outreach approve`."""

import sys
from typing import Annotated

import typer

from outreach.app.approving import Approval, Proposal, approve_campaign, propose, standing
from outreach.cli.call import Call, call_of
from outreach.cli.plan import show_plan
from outreach.cli.screen import Screen
from outreach.errors import UsageError


def approve(
    ctx: typer.Context,
    campaign: Annotated[str, typer.Argument(help="The campaign's name: its file's, without .yaml")],
    as_: Annotated[
        str, typer.Option("--as", metavar="PERSON", help="Who approves: one of `approval` `people`")
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask")] = False,
    lang: Annotated[str, typer.Option(help="The language it is read back in: en or zh")] = "en",
) -> None:
    """Approve a campaign as its files stand: shows what it does, and its plan, and asks.

    An edit of its file, templates, layouts, texts or attachments takes the approval back. A run
    that waits for it goes by itself once all have approved.
    """
    call = call_of(ctx)
    if not yes and call.json:
        raise _nobody_to_ask()
    with call.context() as context:
        proposal = propose(context, campaign, as_, lang)
        said = standing(context, campaign, proposal)
        if not call.json:
            call.show(proposal, lambda screen: _propose(screen, proposal, said))
        if not yes and not _agreed(as_):
            return
        found = approve_campaign(context, proposal)
    _tell(call, campaign, found)


def _propose(screen: Screen, proposal: Proposal, said: str) -> None:
    screen.line(proposal.described)
    screen.line()
    show_plan(screen, proposal.plan)
    screen.line()
    screen.line(said)


def _agreed(person: str) -> bool:
    if not sys.stdin.isatty():
        raise _nobody_to_ask()
    return typer.confirm(f"Approve it as {person}?")


def _nobody_to_ask() -> UsageError:
    return UsageError("nobody can be asked whether to approve it", "add `--yes`")


def _tell(call: Call, campaign: str, found: Approval) -> None:
    missing = found.needed - len(found.approved_by)
    by = " and ".join(found.approved_by)

    def people(screen: Screen) -> None:
        screen.line(f"{campaign} at {found.digest[:12]} is approved by {by}")
        if missing > 0:
            screen.line("one more must approve it before it goes out")

    call.show(found, people)
