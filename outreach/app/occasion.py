"""The instant a plan is for: what was asked for, else the campaign's next occurrence."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from outreach.app.context import Context, read_instant
from outreach.campaign.model import Campaign
from outreach.campaign.occurrences import CUSTOMER, instant_in, occurrences
from outreach.decisions.localities import localities
from outreach.decisions.ruling import Ruling
from outreach.planning.occasion import REPEAT, Occasion, come, past
from outreach.planning.tick import WIDEST_DAY
from outreach.store.activity import activities
from outreach.store.runs import run_of
from outreach.vocabulary import RunState

__all__ = ["REPEAT", "Turn", "turn_of"]
LOOK_AHEAD = timedelta(days=3_660)
MOST_ASIDE = 50


@dataclass(frozen=True, slots=True)
class Turn:
    """When a campaign is asked about: its occasion, and each place's instant by the place's id."""

    occasion: Occasion
    instants: Mapping[int, datetime]
    past: frozenset[int]  # the places that are written to no more
    is_over: bool  # the schedule has no time to come: it is asked as if sent by hand now


def turn_of(context: Context, conn: Connection, ruling: Ruling, at: str | None) -> Turn:
    """`at` as written, else the next occurrence, else now; with `at` or by hand no turn is past.

    Without an offset `at` is the customers' own wall clock where the campaign goes by it, else
    company time.
    """
    campaign = ruling.campaign
    if at is not None:
        occasion: Occasion | None = _asked(context, campaign, at)
    else:
        occasion = _next(context, campaign, {place.country for place in localities(conn)})
    by_hand = Occasion(at=context.now())
    instants = (occasion or by_hand).instants(ruling.grid, localities(conn))
    if occasion is None or at is not None:
        is_over = occasion is None and _runs(campaign)
        return Turn(occasion or by_hand, instants, frozenset(), is_over)
    return Turn(occasion, instants, _past_turns(context, conn, campaign, occasion, instants), False)


def _of_countries(
    context: Context, campaign: Campaign, countries: Collection[str]
) -> Iterator[Occasion]:
    """Of a feast's occurrences those on which one of the countries has it; all if there are none."""
    feast, home = campaign.schedule.on_holiday, ZoneInfo(context.company().brand.timezone)
    aside: list[Occasion] = []
    for each in _around(context, campaign):
        local = each.local_at or each.first_at.astimezone(home)
        if feast is None or any(feast.comes_to(country, local.date()) for country in countries):
            aside.clear()
            yield each
        elif len(aside) < MOST_ASIDE:
            aside.append(each)
    yield from aside


def _asked(context: Context, campaign: Campaign, at: str) -> Occasion:
    written = read_instant(at, "--at")
    if written.tzinfo is None and campaign.schedule.timezone == CUSTOMER and _runs(campaign):
        return Occasion(local_at=written)
    return Occasion(at=context.instant(written))


def _past_turns(
    context: Context,
    conn: Connection,
    campaign: Campaign,
    occasion: Occasion,
    asked: Mapping[int, datetime],
) -> frozenset[int]:
    """The places that the run of an occurrence writes to no more, or did not; `asked`: their instants.

    A campaign that no scheduler has seen active yet begins now: it sends nothing that is past.
    """
    now, late = context.now(), campaign.schedule.late
    run = run_of(conn, campaign.name, occasion.first_at)
    if run is None:
        known = activities(conn).get(campaign.name)
        since = None if known is None else known.active_since
        return past(asked, late, now, since or now)
    planned = asked
    if run.state is RunState.PLANNING:
        planned = come(asked, None, run.planned_until) if run.planned_until else {}
    rest = {place: at for place, at in asked.items() if place not in planned}
    since = run.active_since
    return past(planned, late, run.created_at, since) | past(rest, late, now, since)


def _runs(campaign: Campaign) -> bool:
    return campaign.schedule.by_calendar


def occasions_ahead(context: Context, campaign: Campaign) -> Iterator[Occasion]:
    """The occurrences to come, in order; of local times those ahead on the company's own clock."""
    return (each for each in _around(context, campaign) if _is_ahead(context, each))


def _next(context: Context, campaign: Campaign, countries: Collection[str]) -> Occasion | None:
    """The next occurrence; where none is to come, one that places further west have yet to see.

    A feast of which none of the customers' `countries` has ever a day comes on that of another.
    """
    now, on_its_way = context.now(), None
    for each in _of_countries(context, campaign, countries):
        if _is_ahead(context, each):
            return each
        on_its_way = each if each.last_at >= now else None
    return on_its_way


def _around(context: Context, campaign: Campaign) -> Iterator[Occasion]:
    """The occurrences from a day ago on: local times that some places have yet to see among them."""
    now, zone = context.now(), context.company().brand.timezone
    for found in occurrences(campaign.schedule, zone, now - WIDEST_DAY, now + LOOK_AHEAD):
        yield Occasion(found.instant_at if found.local is None else None, found.local)


def _is_ahead(context: Context, occasion: Occasion) -> bool:
    at = occasion.at
    if occasion.local_at is not None:
        at = instant_in(occasion.local_at, ZoneInfo(context.company().brand.timezone))
    return at is not None and at >= context.now()
