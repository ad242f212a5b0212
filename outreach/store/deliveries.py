"""Deliveries that wait: whose turn it is, who may touch them, and the claim itself."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, case, func, literal, or_, select, update

from outreach.clock import Instants
from outreach.store import lanes
from outreach.store.claiming import CLAIMS, LOCKING, claiming
from outreach.store.dialect import clock_value, is_any_of, row_values, rows_from
from outreach.store.endings import ended, restore
from outreach.store.tables import deliveries, runs
from outreach.store.types import Instant
from outreach.vocabulary import OPEN_STATES, Reason, RunState, State

d = deliveries.c
OPEN_RUNS = lanes.OPEN_RUNS
OPEN = tuple(state.value for state in OPEN_STATES)
NONE_DRY: Mapping[str, Collection[str]] = MappingProxyType({})


class Picked(NamedTuple):
    """A delivery whose time has come, locked by this transaction; nothing is decided yet."""

    id: int
    customer_id: int
    step: str
    due_at: datetime
    late_at: datetime
    lapses: int
    tries: int
    fence: int
    lane: str
    address: str | None  # as it was planned, or last claimed
    shares: bool  # the customer has an address with others


class Claim(NamedTuple):
    """A delivery that is to be sent: what the decision says of it."""

    id: int
    fence: int  # before the claim
    address: str
    consent_id: int | None
    locale: str | None
    variant: str | None = None  # of an experiment


@dataclass(frozen=True, slots=True)
class Ruled:
    """A delivery that is not sent now: where it goes instead.

    `channel` is the one on which it waits or would have gone; a due row may have changed to
    its next channel.
    """

    id: int
    fence: int
    state: State  # due, held, skipped or expired
    reason: Reason | None
    due_at: datetime
    channel: str | None
    lane: str = ""


class Pin(NamedTuple):
    """A revision, and one message of it; None: its first."""

    revision_id: int
    step: str | None


def runs_with_work(
    conn: Connection, channel: str, at: Instants, dry: Collection[str] = ()
) -> list[Row[Any]]:
    """Open runs with something to send on the channel now, in the order of claiming.

    Rank first (transactional, then priority), then the earlier occurrence, then the older run.
    What waits in `dry` lanes does not count.
    """
    asked = lanes.asked(channel, at.now, at.real_now, dry)
    return list(conn.execute(lanes.runs_with_work(), asked).all())


def channels_with_work(
    conn: Connection,
    channels: Iterable[str],
    at: Instants,
    dry: Mapping[str, Collection[str]] = NONE_DRY,
) -> list[str]:
    """Which of the channels have something to send now, but for what waits in their dry lanes."""
    found = []
    for channel in channels:
        asked = lanes.asked(channel, at.now, at.real_now, dry.get(channel, ()))
        if conn.execute(lanes.any_with_work(), asked).first():
            found.append(channel)
    return found


def pick(
    conn: Connection, run_id: int, channel: str, at: Instants, shares: Sequence[tuple[str, int]],
    limit: int,
) -> list[Picked]:  # fmt: skip
    """Deliveries of one run and channel whose time has come, longest due first, `limit` in all.

    `shares` says how many of which lanes. They are locked till the end of the transaction; those
    that others have locked are left out.
    """
    if not shares:
        return []
    found = lanes.picked(conn, run_id, channel, at, shares, limit).all()
    return [Picked(*row) for row in found]


def try_lock_customers(conn: Connection, customer_ids: Collection[int]) -> dict[int, bool]:
    """Lock those that nobody else has locked, in id order, till the end of the transaction.

    Gives each locked customer's `shares` as it stands now. Never waits, so a claim can never be
    part of a deadlock. FOR NO KEY UPDATE lets rows that refer to the customer be added.
    """
    locked = conn.execute(LOCKING, {"ids": sorted(customer_ids)})
    return {row.id: row.shares for row in locked.all()}


def claim(conn: Connection, worker_id: int, claims: Sequence[Claim], now: datetime) -> set[int]:
    """Claim what was decided to send; the ids that are ours from the commit on, fence + 1.

    Each occupies a cadence slot from `now` on (of transactional topics too: the chain knows them
    by their topic). Its number is above those of all that the worker holds. Only for a live worker.
    """
    if not claims:
        return set()
    compared = any(one.variant is not None for one in claims)
    columns = CLAIMS if compared else CLAIMS[:-1]  # who waited for a winner had none before
    rows: Sequence[tuple[object, ...]] = claims if compared else [one[:-1] for one in claims]
    values = row_values(conn, "claims", columns, rows) | clock_value(conn)
    statement = claiming(conn.dialect.name, columns)
    found = conn.execute(statement, {**values, "of_worker": worker_id, "moment": now})
    return set(found.scalars())


def put_off(conn: Connection, ruled: Sequence[Ruled], now: datetime) -> dict[int, State]:
    """Write down what was decided against sending now; of those that changed what they came to.

    That is what was decided, but for what fell over and ends as it failed.

    What waits keeps a cadence slot at the instant waited for; nothing else has one. Of what ends
    without having been in anybody's hands `claimed_at` tells when it was decided.
    """
    if not ruled:
        return {}
    columns = [
        ("id", d.id.type), ("fence", d.fence.type), ("state", d.state.type),
        ("reason", d.reason.type), ("due_at", d.due_at.type), ("until_at", d.until.type),
        ("slot_at", d.slot_at.type), ("channel", d.channel.type), ("lane", d.lane.type),
        ("ready", d.ready.type),
    ]  # fmt: skip
    moment = literal(now, Instant())
    v = rows_from(conn, "ruled", columns, [_put_off_row(one) for one in ruled]).c
    written = (
        update(deliveries)
        .where(d.id == v.id, d.fence == v.fence, d.ready)
        .values(
            state=case((v.ready, v.state), else_=ended(v.state)),
            reason=v.reason,
            due_at=v.due_at,
            until=v.until_at,
            held_for=case((v.state == State.HELD.value, v.reason)),
            slot_at=case((d.doubt, d.slot_at), else_=v.slot_at),
            channel=v.channel,
            lane=v.lane,
            ready=v.ready,
            firm=d.doubt,
            claimed_at=case((or_(v.ready, d.doubt), d.claimed_at), else_=moment),
        )
    )
    found = conn.execute(written.returning(d.id, d.fell_from)).all()
    failed = restore(conn, [row.id for row in found if row.fell_from is not None])
    decided = {one.id: one.state for one in ruled}
    return {row.id: failed.get(row.id, decided[row.id]) for row in found}


def _put_off_row(one: Ruled) -> tuple[object, ...]:
    waits = one.state in OPEN_STATES
    return (
        one.id,
        one.fence,
        one.state.value,
        one.reason.value if one.reason else None,
        one.due_at,
        one.due_at if one.state is State.HELD else None,
        one.due_at if waits else None,
        one.channel,
        one.lane,
        waits,
    )


def is_anything_open(
    conn: Connection,
    channels: Iterable[str],
    now: datetime,
    dry: Mapping[str, Collection[str]] = NONE_DRY,
) -> bool:
    """Whether a delivery's time has come that is not final: due, claimed or handing.

    Retries count whenever they are; rows of paused, held and cancelled runs do not until they
    are in a worker's hands, nor do those that wait in the channels' dry lanes.
    """
    held = select(d.id).where(d.worker_id.is_not(None)).limit(1)
    if conn.execute(held).first() is not None:
        return True
    return any(
        conn.execute(
            lanes.any_with_work(retries=True), lanes.asked(each, now, None, dry.get(each, ()))
        ).first()
        for each in channels
    )


def waiting_on(conn: Connection, channel: str, now: datetime) -> int:
    """How many deliveries of open runs have come on a channel and wait, for a retry too."""
    query = (
        select(func.count())
        .select_from(deliveries)
        .join(runs, runs.c.id == d.run_id)
        .where(runs.c.state.in_(OPEN_RUNS), d.ready, d.channel == channel, d.due_at <= now)
    )
    return conn.execute(query).scalar_one()


def hold_run(conn: Connection, run_id: int, reason: str) -> None:
    """Stop an open run for a person to look at; nothing more of it is claimed or handed over."""
    conn.execute(
        update(runs)
        .where(runs.c.id == run_id, runs.c.state.in_(OPEN_RUNS))
        .values(state=RunState.HELD.value, reason=reason)
    )


def runs_of_workers(conn: Connection, worker_ids: Sequence[int]) -> set[int]:
    """The runs of all that the workers hold."""
    theirs = select(d.run_id).where(is_any_of(conn, d.worker_id, worker_ids)).distinct()
    return set(conn.execute(theirs).scalars()) if worker_ids else set()


def pins_of(conn: Connection, run_ids: Sequence[int]) -> dict[int, Pin]:
    """What each run pins."""
    found = select(runs.c.id, runs.c.revision_id, runs.c.step)
    found = found.where(is_any_of(conn, runs.c.id, run_ids))
    return (
        {row.id: Pin(row.revision_id, row.step) for row in conn.execute(found)} if run_ids else {}
    )
