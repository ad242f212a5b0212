"""How the rate limits stand today, for `outreach doctor`."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import Connection

from outreach.channels.adapter import Check
from outreach.settings.company import Company
from outreach.settings.rate_limits import ChannelLimits, RateLimit, lane_of
from outreach.store import limits
from outreach.store.engine import database_now
from outreach.store.limits import Standing, Today

MOMENT = timedelta(minutes=1)
MOST_DOMAINS = 5  # of those that only `default` is about: the busiest


def limit_checks(conn: Connection, company: Company) -> Iterator[Check]:
    """One line for each limit that is written, and for the busiest of the other domains."""
    today = limits.today_in(company.brand.timezone, database_now(conn))
    for channel in sorted(company.channels):
        allowed = company.limits(channel)
        for limit, standing in _standings(conn, allowed, today):
            yield Check(f"limit {limit.name}", True, in_words(limit, standing, today))
        if allowed.default:
            rates = RateLimit(lane_of(channel, "default"), allowed.default)
            yield Check(f"limit {rates.name}", True, f"{rates}, for each other domain")


def at_work(conn: Connection, company: Company) -> list[str]:
    """The limits that something may wait for: those used up today, or bought of a moment ago."""
    now = database_now(conn)
    today = limits.today_in(company.brand.timezone, now)
    found = []
    for channel in sorted(company.channels):
        for limit, standing in _standings(conn, company.limits(channel), today):
            here = standing.on(today.on)
            quota = limit.quota(here.days)
            spent = quota is not None and here.used >= quota
            if spent or (limit.spacing and now - standing.full_at < MOMENT):
                found.append(limit.name)
    return found


def in_words(limit: RateLimit, standing: Standing, today: Today) -> str:
    """The rates as they are written, what was used today, and how far a ramp has come."""
    here = standing.on(today.on)
    quota = limit.quota(here.days)
    used = f"{here.used:,}" if quota is None else f"{here.used:,} of {quota:,}"
    ramp = f", day {here.days + 1} of its ramp" if limit.ramp else ""
    return f"{limit}; used today: {used}{ramp}"


def _standings(
    conn: Connection, allowed: ChannelLimits, today: Today
) -> Iterator[tuple[RateLimit, Standing]]:
    written = [*([allowed.whole] if allowed.whole else []), *allowed.named]
    names = {limit.name for limit in written}
    known = limits.standings(conn, names)
    for limit in written:
        yield limit, known.get(limit.name, Standing(limit.name))
    if allowed.default:
        most = MOST_DOMAINS + len(names)
        busy = limits.busiest(conn, lane_of(allowed.channel, ""), today.on, most)
        for standing in [each for each in busy if each.name not in names][:MOST_DOMAINS]:
            yield RateLimit(standing.name, allowed.default), standing
