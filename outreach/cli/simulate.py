"""`outreach simulate`."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from outreach.app.company_clock import company_clock
from outreach.app.simulating import Asked, OfCampaign, Simulation, draw, make_folder, read_step
from outreach.app.simulating import simulate as simulate_days
from outreach.cli.call import call_of
from outreach.cli.ending import tidy_end
from outreach.cli.progress import progress
from outreach.cli.screen import Screen, shown
from outreach.cli.waiting import show_cost
from outreach.simulation.counting import WAITING
from outreach.simulation.starving import Starved
from outreach.vocabulary import number_of

FEW = 10  # lines of a list that goes on
_NONE = timedelta()
_WHY = {"": "no campaign is for them", WAITING: "a message for them waits still"}


def simulate(
    ctx: typer.Context,
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days from now")] = 30,
    seed: Annotated[int, typer.Option(help="Of chance: the same gives the same answer")] = 0,
    assume: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What customers do with messages: docs/simulating.md"),
    ] = None,
    rows: Annotated[
        Path | None, typer.Option(help="Write a line for each message into this CSV file")
    ] = None,
    svg: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Draw calendar.svg and touches.svg there")
    ] = None,
    every: Annotated[
        str, typer.Option(metavar="SPAN", help="How far apart the looks at the clock are")
    ] = "1 hour",
) -> None:
    """All campaigns over the coming days, on a copy of the base: nothing else changes.

    The statements are those that plan and send; every provider takes every message at once. What
    falls due between two looks goes at the next one. A day's `hold` is what came due and was put
    off; it counts as `send` on the day it goes.
    """
    call = call_of(ctx)
    asked = Asked(days, seed, read_step(every), rows, assume)
    if svg is not None:
        make_folder(svg)
    with call.context() as context, tidy_end(), progress() as bars:
        now = context.now().astimezone(company_clock(context))
        found = simulate_days(context, asked, bars.of_days(now, days * 24))
    if svg is not None:
        draw(found, svg)
    call.show(found, lambda screen: _show(screen, found))


def _show(screen: Screen, found: Simulation) -> None:
    sent = sum(day.send for day in found.days)
    span = f"{found.days[0].date} to {found.days[-1].date}"
    reached = f"{found.customers - found.unreached:,} of {number_of(found.customers, 'customer')}"
    screen.heading(f"{span}: {number_of(sent, 'message')} to {reached}")
    show_cost(screen, found.cost)
    _show_days(screen, found)
    _show_silent(screen, found)
    _show_tasks(screen, found)
    _show_touches(screen, found)
    if found.deeds:
        screen.line()
        screen.heading("What customers do, as assumed")
        screen.bars(found.deeds)
    _show_load(screen, found)
    _show_stages(screen, found)
    _show_people(screen, found)


def _show_days(screen: Screen, found: Simulation) -> None:
    names = sorted({name for day in found.days for name in day.campaigns})
    if not names:
        screen.line("no campaign comes due")
        return
    screen.line()
    screen.heading("Messages by day")
    screen.table(
        ["day", "all", *names],
        [
            [f"{day.date:%a %Y-%m-%d}", shown(day.send), *(_sent(day.campaigns, n) for n in names)]
            for day in found.days
        ],
        right=["all", *names],
    )
    screen.line()
    screen.heading("By campaign")
    screen.table(
        ["campaign", "send", "hold", "left out", "most of all for"],
        [_of_campaign(found, name) for name in names],
        right=["send", "hold", "left out"],
    )
    if found.channels:
        screen.line()
        screen.heading("By channel")
        screen.bars(found.channels)
        screen.line()
        screen.heading("By hour, company time")
        screen.bars({f"{hour:02}:00": many for hour, many in enumerate(found.hours) if many})


def _show_silent(screen: Screen, found: Simulation) -> None:
    if found.silent:
        screen.line()
        screen.heading("Nothing comes of")
        screen.table(["campaign", "for"], [list(each) for each in sorted(found.silent.items())])


def _show_tasks(screen: Screen, found: Simulation) -> None:
    if found.tasks:
        screen.line()
        screen.heading("Tasks by owner")
        rows = [
            [each.owner or "nobody", each.title, each.cause, each.tasks] for each in found.tasks
        ]
        screen.table(["owner", "title", "from", "tasks"], rows, right=["tasks"])


def _sent(campaigns: dict[str, OfCampaign], name: str) -> str:
    each = campaigns.get(name)
    return "" if each is None else shown(each.send)


def _of_campaign(found: Simulation, name: str) -> list[object]:
    each = [day.campaigns[name] for day in found.days if name in day.campaigns]
    skip: dict[str, int] = {}
    for one in each:
        for reason, many in one.skip.items():
            skip[reason] = skip.get(reason, 0) + many
    why = sorted(skip, key=lambda reason: (-skip[reason], reason))[:3]
    told = ", ".join(f"{reason} {shown(skip[reason])}" for reason in why)
    sent, held = sum(one.send for one in each), sum(one.hold for one in each)
    return [name, sent, held, sum(skip.values()), told]


def _show_touches(screen: Screen, found: Simulation) -> None:
    touches = found.touches
    screen.line()
    screen.heading("Messages by customer")
    screen.bars({str(many): people for many, people in touches.histogram.items() if people})
    screen.line(f"median {touches.median:g}, 95 of 100 up to {touches.p95}, most {touches.max}")
    verb = "is" if found.unreached == 1 else "are"
    screen.line(f"{number_of(found.unreached, 'customer')} {verb} reached by nothing")
    if found.starved:
        screen.line()
        screen.heading("Left out by cadence, and what had taken the place")
        rows = [[each.campaign, _taker(each), each.customers] for each in found.starved[:FEW]]
        screen.table(["left out", "place taken by", "customers"], rows, right=["customers"])


def _taker(each: Starved) -> str:
    return "an earlier one of its own" if each.by == each.campaign else each.by


def _show_load(screen: Screen, found: Simulation) -> None:
    if not found.load:
        return
    screen.line()
    screen.heading("Rate limits")
    screen.table(
        ["limit", "rate", "messages", "busiest", "at, company time", "longest wait", "days over"],
        [
            [each.limit, each.rate, each.messages, each.busiest, _at(each.busiest_at, found),
             _span(each.longest_wait), each.days_over]
            for each in found.load[:FEW]
        ],
        right=["messages", "busiest", "days over"],
    )  # fmt: skip


def _at(at: datetime, found: Simulation) -> str:
    return f"{at.astimezone(ZoneInfo(found.timezone)):%a %Y-%m-%d %H:%M}"


def _span(span: timedelta) -> str:
    return "" if span == _NONE else str(timedelta(seconds=round(span.total_seconds())))


def _show_stages(screen: Screen, found: Simulation) -> None:
    for model, drift in found.stages.items():
        names = sorted({*drift.before, *drift.after})
        if not (drift.moves and names):
            continue
        screen.line()
        screen.heading("Stages" if model == "main" else f"Stages: {model}")
        rows = [[name or "none", drift.before.get(name, 0), drift.after.get(name, 0)]
                for name in names]  # fmt: skip
        screen.table(["stage", "before", "after"], rows, right=["before", "after"])


def _show_people(screen: Screen, found: Simulation) -> None:
    if found.pestered:
        screen.line()
        screen.heading("Who hears most")
        rows = [[each.key, each.touches, each.campaigns] for each in found.pestered]
        screen.table(["customer", "messages", "from"], rows, right=["messages"])
    if found.forgotten:
        screen.line()
        screen.heading("Who is forgotten")
        forgotten = [
            [
                each.key,
                "never" if each.last_contact_at is None else _at(each.last_contact_at, found),
                _WHY.get(each.why, each.why),
            ]
            for each in found.forgotten
        ]
        screen.table(["customer", "last in touch, company time", "left out for"], forgotten)
