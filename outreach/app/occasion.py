"""The instant a plan is for: what was asked for, else the campaign's next occurrence."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from outreach.app.context import Context, read_instant
from outreach.campaign.model import Campaign, ScheduleKind
from outreach.campaign.occurrences import CUSTOMER, instant_in, occurrences
from outreach.planning.occasion import Occasion
from outreach.planning.tick import WIDEST_DAY

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
