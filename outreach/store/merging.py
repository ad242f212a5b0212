"""Two records of one person: the one is closed and points to the other, which counts for both.

What was sent stays where it was sent from; whoever counts for a customer counts `keys.merged_into` too.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, false, null, or_, select, update

from outreach.store import enrolments, interests, named_dates, owed
from outreach.store.consents import Word, record_consents
from outreach.store.custody import back_to_due
from outreach.store.customers import rows_by_key
from outreach.store.endings import restore
from outreach.store.journal import record
from outreach.store.keys import kept_keys
from outreach.store.sharing import lock_with_sharers
from outreach.store.sources import named
from outreach.store.tables import consent_states, customers, deliveries, events, runs, tasks
from outreach.vocabulary import ConsentState, State

ACTION = "customers merged"
REASON = "merged"
_NOT_BEGUN = (State.DUE.value, State.HELD.value, State.CLAIMED.value)
d = deliveries.c


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of a merge, or why it can not be: `refused` in words, else empty."""

    refused: str = ""
    customer_id: int = 0  # the one that stays
    cancelled: int = 0  # messages of the other that had not begun
    events: int = 0  # of the other, that are this one's now
    withdrawn: int = 0  # consents of this one that ended, for the other had said no


def merge(conn: Connection, closed: str, kept: str, actor: str, now: datetime) -> Merged:
    """Let the customer of the key `kept` stand for that of `closed`, in the caller's transaction.

    Events go over, and dates and interests that the other has not; of consents the stricter stays:
    a no of either is a no, a yes of the closed one is not taken over. Whoever confirms it waits
    until nothing begins any more.
    """
    lock_with_sharers(conn, [closed, kept], [], [])
    rows = rows_by_key(conn, [closed, kept])
    refused = _refused(conn, rows, closed, kept)
    if refused:
        return Merged(refused)
    old, new = rows[closed]["id"], rows[kept]["id"]
    c = customers.c
    both = or_(c.id == old, c.merged_into == old)  # who was merged before goes along
    conn.execute(update(customers).where(both).values(merged_into=new, updated_at=now))
    conn.execute(update(customers).where(c.id == new).values(shares=True, updated_at=now))
    _hand_corrections_over(conn, old, new)
    cancelled = _cancel(conn, old)
    enrolments.end_of_customer(conn, old, now)
    moved = update(events).where(events.c.customer_id == old).values(customer_id=new)
    count = conn.execute(moved).rowcount
    conn.execute(update(tasks).where(tasks.c.customer_id == old).values(customer_id=new))
    named_dates.hand_over(conn, old, new)
    interests.hand_over(conn, old, new)
    owed.look_again(conn, [new])
    withdrawn = _withdraw(conn, old, new, closed, actor, now)
    detail = {"closed": old, "customer": new, "events": count, "cancelled": cancelled}
    record(conn, now, actor, ACTION, new, **detail)
    return Merged("", new, cancelled, count, withdrawn)


def _refused(conn: Connection, rows: dict[str, dict[str, Any]], closed: str, kept: str) -> str:
    if closed == kept:
        return "a customer can not be merged into itself"
    for key in (closed, kept):
        row = rows.get(key)
        if row is None:
            return f"there is no customer `{key}`"
        if row["erased_at"] is not None:
            return f"customer `{key}` was erased"
        if row["merged_into"] is not None:
            return f"customer `{key}` was merged into `{kept_keys(conn, [key])[key]}`"
    return ""


def _hand_corrections_over(conn: Connection, old: int, new: int) -> None:
    """Let what corrects a message that the one got go to the other, who is decided about afresh.

    Unless the other, whom the message reached as well, is told already.
    """
    r, theirs = runs.c, named(deliveries, "theirs").c
    mine = and_(d.customer_id == old, d.state.in_(_NOT_BEGUN))
    among = conn.execute(select(r.id, r.params).where(r.id.in_(select(d.run_id).where(mine))))
    correcting = [row.id for row in among.all() if "corrects" in row.params]
    told = select(theirs.id).where(theirs.run_id == d.run_id, theirs.customer_id == new)
    going = update(deliveries).where(mine, d.run_id.in_(correcting), ~told.exists())
    conn.execute(going.values({**back_to_due(), "customer_id": new}))


def _cancel(conn: Connection, customer_id: int) -> int:
    """End what has not begun; a worker that holds it can not hand it over any more."""
    cancelled = {
        "state": State.CANCELLED.value, "reason": REASON, "ready": false(), "firm": false(),
        "slot_at": null(), "worker_id": null(), "until": null(),
    }  # fmt: skip
    mine = (d.customer_id == customer_id, d.state.in_(_NOT_BEGUN))
    ended = conn.execute(update(deliveries).where(*mine).values(cancelled).returning(d.id))
    ids = list(ended.scalars())
    restore(conn, ids)
    return len(ids)


def _withdraw(conn: Connection, old: int, new: int, closed: str, actor: str, now: datetime) -> int:
    """Let the noes of the one be noes of the other."""
    s = consent_states.c
    stands = {
        (row.customer_id, row.channel, row.topic): row.state
        for row in conn.execute(select(consent_states).where(s.customer_id.in_((old, new))))
    }
    no = ConsentState.WITHDRAWN
    words = [
        Word(new, channel, topic, no, now, f"merged from {closed}", recorded_by=actor)
        for (customer_id, channel, topic), state in sorted(stands.items())
        if customer_id == old and state == no and stands.get((new, channel, topic)) != no
    ]
    return record_consents(conn, words, now).recorded
