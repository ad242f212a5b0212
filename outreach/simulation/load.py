"""Messages beside what rate limits let through: how much waits for how long."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from outreach.settings.company import Company
from outreach.settings.rate_limits import RateLimit
from outreach.simulation.counting import Fate

NOTHING = timedelta()


@dataclass(frozen=True, slots=True)
class Load:
    """What one limit has to bear; all that comes due at once goes at the limit's pace."""

    limit: str  # a channel, or a channel and a domain
    rate: str
    messages: int
    busiest_at: datetime
    busiest: int  # messages that come due at one instant
    longest_wait: timedelta  # of the last of them, behind what waited already
    days_over: int  # days, in company time, with more than a day's quota


def loads(those: Iterable[Fate], company: Company) -> list[Load]:
    """The limits that have anything to bear, the longest wait first."""
    come: dict[str, Counter[datetime]] = defaultdict(Counter)
    limits: dict[str, RateLimit] = {}
    for each in those:
        if each.gone_at is None:
            continue
        for limit in company.limits(each.channel).of(each.lane):
            limits[limit.name] = limit
            come[limit.name][each.gone_at] += each.deliveries
    zone = ZoneInfo(company.brand.timezone)
    found = [_load(limits[name], at, zone) for name, at in sorted(come.items())]
    return sorted(found, key=lambda each: (-each.longest_wait, -each.days_over, each.limit))


def _load(limit: RateLimit, come: Mapping[datetime, int], zone: ZoneInfo) -> Load:
    busiest_at = max(come, key=lambda at: (come[at], -at.timestamp()))
    return Load(
        limit.name,
        str(limit),
        sum(come.values()),
        busiest_at,
        come[busiest_at],
        _longest_wait(limit.spacing, come),
        _days_over(limit, come, zone),
    )


def _longest_wait(spacing: timedelta | None, come: Mapping[datetime, int]) -> timedelta:
    if spacing is None:
        return NOTHING
    longest, free_at = NOTHING, min(come)
    for at, messages in sorted(come.items()):
        free_at = max(free_at, at) + spacing * messages
        longest = max(longest, free_at - at)
    return longest


def _days_over(limit: RateLimit, come: Mapping[datetime, int], zone: ZoneInfo) -> int:
    by_day: dict[date, int] = defaultdict(int)
    for at, messages in come.items():
        by_day[at.astimezone(zone).date()] += messages
    over = 0
    for number, (_, messages) in enumerate(sorted(by_day.items())):
        quota = limit.quota(number)
        over += quota is not None and messages > quota
    return over


def busy_hours(come: Iterable[tuple[datetime, int]], zone: ZoneInfo) -> Sequence[int]:
    """Messages by hour of the day, 0 to 23, on the zone's clock."""
    found = [0] * 24
    for at, messages in come:
        found[at.astimezone(zone).hour] += messages
    return found
