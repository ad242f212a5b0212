"""Receipts: what a provider says of a message later, in any order, before its answer too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Update, select, update

from outreach.clock import Instants
from outreach.store import fallbacks, suppressions, tables
from outreach.store.dialect import insert_rows, is_any_of, row_source, row_values
from outreach.store.suppressions import Suppression
from outreach.store.tables import deliveries, receipts
from outreach.vocabulary import ReceiptKind, State

d, r = deliveries.c, receipts.c

# What follows states further left is never taken back by what stands left of it: so receipts may
# come in any order. A server that took a mail may still return it: bounced stands after delivered.
_ORDER = (State.SENT, State.FAILED, State.DELIVERED, State.BOUNCED, State.COMPLAINED)
_RANK = {state: place for place, state in enumerate(_ORDER)}
HARD = "hard"  # in what is kept of a bounce: it was one of an address that does not exist
# Every receipt proves that the provider had the message, whatever was known of it before.
_BEFORE = (State.DUE, State.HELD, State.CLAIMED, State.HANDING, State.UNKNOWN)
_COLUMNS: tuple[ColumnElement[Any], ...] = (
    d.id, d.run_id, d.channel, d.address, d.state, d.ready, d.slot_at, d.claimed_at, d.sent_at,
    d.settled_at, d.provider_id, d.fell_from,
)  # fmt: skip
_NOT_REACHED = (State.FAILED, State.BOUNCED)  # no touch: the cadence slot is free again


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider said; by the delivery's id (from a token of ours), else by its own name.

    `hard`, of a bounce: the address does not exist. `raw`: what it said, without address and text.
    Not `dated`: `at` is only when it came, so the same kind of the same message is a repetition;
    never of a bounce that left the address in use by one that does not.
    """

    channel: str
    kind: ReceiptKind
    at: datetime  # the provider's
    source: str  # the adapter or the webhook
    delivery_id: int | None = None
    provider_id: str | None = None
    hard: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict)
    dated: bool = True

    @property
    def suppresses(self) -> str | None:
        """Why the address must never be used again; None: it may."""
        if self.kind is ReceiptKind.COMPLAINED:
            return "complaint"
        return "hard_bounce" if self.kind is ReceiptKind.BOUNCED and self.hard else None


@dataclass(frozen=True, slots=True)
class Received:
    """What came of receipts: the states of the deliveries that moved, the receipts of no delivery,
    and by delivery why its address is suppressed.
    """

    moved: Mapping[int, State] = field(default_factory=dict)
    unmatched: tuple[Receipt, ...] = ()
    suppressed: Mapping[int, str] = field(default_factory=dict)


def receive(conn: Connection, said: Sequence[Receipt], at: Instants) -> Received:
    """Keep the receipts and let the deliveries follow; the same one a second time changes nothing.

    One may come before the worker has settled its answer: it settles the delivery itself. None
    lowers a state. A bounce or failure frees the cadence slot, and the next channel of the step is
    waited for; a complaint and a hard bounce suppress the address that the message went to. Of a
    channel that the delivery fell over from before, they move it only where its message arrived
    after all and nothing has gone out since.
    """
    found = _deliveries_of(conn, said)
    known = [(one, found[place]) for place, one in enumerate(said) if place in found]
    unmatched = tuple(one for place, one in enumerate(said) if place not in found)
    # Customers are locked before deliveries, as everywhere.
    against = _addresses(conn, known)
    addressees = {
        channel: suppressions.lock_addressees(conn, channel, addresses)
        for channel, addresses in sorted(against.items())
    }
    rows = _locked(conn, {id_ for _, id_ in known})
    before = fallbacks.earlier(conn, [id_ for id_, row in rows.items() if row.fell_from])
    new = _unseen(conn, known)
    _keep(conn, new)
    told = [(one, id_, _told_of(one, rows[id_], before)) for one, id_ in new]
    of_runs = [(one, rows[id_].run_id, row) for one, id_, row in told]
    for channel, theirs in addressees.items():
        suppressions.suppress(conn, channel, _suppressions(of_runs, channel, at.now), theirs)
    suppressed = {id_: one.suppresses for one, id_, row in told if one.suppresses and row.address}
    present = [(one, id_) for one, id_, row in told if row is rows[id_]]
    moved = _follow(conn, present, rows, at)
    moved |= _follow_later(conn, [each for each in told if each[2] is not rows[each[1]]])
    fallbacks.fall_over(conn, [id_ for id_, to in moved.items() if to in _NOT_REACHED], at.now)
    return Received(moved, unmatched, suppressed)


