"""Erasure of one customer: personal data goes, counts and what stands against the addresses stay."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, false, literal, null, select, update

from outreach.store import dialect, enrolments, interests, named_dates, reactions, tasks
from outreach.store.customers import rows_by_key
from outreach.store.endings import restore
from outreach.store.erased import ADDRESSES, Erased
from outreach.store.journal import ABOUT_ADDRESSES, record
from outreach.store.places import NOWHERE, place_ids
from outreach.store.sharing import lock_with_sharers, unmark_sharing
from outreach.store.suppressions import without_words
from outreach.store.tables import (
    attempts,
    audit,
    consents,
    customers,
    deliveries,
    events,
    fallbacks,
    feedback_mails,
    further_suppressions,
    receipts,
    refusals,
    runs,
    soft_bounces,
    stage_changes,
    suppressions,
)
from outreach.vocabulary import Reason, RunKind, State

ACTION = "customer erased"
ERASED = "erased"
_BLANK = (
    "first_name", "last_name", "nickname", "title", "gender", "email", "phone", "phone_region",
    "locale", "timezone", "country", "city", "tier", "owner", "birthday",
)  # fmt: skip
_NOT_BEGUN = (State.DUE.value, State.HELD.value, State.CLAIMED.value)
_BY_ADDRESS = (suppressions, further_suppressions, soft_bounces, refusals)
d = deliveries.c


@dataclass(frozen=True, slots=True)
class Erasure:
    """What came of an erasure."""

    customer_id: int
    key: str  # what stands for the customer from now on
    stopped: int  # messages that had not begun
    kept: int  # suppressions and noes that stay as keyed hashes
    messages: list[int]  # ids of every delivery of theirs


def erase(conn: Connection, erased: Erased, key: str, actor: str, now: datetime) -> Erasure | None:
    """Erase the customer of this key, and who was merged into it; None where there is none.

    In the caller's transaction; a customer who was merged goes with whom it was merged into. Whoever confirms it waits until nothing begins any more. Orders, touches and decisions stay
    as they are counted, of a customer without a name.
    """
    lock_with_sharers(conn, [key], [], [])
    row = rows_by_key(conn, [key]).get(key)
    if row is None or row["erased_at"] is not None or row["merged_into"] is not None:
        return None
    merged = select(customers.c.key).where(customers.c.merged_into == row["id"])
    found = [
        _erase(conn, erased, each, actor, now)
        for each in rows_by_key(conn, [key, *conn.execute(merged).scalars()]).values()
    ]
    return Erasure(
        row["id"],
        erased.key_of(key),
        sum(each.stopped for each in found),
        sum(each.kept for each in found),
        [id_ for each in found for id_ in each.messages],
    )


def _erase(
    conn: Connection, erased: Erased, row: dict[str, Any], actor: str, now: datetime
) -> Erasure:
    key = row["key"]
    new_key = erased.key_of(key)
    addresses = {name: row[name] for name in ADDRESSES if row[name] is not None}
    kept = erased.keep(conn, addresses, now)
    stopped = _stop(conn, row["id"])
    enrolments.end_of_customer(conn, row["id"], now)
    written_to = conn.execute(select(d.id, d.address).where(d.customer_id == row["id"])).all()
    ids = [each.id for each in written_to]
    in_vain = select(fallbacks.c.delivery_id, fallbacks.c.address).where(
        dialect.is_any_of(conn, fallbacks.c.delivery_id, ids)
    )
    written_to = [*written_to, *conn.execute(in_vain)]
    used = {*addresses.values(), *(each.address for each in written_to if each.address)}
    _blank_customer(conn, row["id"], new_key, now)
    _forget_addresses(conn, row["id"], addresses)
    _blank_history(conn, row["id"], ids)
    named_dates.forget(conn, row["id"])
    interests.forget(conn, row["id"])
    tasks.blank(conn, row["id"], ERASED, now)
    reactions.forget(conn, ids)
    _rename_in_runs(conn, key, _only_theirs(conn, row["id"], used), new_key)
    _blank_reasons(conn, row["id"])
    record(conn, now, actor, ACTION, new_key, customer=row["id"], kept=kept)
    return Erasure(row["id"], new_key, stopped, kept, ids)


def _stop(conn: Connection, customer_id: int) -> int:
    """Skip what has not begun; a worker that holds it can not hand it over any more."""
    skipped = {
        "state": State.SKIPPED.value, "reason": Reason.ERASED.value, "ready": false(),
        "firm": false(), "slot_at": null(), "worker_id": null(), "until": null(),
    }  # fmt: skip
    mine = (d.customer_id == customer_id, d.state.in_(_NOT_BEGUN))
    stopped = conn.execute(update(deliveries).where(*mine).values(skipped).returning(d.id))
    ids = list(stopped.scalars())
    restore(conn, ids)
    return len(ids)


def _blank_customer(conn: Connection, customer_id: int, new_key: str, now: datetime) -> None:
    blank: dict[str, Any] = dict.fromkeys(_BLANK)
    blank |= {
        "key": new_key, "tags": [], "interests": [], "attributes": {}, "erased_at": now,
        "updated_at": now, "shares": False, "place_id": place_ids(conn, {NOWHERE})[NOWHERE],
    }  # fmt: skip
    conn.execute(update(customers).where(customers.c.id == customer_id).values(blank))


def _forget_addresses(conn: Connection, customer_id: int, addresses: dict[str, str]) -> None:
    """Delete what names the addresses, unless somebody else has them still."""
    given_up = {name: {addresses[name]} if name in addresses else set() for name in ADDRESSES}
    unmark_sharing(conn, given_up["email"], given_up["phone"], [customer_id])
    for name, address in addresses.items():
        others = select(customers.c.id).where(customers.c[name] == address).limit(1)
        if conn.execute(others).first() is None:
            for table in _BY_ADDRESS:
                conn.execute(delete(table).where(table.c.address == address))


def _blank_history(conn: Connection, customer_id: int, ids: Sequence[int]) -> None:
    """Keep that something happened, and when; not what was said."""
    c, e, m = consents.c, events.c, stage_changes.c
    said = {"proof": null(), "source": literal(ERASED)}
    conn.execute(update(consents).where(c.customer_id == customer_id).values(said))
    conn.execute(update(events).where(e.customer_id == customer_id).values(data=null()))
    conn.execute(update(stage_changes).where(m.customer_id == customer_id).values(facts=null()))
    conn.execute(update(deliveries).where(d.customer_id == customer_id).values(address=null()))
    for table, column in (
        (attempts, attempts.c.detail),
        (fallbacks, fallbacks.c.address),
        (receipts, receipts.c.raw),
        (feedback_mails, feedback_mails.c.detail),
    ):
        theirs = dialect.is_any_of(conn, table.c.delivery_id, ids)
        conn.execute(update(table).where(theirs, column.is_not(None)).values({column: null()}))


def _only_theirs(conn: Connection, customer_id: int, addresses: Collection[str]) -> set[str]:
    """Those of the addresses that nobody else has."""
    sought, found = sorted(addresses), set[str]()
    for name in ADDRESSES:
        column = customers.c[name]
        theirs = (dialect.is_any_of(conn, column, sought), customers.c.id != customer_id)
        found |= set(conn.execute(select(column).where(*theirs)).scalars())
    return set(addresses) - found


def _rename_in_runs(conn: Connection, key: str, addresses: Collection[str], new_key: str) -> None:
    """Runs by hand keep whom they were narrowed to, under the key that stands for them now."""
    quoted = re.compile(rf"""(?<=(['"])){re.escape(key)}(?=\1)""")
    naming = [quoted, *(_alone(address) for address in addresses)]
    r = runs.c
    asked = conn.execute(select(r.id, r.params).where(r.kind == RunKind.MANUAL.value)).all()
    for row in asked:
        params = dict(row.params)
        if key in (params.get("to") or ()):
            params["to"] = [new_key if each == key else each for each in params["to"]]
        if isinstance(params.get("where"), str):
            for each in naming:
                params["where"] = each.sub(new_key, params["where"])
        if params != row.params:
            conn.execute(update(runs).where(r.id == row.id).values(params=params))


def _alone(address: str) -> re.Pattern[str]:
    """The address in any case, and not as a part of a longer one."""
    return re.compile(rf"(?<![\w.+-]){re.escape(address)}(?![\w-]|\.\w)", re.IGNORECASE)


def _blank_reasons(conn: Connection, customer_id: int) -> None:
    """Leave in the audit log who suppressed or lifted an address of theirs, not in which words."""
    a = audit.c
    rows = conn.execute(select(a.id, a.detail).where(a.action.in_(ABOUT_ADDRESSES))).all()
    for row in rows:
        detail = dict(row.detail or {})
        if customer_id not in detail.get("customers", ()):
            continue
        if "reason" in detail:
            detail["reason"] = without_words(detail["reason"])
        if "reasons" in detail:
            detail["reasons"] = sorted({without_words(each) for each in detail["reasons"]})
        if "why" in detail:
            detail["why"] = ERASED
        conn.execute(update(audit).where(a.id == row.id).values(detail=detail))
