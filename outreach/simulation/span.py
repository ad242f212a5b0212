"""The instants at which a simulation looks."""

from collections.abc import Iterator
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)


def instants(start: datetime, end: datetime, every: timedelta = HOUR) -> Iterator[datetime]:
    """From `start` on each whole step of the clock before `end`.

    The first is `start` itself, whatever the clock says then.
    """
    yield start
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight + ((start - midnight) // every + 1) * every
    while at < end:
        yield at
        at += every
