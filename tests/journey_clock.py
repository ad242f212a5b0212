"""What a customer's clock says of a wait and of a window, searched minute by minute."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from journey_world import Journey, Pause

MINUTE = timedelta(minutes=1)


def next_moment(pause: Pause, zone: str, since: datetime) -> datetime:
    """The first minute later than `since` of such a day at which its clock first shows the time.

    Where the clock skips that time it is the first minute that it shows after it.
    """
    at = since.replace(second=0, microsecond=0) - timedelta(days=2)
    come: set[date] = set()
    while True:
        local = at.astimezone(ZoneInfo(zone))
        if local.date() not in come and local.time() >= pause.at:
            come.add(local.date())
            if at > since and pause.weekday in (None, local.weekday()):
                return at
        at += MINUTE


def opening(journey: Journey, zone: str, now: datetime) -> datetime:
    """The first instant from `now` on that lies in the window by that clock."""
    if journey.window is None:
        return now
    begin, end = journey.window
    at = now
    while not begin <= at.astimezone(ZoneInfo(zone)).time() < end:
        at = at.replace(second=0, microsecond=0) + MINUTE
    return at
