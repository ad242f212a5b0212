"""The instant a plan is for: what was asked for, else the campaign's next occurrence."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from outreach.app.context import Context, read_instant
from outreach.campaign.model import Campaign, ScheduleKind
from outreach.campaign.occurrences import CUSTOMER, instant_in, occurrences
from outreach.planning.occasion import Occasion, come, past
from outreach.planning.tick import WIDEST_DAY
from outreach.store.activity import activities
from outreach.store.runs import run_of
from outreach.vocabulary import RunState

LOOK_AHEAD = timedelta(days=3_660)


def occasion_of(context: Context, campaign: Campaign, at: str | None) -> Occasion:
    """`at` as written, else the next occurrence, else now.

    Without an offset `at` is the customers' own wall clock where the campaign goes by it, else
    company time.
    """
    if at is not None:
        written = read_instant(at, "--at")
        if written.tzinfo is None and campaign.schedule.timezone == CUSTOMER and _runs(campaign):
            return Occasion(local_at=written)
        return Occasion(at=context.instant(written))
    return _next(context, campaign) or Occasion(at=context.now())


def past_turns(
    context: Context,
    conn: Connection,
    campaign: Campaign,
    occasion: Occasion,
    asked: Mapping[int, datetime],
) -> frozenset[int]:
    """The places that the run of an occurrence writes to no more, or did not; `asked`: their instants.

    A campaign that no scheduler has seen active yet begins now: it sends nothing that is past.
    """
    if not _runs(campaign):
        return frozenset()
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


def is_over(context: Context, campaign: Campaign) -> bool:
    """Whether a campaign with a calendar has no occurrence to come, nor one on its way."""
    return _runs(campaign) and _next(context, campaign) is None


def _runs(campaign: Campaign) -> bool:
    return campaign.schedule.kind is not ScheduleKind.MANUAL


def _next(context: Context, campaign: Campaign) -> Occasion | None:
    """The next occurrence; of local times the next on the company's own clock.

    Where none is to come, one that places further west have yet to see.
    """
    now, zone = context.now(), context.company().brand.timezone
    on_its_way = None
    for found in occurrences(campaign.schedule, zone, now - WIDEST_DAY, now + LOOK_AHEAD):
        if found.local is None and found.instant_at >= now:
            return Occasion(at=found.instant_at)
        if found.local is not None and instant_in(found.local, ZoneInfo(zone)) >= now:
            return Occasion(local_at=found.local)
        occasion = Occasion(found.instant_at if found.local is None else None, found.local)
        on_its_way = occasion if occasion.last_at >= now else None
    return on_its_way
