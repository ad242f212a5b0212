"""Lanes: what waits on a channel, parted by the rate limits that hold it back.

A lane is a limit's name, or empty. The index of ready rows has it before the due instant, so
that a lane without tokens costs one step, however many rows wait in it: a loose index scan.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    CTE,
    Connection,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql import ColumnElement

from outreach.settings.rate_limits import ChannelLimits, lane_of
from outreach.store.dialect import is_any_of
from outreach.store.spelling import domain_part
from outreach.store.tables import customers, deliveries, runs

if TYPE_CHECKING:
    from outreach.store.deliveries import Instants

d = deliveries.c
MOST = 32  # lanes of one claim
_SIZES = (1, 4, MOST)  # of a claim's statement: each is compiled once
_PICKED = (
    d.id, d.customer_id, d.step, d.due_at, d.late_at, d.lapses, d.tries, d.fence, d.lane, d.address,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Waiting:
    """A lane in which something has come due; `count` goes up to the most that was asked for."""

    lane: str
    count: int


def lane_for(limits: ChannelLimits, address: ColumnElement[str]) -> ColumnElement[str]:
    """Inside a statement: the lane of an address, as `ChannelLimits.lane` says it of one."""
    domain = domain_part(address)
    default = literal(lane_of(limits.channel, "")).concat(domain) if limits.default else literal("")
    if not limits.lanes:
        return func.coalesce(default, "") if limits.default else default
    named: dict[str, list[str]] = {}
    for each, lane in limits.lanes.items():
        named.setdefault(lane, []).append(each)
    whens = ((domain.in_(domains), lane) for lane, domains in named.items())
    return func.coalesce(case(*whens, else_=default), "")


def come(now: datetime, retried: datetime | None) -> ColumnElement[bool]:
    """Whether a delivery's time has come; `retried` by the real clock, None: retries at any time."""
    due = and_(d.ready, d.due_at <= now)
    return due if retried is None else and_(due, or_(d.retry_at.is_(None), d.retry_at <= retried))


def _lanes(run_id: ColumnElement[int], channel: str, after: str | None = None) -> CTE:
    """The lanes of a run in which anything is due or held, one step of the index each."""

    def least(*more: ColumnElement[bool]) -> Select[Any]:
        of_run = (d.run_id == run_id, d.channel == channel, d.ready)
        return select(func.min(d.lane)).where(*of_run, *more)

    beyond = () if after is None else (d.lane > after,)
    first = select(least(*beyond).correlate(runs).scalar_subquery().label("lane"))
    lanes = first.correlate(runs).cte("lanes", recursive=True, nesting=True)
    following = least(d.lane > lanes.c.lane).correlate(runs, lanes).scalar_subquery()
    return lanes.union_all(
        select(following).select_from(lanes).where(lanes.c.lane.is_not(None)).correlate(runs)
    )


def has_work(
    conn: Connection, channel: str, now: datetime, retried: datetime | None, dry: Collection[str]
) -> ColumnElement[bool]:
    """Inside a statement about runs: whether anything has come due in a lane that is not dry."""
    lanes = _lanes(runs.c.id, channel)
    # The least instant, not EXISTS: that PostgreSQL answers by reading all if it thinks that many
    # rows are due, and then they are another lane's.
    first_due = (
        select(func.min(d.due_at))
        .where(
            d.run_id == runs.c.id, d.channel == channel, d.lane == lanes.c.lane, come(now, retried)
        )
        .correlate(runs, lanes)
        .scalar_subquery()
    )
    some = select(literal(1)).where(lanes.c.lane.is_not(None), first_due.is_not(None))
    if dry:
        some = some.where(~is_any_of(conn, lanes.c.lane, sorted(dry)))
    return exists(some.correlate(runs))


def waiting(
    conn: Connection, run_id: int, channel: str, at: "Instants", most: int, dry: Collection[str],
    after: str | None = None,
) -> list[Waiting]:  # fmt: skip
    """Lanes of a run in which something has come due, but for dry ones, with how much, by name.

    At most `MOST`, those behind `after`: who begins each time where it ended before leaves
    none out.
    """
    lanes = _lanes(literal(run_id), channel, after)
    here = (
        d.run_id == run_id, d.channel == channel, d.lane == lanes.c.lane,
        come(at.now, at.real_now),
    )  # fmt: skip
    first_due = select(func.min(d.due_at)).where(*here).correlate(lanes).scalar_subquery()
    # In the index's order: without it PostgreSQL takes «some of many» for a reason to read all.
    some = select(d.id).where(*here).order_by(d.due_at).limit(most).correlate(lanes).subquery()
    found = (
        select(lanes.c.lane, select(func.count()).select_from(some).scalar_subquery())
        .where(lanes.c.lane.is_not(None), first_due.is_not(None))
        .limit(MOST)
    )
    if dry:
        found = found.where(~is_any_of(conn, lanes.c.lane, sorted(dry)))
    return [Waiting(*row) for row in conn.execute(found)]


def picking(
    run_id: int, channel: str, at: "Instants", shares: Sequence[tuple[str, int]], limit: int
) -> Select[Any]:
    """The statement of a pick: so many of each lane, longest due first, `limit` in all.

    It reads the index of ready rows and stops there; rows that others have locked it leaves out.
    """
    size = next(each for each in _SIZES if each >= len(shares))
    none: tuple[str | None, int] = (None, 0)
    padded = [*shares, *[none] * (size - len(shares))]
    parts = [_of_lane(run_id, channel, at, *share) for share in padded]
    if size == 1:
        picked = parts[0].subquery("picked")
    else:
        picked = union_all(*(select(part.subquery()) for part in parts)).subquery("picked")
    p = picked.c
    return (
        select(*picked.c, customers.c.shares)
        .join_from(picked, customers, customers.c.id == p.customer_id)
        .order_by(p.due_at, p.id)
        .limit(limit)
    )


def _of_lane(run_id: int, channel: str, at: "Instants", lane: str | None, most: int) -> Select[Any]:
    return (
        select(*_PICKED)
        .where(
            d.run_id == run_id,
            d.channel == channel,
            d.lane == bindparam(None, lane, Text()),
            come(at.now, at.real_now),
        )
        .order_by(d.due_at, d.id)
        .limit(bindparam(None, most, Integer()))
        .with_for_update(skip_locked=True)
    )