def _deliveries_of(conn: Connection, said: Sequence[Receipt]) -> dict[int, int]:
    """By the receipt's place the id of its delivery; not locked yet."""
    ids = sorted({one.delivery_id for one in said if one.delivery_id is not None})
    names = sorted({one.provider_id for one in said if one.delivery_id is None and one.provider_id})
    there = set(conn.execute(select(d.id).where(is_any_of(conn, d.id, ids))).scalars())
    # A mail server uses its queue ids again after a while: the latest delivery is meant.
    f = tables.fallbacks.c
    before = select(f.channel, f.provider_id, f.delivery_id).order_by(f.delivery_id)
    present = select(d.channel, d.provider_id, d.id).order_by(d.id)
    by_name = {
        (channel, name): id_
        for query, column in ((before, f.provider_id), (present, d.provider_id))
        for channel, name, id_ in conn.execute(query.where(is_any_of(conn, column, names)))
    }
    found: dict[int, int] = {}
    for place, one in enumerate(said):
        id_ = one.delivery_id
        if id_ is None:
            id_ = by_name.get((one.channel, one.provider_id or ""))
        if id_ is not None and (one.delivery_id is None or id_ in there):
            found[place] = id_
    return found


def _addresses(conn: Connection, known: Sequence[tuple[Receipt, int]]) -> dict[str, set[str]]:
    """By channel the addresses that are spoken against; not locked yet."""
    against = [(one, id_) for one, id_ in known if one.suppresses]
    ids = sorted({id_ for _, id_ in against})
    if not ids:
        return {}
    rows = {row.id: row for row in conn.execute(_about(conn, ids))}
    before = fallbacks.earlier(conn, [id_ for id_, row in rows.items() if row.fell_from])
    found: dict[str, set[str]] = {}
    for one, id_ in against:
        address = _told_of(one, rows[id_], before).address
        if address:
            found.setdefault(one.channel, set()).add(address)
    return found


def _told_of(one: Receipt, row: Row[Any], before: Mapping[tuple[int, str], Row[Any]]) -> Row[Any]:
    """What the receipt tells of: the delivery, or the channel that it fell over from before."""
    return row if row.channel == one.channel else before.get((row.id, one.channel), row)


def _about(conn: Connection, ids: Sequence[int]) -> Select[Any]:
    return select(*_COLUMNS).where(is_any_of(conn, d.id, ids)).order_by(d.id)


def _locked(conn: Connection, ids: set[int]) -> dict[int, Row[Any]]:
    query = _about(conn, sorted(ids)).with_for_update()
    return {row.id: row for row in conn.execute(query)}


def _unseen(conn: Connection, known: Sequence[tuple[Receipt, int]]) -> list[tuple[Receipt, int]]:
    """Those that are not kept yet; under the deliveries' locks nobody else adds any meanwhile."""
    ids = sorted({id_ for _, id_ in known})
    columns = (r.delivery_id, r.kind, r.raw, r.at, r.provider_id)
    kept = conn.execute(select(*columns).where(is_any_of(conn, r.delivery_id, ids))).all()
    seen: set[tuple[object, ...]] = set()
    for row in kept:
        what = (row.delivery_id, row.kind, bool((row.raw or {}).get(HARD)))
        seen |= {(*what, row.at), (*what, row.provider_id)}
    found = []
    for one, id_ in known:
        what = (id_, one.kind.value, one.hard)
        by_date, by_name = (*what, one.at), (*what, one.provider_id)
        if (by_date if one.dated else by_name) not in seen:
            seen |= {by_date, by_name}
            found.append((one, id_))
    return found


