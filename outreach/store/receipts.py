"""Receipts: what a provider says of a message later, in any order, before its answer too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Update, select, update

from outreach.clock import Instants
from outreach.store import suppressions
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
    d.settled_at, d.provider_id,
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
    lowers a state. A bounce or failure frees the cadence slot; a complaint and a hard bounce
    suppress the address that the message went to.
    """
    found = _deliveries_of(conn, said)
    known = [(one, found[place]) for place, one in enumerate(said) if place in found]
    unmatched = tuple(one for place, one in enumerate(said) if place not in found)
    # Customers are locked before deliveries, as everywhere.
    against = _addresses(known)
    addressees = {
        channel: suppressions.lock_addressees(conn, channel, addresses)
        for channel, addresses in sorted(against.items())
    }
    rows = _locked(conn, {row.id for _, row in known})
    new = _unseen(conn, [(one, row.id) for one, row in known])
    _keep(conn, new)
    for channel, theirs in addressees.items():
        suppressions.suppress(conn, channel, _suppressions(new, rows, channel, at.now), theirs)
    suppressed = {id_: one.suppresses for one, id_ in new if one.suppresses and rows[id_].address}
    return Received(_follow(conn, new, rows, at), unmatched, suppressed)


def _deliveries_of(conn: Connection, said: Sequence[Receipt]) -> dict[int, Row[Any]]:
    """By the receipt's place its delivery as it stands; not locked yet."""
    ids = sorted({one.delivery_id for one in said if one.delivery_id is not None})
    names = sorted({one.provider_id for one in said if one.delivery_id is None and one.provider_id})
    by_token = select(*_COLUMNS).where(is_any_of(conn, d.id, ids))
    by_id = {row.id: row for row in conn.execute(by_token)}
    # A mail server uses its queue ids again after a while: the latest delivery is meant.
    named = select(*_COLUMNS).where(is_any_of(conn, d.provider_id, names)).order_by(d.id)
    by_name = {(row.channel, row.provider_id): row for row in conn.execute(named)}
    found: dict[int, Row[Any]] = {}
    for place, one in enumerate(said):
        if one.delivery_id is not None:
            row = by_id.get(one.delivery_id)
        else:
            row = by_name.get((one.channel, one.provider_id))
        if row is not None:
            found[place] = row
    return found


def _addresses(known: Sequence[tuple[Receipt, Row[Any]]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one, row in known:
        if one.suppresses and row.address:
            found.setdefault(one.channel, set()).add(row.address)
    return found


def _locked(conn: Connection, ids: set[int]) -> dict[int, Row[Any]]:
    query = select(*_COLUMNS).where(is_any_of(conn, d.id, sorted(ids))).order_by(d.id)
    return {row.id: row for row in conn.execute(query.with_for_update())}


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
    new: Sequence[tuple[Receipt, int]], rows: Mapping[int, Row[Any]], channel: str, now: datetime
) -> list[Suppression]:
    return [
        Suppression(
            channel, rows[id_].address, one.suppresses, one.source, now,
            run_id=rows[id_].run_id if one.kind is ReceiptKind.BOUNCED else None,
        )
        for one, id_ in new
        if one.suppresses and one.channel == channel and rows[id_].address
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
