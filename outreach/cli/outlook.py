"""`outreach outlook`."""

from typing import Annotated

import typer

from outreach.app.company_clock import company_clock
from outreach.app.foreseeing import Foreseen, Outlook, foresee
from outreach.cli.call import call_of
from outreach.cli.ending import tidy_end
from outreach.cli.progress import progress
from outreach.cli.screen import Screen
from outreach.vocabulary import number_of

_WHEN = "%a %Y-%m-%d %H:%M"


def outlook(
    ctx: typer.Context,
    customer: Annotated[str, typer.Argument(metavar="KEY", help="The customer's key")],
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days from now")] = 90,
) -> None:
    """One customer's next months across all campaigns: what comes, and what is withheld and why.

    By the customer's own clock; messages as they will be read. On a copy: nothing is written or sent.
    """
    call = call_of(ctx)
    with call.context() as context, tidy_end(), progress() as bars:
        now = context.now().astimezone(company_clock(context))
        found = foresee(context, customer, days, bars.of_days(now, days * 24))
    call.show(found, lambda screen: _show(screen, found))


def _show(screen: Screen, found: Outlook) -> None:
    arriving = found.arriving
    withheld = [each for each in found.messages if each.at is None]
    span = f"{found.start:%Y-%m-%d} to {found.end:%Y-%m-%d}, {found.timezone}"
    screen.heading(f"{found.key}: {number_of(len(arriving), 'message')}, {span}")
    for each in arriving:
        screen.line()
        screen.heading(f"{each.at:{_WHEN}}  {each.channel}  {each.campaign}")
        if each.until is not None:
            screen.line(f"put off from {each.planned_at:{_WHEN}}: {each.reason}")
        if each.problem:
            screen.line(f"can not be rendered: {each.problem}")
        if each.subject:
            screen.line(each.subject, "bold")
        if each.text:
            screen.line(each.text)
    if withheld:
        screen.line()
        screen.heading("Withheld")
        screen.table(["when", "campaign", "channel", "why"], [_row(each) for each in withheld])
    if found.stages:
        screen.line()
        screen.heading("Stages")
        for turn in found.stages:
            screen.line(f"{turn.at:{_WHEN}}  {turn.old or 'none'} → {turn.new or 'none'}")


def _row(each: Foreseen) -> list[object]:
    why = each.reason or each.state
    if each.until is not None:
        why = f"{why}, held until {each.until:{_WHEN}}"
    return [f"{each.planned_at:{_WHEN}}", each.campaign, each.channel, why]
