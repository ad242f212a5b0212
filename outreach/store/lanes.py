"""Lanes: what waits on a channel, parted by the rate limits that hold it back.

A lane is a limit's name, or empty. The index of ready rows has it before the due instant, so
that a lane without tokens costs one step, however many rows wait in it: a loose index scan.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Connection,
    CursorResult,
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

from outreach.clock import Instants
from outreach.settings.rate_limits import ChannelLimits, lane_of
from outreach.store.spelling import domain_part
from outreach.store.tables import customers, deliveries, runs
from outreach.store.types import Instant
from outreach.vocabulary import RunState

d = deliveries.c
OPEN_RUNS = (RunState.PLANNING.value, RunState.RUNNING.value)
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


# Statements are built once and executed with values: building one costs more than it does.
_RUN, _CHANNEL = bindparam("run", type_=BigInteger()), bindparam("channel", type_=Text())
_NOW, _RETRIED = (bindparam(name, type_=Instant()) for name in ("now", "retried"))
_MOST = bindparam("most", type_=Integer())
_DRY = bindparam("dry", type_=Text(), expanding=True)


def _come(*, retries: bool) -> ColumnElement[bool]:
    """Whether a delivery's time has come; `retries`: those that wait for another try have, too."""
    due = and_(d.ready, d.due_at <= _NOW)
    return due if retries else and_(due, or_(d.retry_at.is_(None), d.retry_at <= _RETRIED))


def _lanes(run_id: ColumnElement[int], *, further: bool = False) -> CTE:
    """The lanes of a run in which anything is due or held, one step of the index each."""

    def least(*more: ColumnElement[bool]) -> Select[Any]:
        of_run = (d.run_id == run_id, d.channel == _CHANNEL, d.ready)
        return select(func.min(d.lane)).where(*of_run, *more)

    beyond = (d.lane > bindparam("after", type_=Text()),) if further else ()
    first = select(least(*beyond).correlate(runs).scalar_subquery().label("lane"))
    lanes = first.correlate(runs).cte("lanes", recursive=True, nesting=True)
    following = least(d.lane > lanes.c.lane).correlate(runs, lanes).scalar_subquery()
    return lanes.union_all(
        select(following).select_from(lanes).where(lanes.c.lane.is_not(None)).correlate(runs)
    )


@cache
def runs_with_work(*, retries: bool = False) -> Select[Any]:
    """The statement of open runs with anything come due in a lane that is not dry, in claim order.

    It is executed with `asked`; `retries`: also with what waits for another try.
    """
    lanes = _lanes(runs.c.id)
    here = (d.run_id == runs.c.id, d.channel == _CHANNEL, d.lane == lanes.c.lane)
    # The least instant, not EXISTS: that PostgreSQL answers by reading all if it thinks that many
    # rows are due, and then they are another lane's.
    least = select(func.min(d.due_at)).where(*here, _come(retries=retries))
    first_due = least.correlate(runs, lanes).scalar_subquery()
    some = select(literal(1)).where(
        lanes.c.lane.is_not(None), lanes.c.lane.not_in(_DRY), first_due.is_not(None)
    )
    return (
        select(runs)
        .where(runs.c.state.in_(OPEN_RUNS), exists(some.correlate(runs)))
        .order_by(runs.c.rank, runs.c.occurrence_at, runs.c.id)
    )


@cache
def any_with_work(*, retries: bool = False) -> Select[Any]:
    """The statement whether there is such a run: one row, or none."""
    return runs_with_work(retries=retries).with_only_columns(runs.c.id).order_by(None).limit(1)


def asked(
    channel: str, now: datetime, retried: datetime | None, dry: Collection[str]
) -> dict[str, Any]:
    """What those statements are executed with; `retried` by the real clock, as retries are."""
    return {"channel": channel, "now": now, "retried": retried, "dry": sorted(dry)}


@cache
def _waiting(*, further: bool) -> Select[Any]:
    lanes = _lanes(_RUN, further=further)
    here = (
        d.run_id == _RUN, d.channel == _CHANNEL, d.lane == lanes.c.lane, _come(retries=False),
    )  # fmt: skip
    first_due = select(func.min(d.due_at)).where(*here).correlate(lanes).scalar_subquery()
    # In the index's order: without it PostgreSQL takes «some of many» for a reason to read all.
    some = select(d.id).where(*here).order_by(d.due_at).limit(_MOST).correlate(lanes).subquery()
    return (
        select(lanes.c.lane, select(func.count()).select_from(some).scalar_subquery())
        .where(lanes.c.lane.is_not(None), lanes.c.lane.not_in(_DRY), first_due.is_not(None))
        .limit(MOST)
    )


def waiting(
    conn: Connection, run_id: int, channel: str, at: Instants, most: int, dry: Collection[str],
    after: str | None = None,
) -> list[Waiting]:  # fmt: skip
    """Lanes of a run in which something has come due, but for dry ones, with how much, by name.

    At most `MOST`, those behind `after`: who begins each time where it ended before leaves
    none out.
    """
    values = {"run": run_id, "most": most, **asked(channel, at.now, at.real_now, dry)}
    if after is not None:
        values["after"] = after
    found = conn.execute(_waiting(further=after is not None), values)
    return [Waiting(*row) for row in found]


def picked(
    conn: Connection, run_id: int, channel: str, at: Instants, shares: Sequence[tuple[str, int]],
    limit: int,
) -> CursorResult[*tuple[Any, ...]]:  # fmt: skip
    """So many rows of each lane whose time has come, longest due first, `limit` in all, locked.

    It reads the index of ready rows and stops there; rows that others have locked it leaves out.
    """
    size = next(each for each in _SIZES if each >= len(shares))
    padding: list[tuple[str | None, int]] = [(None, 0)] * (size - len(shares))
    values = {"run": run_id, "limit": limit, **asked(channel, at.now, at.real_now, ())}
    del values["dry"]
    for number, (lane, most) in enumerate([*shares, *padding]):
        values |= {f"lane_{number}": lane, f"most_{number}": most}
    return conn.execute(_picking(size), values)


@cache
def _picking(size: int) -> Select[Any]:
    parts = [_of_lane(number) for number in range(size)]
    if size == 1:
        found = parts[0].subquery("picked")
    else:
        found = union_all(*(select(part.subquery()) for part in parts)).subquery("picked")
    return (
        select(*found.c, customers.c.shares)
        .join_from(found, customers, customers.c.id == found.c.customer_id)
        .order_by(found.c.due_at, found.c.id)
        .limit(bindparam("limit", type_=Integer()))
    )


def _of_lane(number: int) -> Select[Any]:
    lane = bindparam(f"lane_{number}", type_=Text())
    return (
        select(*_PICKED)
        .where(d.run_id == _RUN, d.channel == _CHANNEL, d.lane == lane, _come(retries=False))
        .order_by(d.due_at, d.id)
        .limit(bindparam(f"most_{number}", type_=Integer()))
        .with_for_update(skip_locked=True)
    )