def _keep(conn: Connection, new: Sequence[tuple[Receipt, int]]) -> None:
    rows = [
        (
            id_, one.kind.value, one.at, one.provider_id,
            dict(one.raw) | ({HARD: True} if one.hard else {}),
        )
        for one, id_ in new
    ]  # fmt: skip
    insert_rows(conn, receipts, ("delivery_id", "kind", "at", "provider_id", "raw"), rows)


def _suppressions(
    told: Sequence[tuple[Receipt, int, Row[Any]]], channel: str, now: datetime
) -> list[Suppression]:
    return [
        Suppression(
            channel, row.address, one.suppresses, one.source, now,
            run_id=run_id if one.kind is ReceiptKind.BOUNCED else None,
        )
        for one, run_id, row in told
        if one.suppresses and one.channel == channel and row.address
    ]  # fmt: skip


def _follow(
    conn: Connection, new: Sequence[tuple[Receipt, int]], rows: Mapping[int, Row[Any]], at: Instants
) -> dict[int, State]:
    """Move the deliveries of new receipts to what is the furthest that any said of each."""
    furthest: dict[int, tuple[State, str | None]] = {}
    for one, id_ in new:
        to = State(one.kind.value)
        state, name = furthest.get(id_, (State(rows[id_].state), rows[id_].provider_id))
        furthest[id_] = (to if _outranks(to, state) else state, one.provider_id or name)
    moves = [
        _moved(rows[id_], state, name, at)
        for id_, (state, name) in sorted(furthest.items())
        if state != rows[id_].state
    ]
    if moves:
        conn.execute(_moving(conn.dialect.name), row_values(conn, "moved", _MOVED, moves))
    return {id_: state for id_, (state, _) in furthest.items() if state != rows[id_].state}


def _follow_later(
    conn: Connection, told: Sequence[tuple[Receipt, int, Row[Any]]]
) -> dict[int, State]:
    """Note what is said of channels that deliveries fell over from; those that moved by it."""
    moved: dict[int, State] = {}
    for one, id_, row in told:
        to = State(one.kind.value)
        if _outranks(to, State(row.state)):
            now = fallbacks.raise_state(conn, id_, one.channel, to)
            moved |= {} if now is None else {id_: now}
    return moved


def _outranks(to: State, state: State) -> bool:
    return state in _BEFORE or (state in _RANK and _RANK[to] > _RANK[state])


def _moved(row: Row[Any], to: State, provider_id: str | None, at: Instants) -> tuple[object, ...]:
    """One delivery's values of _MOVED."""
    slot = None if to in _NOT_REACHED else row.slot_at
    if (slot is None and to not in _NOT_REACHED) or (row.ready and slot is not None):
        slot = row.claimed_at
    return (
        row.id, to.value, slot, provider_id, row.sent_at or row.claimed_at or at.now,
        row.settled_at or at.real_now,
    )  # fmt: skip


_MOVED = (
    ("id", d.id.type), ("state", d.state.type), ("slot_at", d.slot_at.type),
    ("provider_id", d.provider_id.type), ("sent_at", d.sent_at.type),
    ("settled_at", d.settled_at.type),
)  # fmt: skip


@cache
def _moving(database: str) -> Update:
    """Writes new states, built once; what waited or was in a worker's hands is out of them."""
    v = row_source(database, "moved", _MOVED).c
    values = {name: v[name] for name, _ in _MOVED if name != "id"}
    out = {
        "ready": False,
        "firm": True,
        "worker_id": None,
        "reason": None,
        "retry_at": None,
        "until": None,
    }
    return update(deliveries).where(d.id == v.id).values(**values, **out)
