"""What providers accepted, as far as its cost goes: countries, and a sample of its customers."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, select

from outreach.reports.funnel import ACCEPTED, which
from outreach.store.regions import region_of
from outreach.store.tables import campaigns, customers, deliveries, fallbacks, runs


@dataclass(frozen=True, slots=True)
class Destination:
    """Messages of a campaign accepted on one channel for one country; None: not known.

    A number's own country; the customer's where the address has none.
    """

    channel: str
    country: str | None
    messages: int
    campaign: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """One accepted message."""

    revision_id: int
    step: str | None
    customer_id: int
    address: str
    variant: str | None


def destinations(
    conn: Connection,
    channels: Collection[str],
    campaign: str | None = None,
    run_id: int | None = None,
    since: datetime | None = None,
) -> list[Destination]:
    """Where the messages accepted on channels went, of one run, of one campaign, or all.

    `since`: only later. Also those that came back, and went on by another channel.
    """
    if not channels:
        return []
    row, before = deliveries.c, fallbacks.c
    query = _destinations(row.channel, row.address, row.sent_at, campaign, run_id, since)
    present = query.where(
        row.channel.in_(channels), row.state.in_([state.value for state in ACCEPTED])
    )
    query = _destinations(before.channel, before.address, before.sent_at, campaign, run_id, since)
    earlier = query.join(fallbacks, before.delivery_id == row.id).where(
        before.channel.in_(channels), before.sent_at.is_not(None), before.channel != row.channel
    )
    known = conn.execute(select(campaigns.c.id, campaigns.c.name))
    names = {row.id: row.name for row in known}
    return [
        Destination(channel, country if number is None else region_of(number), many, names[id_])
        for channel, country, number, id_, many in [
            *conn.execute(present), *conn.execute(earlier),
        ]
    ]  # fmt: skip


def _destinations(
    channel: ColumnElement[str | None],
    address: ColumnElement[str | None],
    sent_at: ColumnElement[datetime | None],
    campaign: str | None,
    run_id: int | None,
    since: datetime | None,
) -> Select[Any]:
    is_phone = address.like("+%")
    # A number the customer has no more is looked up by itself: they are few.
    old = case((and_(is_phone, address.is_distinct_from(customers.c.phone)), address))
    own = func.coalesce(case((is_phone, customers.c.phone_region)), customers.c.country)
    parts = (channel, case((old.is_(None), own)), old, deliveries.c.campaign_id)
    query = (
        select(*parts, func.count())
        .select_from(deliveries)
        .join(customers, customers.c.id == deliveries.c.customer_id)
        .where(which(campaign, run_id))
        .group_by(*parts)
    )
    return query if since is None else query.where(sent_at >= since)


def latest_accepted(
    conn: Connection, channel: str, limit: int, campaign: str | None, run_id: int | None
) -> list[Accepted]:
    """The newest accepted messages of a channel, at most `limit`."""
    row = deliveries.c
    query = (
        select(runs.c.revision_id, runs.c.step, row.customer_id, row.address, row.variant)
        .join(runs, runs.c.id == row.run_id)
        .where(row.state.in_([state.value for state in ACCEPTED]), row.channel == channel)
        .where(which(campaign, run_id))
        .order_by(row.id.desc())
        .limit(limit)
    )
    return [Accepted(*each) for each in conn.execute(query)]
