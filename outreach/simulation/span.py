"""The instants at which a simulation looks."""

from collections.abc import Iterator
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)


def instants(start: datetime, end: datetime, every: timedelta = HOUR) -> Iterator[datetime]:
    """From `start` on each whole step of the clock before `end`.

    The first is `start` itself, whatever the clock says then.
    """
    yield start
    at = _step_after(start, every)
    while at < end:
        yield at
        at += every


def look_at(start: datetime, every: timedelta, at: datetime) -> datetime:
    """The first of these instants at `at` or after it."""
    if at <= start:
        return start
    return _step_after(at - timedelta.resolution, every)


def _step_after(at: datetime, every: timedelta) -> datetime:
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + ((at - midnight) // every + 1) * every
