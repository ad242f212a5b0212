"""`outreach report`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from outreach.app.reporting import Reported, report_on
from outreach.cli.arms import show_arms, show_goal_of_arms
from outreach.cli.call import call_of
from outreach.cli.screen import Screen
from outreach.cli.waiting import show_cost
from outreach.reports.journeys import Reached
from outreach.spans import in_words
from outreach.vocabulary import Reason

OF_SENT = ("delivered", "bounced", "complained")
COUNTS = ("failed", "unknown", "expired", "cancelled", "held")
_EXPIRED = (
    "expired here: their turn was over when the run was planned; "
    "above: planned in time, and not out before `late`"
)
REACTIONS = ("opened", "clicked", "scanned")  # shown only where they are counted
PASSING = ("due", "claimed", "handing")  # shown only where there are any


MOST_LINKS = 10  # shown; JSON has all


def report(
    ctx: typer.Context,
    campaign: Annotated[str | None, typer.Argument(help="One campaign instead of all")] = None,
    rows: Annotated[
        Path | None, typer.Option(help="Write a line for each delivery into this CSV file")
    ] = None,
    run: Annotated[int | None, typer.Option(metavar="ID", help="One run only")] = None,
) -> None:
    """What came of campaigns: counts by state, who was left out and why, cost.

    `sent` is all that a provider accepted, whatever came after; with it the counts down to
    `left out` add up to `planned`. `opened` and `clicked` count messages; they are null in JSON
    where nothing measures them. The cost of text messages is about: by the average
    segments of a sample.
    """
    call = call_of(ctx)
    with call.context() as context:
        found = report_on(context, campaign, run, rows)
    call.show(found, lambda screen: _show(screen, found))


def _show(screen: Screen, found: Reported) -> None:
    screen.pairs({
        "planned": found.planned,
        "sent": found.sent,
        **{f"  {name}": getattr(found, name) for name in OF_SENT},
        **{
            f"  {name}": number
            for name in REACTIONS
            if (number := getattr(found, name)) is not None
        },
        **{name: getattr(found, name) for name in COUNTS},
        **{name: number for name in PASSING if (number := getattr(found, name))},
        "left out": sum(found.skipped.values()),
    })  # fmt: skip
    if found.skipped:
        screen.line()
        screen.heading("Left out for")
        screen.bars(found.skipped)
        if Reason.EXPIRED in found.skipped:
            screen.line(_EXPIRED)
    if found.fell_over:
        screen.line()
        screen.heading("Failed for good on a channel")
        screen.table(["channel", "went on by", "no other for", "messages"], [
            [each.channel, each.next or "", each.stopped or "", f"{each.messages:,}"]
            for each in found.fell_over
        ])  # fmt: skip
    show_arms(screen, found.arms, found.winner)
    for step, arms in found.steps.items():
        if arms != found.arms:  # as long as only that step went out they are the same
            show_arms(screen, arms, None, step)
    if found.links:
        screen.line()
        screen.heading("Clicked links, by messages")
        screen.bars(dict(list(found.links.items())[:MOST_LINKS]))
    if found.journey is not None:
        screen.line()
        screen.heading("Journey")
        told = {name: number for name, number in asdict(found.journey).items() if number}
        screen.pairs({name.replace("_", " "): number for name, number in told.items()})
    if found.goal is not None:
        screen.line()
        screen.heading(f"Goal, within {in_words(found.goal.within)}")
        screen.pairs({name: _share(each) for name, each in (
            ("reached", found.goal.reached), ("held out", found.goal.holdout),
        ) if each.customers})  # fmt: skip
        show_goal_of_arms(screen, found.goal.arms)
    if found.cost is not None:
        screen.line()
        show_cost(screen, found.cost)


def _share(of: Reached) -> str:
    return f"{of.reached:,} of {of.customers:,} ({of.reached / of.customers:.1%})"
