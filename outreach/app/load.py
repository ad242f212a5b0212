"""How long a plan's messages take at the rate limits, and whether that fits into their time."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from math import ceil

from outreach.campaign.model import Schedule
from outreach.settings.company import Company
from outreach.settings.rate_limits import ChannelLimits, RateLimit

DAY = timedelta(days=1)
MOST_DAYS = 400  # looked ahead where a day's messages are limited


@dataclass(frozen=True, slots=True)
class Load:
    """What one rate limit makes of a plan's messages; `takes` and `ends_in` in seconds."""

    limit: str  # `email`, `email/gmail.com`
    rate: str
    messages: int
    takes: int
    ends_in: int | None  # from when they may go until the window closes or it is late
    fits: bool


def time_left(schedule: Schedule, local: datetime) -> timedelta:
    """How long messages may go out once they may: until they are late, or the window ends.

    `local` is the planned wall-clock time; what comes before the window waits for it to begin.
    """
    if schedule.window is None:
        return schedule.late
    waits = timedelta(0)
    if not schedule.window.holds(local.time()):
        waits = _until(local, schedule.window.start)
    ends = _until(local + waits, schedule.window.end)
    return max(timedelta(0), min(schedule.late - waits, ends))


def _until(local: datetime, clock: time) -> timedelta:
    """From a wall-clock time to the next at which the clock shows another."""
    at = datetime.combine(local.date(), clock)
    return at - local if at > local else at + DAY - local


def loads(
    company: Company,
    channels: Mapping[str, int],
    domains: Mapping[str, int] | None,
    left: timedelta,
) -> list[Load]:
    """One for each limit that the messages meet; of domains where they were counted."""
    found = []
    for channel, messages in channels.items():
        settings = company.channels.get(channel)
        if settings is None:
            continue
        limits = ChannelLimits(channel, settings.rate, settings.per_domain)
        for limit, many in _met(limits, messages, domains if channel == "email" else None):
            takes = _takes(limit, many)
            seconds = ceil(takes.total_seconds())
            found.append(
                Load(
                    limit.name, str(limit), many, seconds, int(left.total_seconds()), takes <= left
                )
            )
    return found


def _met(
    limits: ChannelLimits, messages: int, domains: Mapping[str, int] | None
) -> Iterator[tuple[RateLimit, int]]:
    if limits.whole is not None:
        yield limits.whole, messages
    if domains is None or not limits.per_domain:
        return
    by_lane: Counter[str] = Counter()
    for domain, many in domains.items():
        by_lane[limits.lane(f"@{domain}")] += many
    for lane, many in sorted(by_lane.items(), key=lambda each: (-each[1], each[0])):
        limit = limits.limit(lane)
        if limit is not None:
            yield limit, many


def _takes(limit: RateLimit, messages: int) -> timedelta:
    """How long so many messages take: at the slowest pace, and by day where a day's are limited.

    A limit that rises from day to day is taken to be at its first.
    """
    paced = (limit.spacing or timedelta(0)) * messages
    sent = days = 0
    while (quota := limit.quota(days)) is not None and sent + quota < messages and days < MOST_DAYS:
        sent, days = sent + quota, days + 1
    return max(paced, days * DAY)
