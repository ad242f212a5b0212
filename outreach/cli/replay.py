"""`outreach replay`."""

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from outreach.app.context import read_instant, read_span
from outreach.app.replaying import AskedAgain, Replayed
from outreach.app.replaying import replay as replay_days
from outreach.cli.call import call_of
from outreach.cli.ending import tidy_end
from outreach.cli.progress import progress
from outreach.cli.screen import Screen
from outreach.spans import in_words
from outreach.vocabulary import number_of


def replay(
    ctx: typer.Context,
    campaign: Annotated[str, typer.Argument(help="The campaign's name; a draft will do")],
    start: Annotated[str, typer.Option("--from", metavar="DATE", help="The first day, or instant")],
    end: Annotated[
        str | None,
        typer.Option("--to", metavar="DATE", help="The end, excluded", show_default="now"),
    ] = None,
    goal: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="The kind of event by which a customer comes back",
            show_default="the campaign's own goal, else order",
        ),
    ] = None,
    within: Annotated[
        str | None,
        typer.Option(
            metavar="SPAN",
            help="How soon after the message",
            show_default="as the campaign's own goal, else 30 days",
        ),
    ] = None,
    rows: Annotated[
        Path | None, typer.Option(help="Write a line for each message into this CSV file")
    ] = None,
) -> None:
    """What a campaign would have done over past days, and how many came back without it.

    A baseline, by the campaign's own `goal` unless another is asked for, and what it takes to see a
    difference, before the first message is sent. Events, stages and touches are those of then;
    customers, consents and suppressions count as they stand today. On a copy: nothing is written or
    sent.
    """
    call = call_of(ctx)
    with call.context() as context, tidy_end(), progress() as bars:
        first = context.instant(read_instant(start, "--from"))
        last = context.now() if end is None else context.instant(read_instant(end, "--to"))
        span = None if within is None else read_span(within, "--within")
        asked = AskedAgain(campaign, first, last, goal, span, rows)
        hours = max(1, int((last - first).total_seconds() // 3600))
        found = replay_days(context, asked, bars.of_days(first, hours))
    call.show(found, lambda screen: _show(screen, found))


def _show(screen: Screen, found: Replayed) -> None:
    first, last = (each.astimezone(ZoneInfo(found.timezone)) for each in (found.start, found.end))
    span = f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
    screen.heading(f"{found.campaign}, {span}")
    customers = number_of(found.customers, "customer")
    screen.line(f"would have written {number_of(found.messages, 'message')} to {customers}")
    _show_baseline(screen, found)
    if found.channels:
        screen.line()
        screen.heading("By channel")
        screen.bars(found.channels)
    if found.skip:
        screen.line()
        screen.heading("Left out for")
        screen.bars(found.skip)


def _show_baseline(screen: Screen, found: Replayed) -> None:
    base = found.baseline
    if base.share is None:
        screen.line(f"nobody's {in_words(base.within)} are over yet: there is no baseline")
        return
    low, high = (f"{each:.1%}" for each in base.likely)
    did = f"had an event `{base.kind}`" if base.kind else f"came to the goal `{base.goal}`"
    screen.line(
        f"{base.share:.1%} came back anyway: {base.came_back:,} of {base.customers:,} {did} "
        f"within {in_words(base.within)} (95 of 100 times {low} to {high})"
    )
    if found.samples:
        screen.line()
        screen.heading("To see a difference (95 % sure, 80 % of the time)")
        rows = [
            [f"{each.lift:.0%} more", f"{each.goal:.1%}", each.each_group] for each in found.samples
        ]
        screen.table(
            ["lift", "goal", "customers in each group"], rows, right=["customers in each group"]
        )
    for each in found.visible:
        goal = (
            "no goal would be seen"
            if each.goal is None
            else f"{each.goal:.1%} is the least that is seen"
        )
        screen.line(f"with {each.holdout:.0%} of these {found.customers:,} held out: {goal}")
