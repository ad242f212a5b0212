"""What providers accepted, as far as its cost goes: countries, and a sample of its customers."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from outreach.reports.funnel import ACCEPTED, which
from outreach.store.tables import customers, deliveries, runs


@dataclass(frozen=True, slots=True)
class Destination:
    """Messages accepted on one channel for one country; None: not known."""

    channel: str
    country: str | None
    messages: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """One accepted message."""

    revision_id: int
    customer_id: int
    address: str


def destinations(
    conn: Connection, campaign: str | None = None, run_id: int | None = None
) -> list[Destination]:
    """Where the accepted messages of one run, of one campaign, or all went."""
    row = deliveries.c
    parts = (row.channel, customers.c.country)
    query = (
        select(*parts, func.count())
        .join(customers, customers.c.id == row.customer_id)
        .where(row.state.in_([state.value for state in ACCEPTED]), which(campaign, run_id))
        .group_by(*parts)
    )
    return [Destination(*each) for each in conn.execute(query)]


def latest_accepted(
    conn: Connection, channel: str, limit: int, campaign: str | None, run_id: int | None
) -> list[Accepted]:
    """The newest accepted messages of a channel, at most `limit`."""
    row = deliveries.c
    query = (
        select(runs.c.revision_id, row.customer_id, row.address)
        .join(runs, runs.c.id == row.run_id)
        .where(row.state.in_([state.value for state in ACCEPTED]), row.channel == channel)
        .where(which(campaign, run_id))
        .order_by(row.id.desc())
        .limit(limit)
    )
    return [Accepted(*each) for each in conn.execute(query)]
