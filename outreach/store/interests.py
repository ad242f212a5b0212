"""Interests of customers, and where each was learnt: the earliest time that anybody was told."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, select, update

from outreach.store import dialect
from outreach.store.tables import customers, interest_origins
from outreach.store.upserts import upsert

c, o = customers.c, interest_origins.c


class Learnt(NamedTuple):
    """An interest of a customer, and where it was learnt: a form, a purchase, a conversation, a file."""

    customer_id: int
    interest: str
    source: str
    at: datetime


class Origin(NamedTuple):
    """Where an interest was learnt; None: nobody noted it."""

    interest: str
    source: str | None
    at: datetime | None


def learn(conn: Connection, told: Sequence[Learnt], now: datetime) -> set[tuple[int, str]]:
    """Add interests to customers, who are locked; those that are new, as (customer's id, interest).

    What is known already keeps its place in the list; of two origins the earlier stays.
    """
    ids = sorted({one.customer_id for one in told})
    rows = conn.execute(select(c.id, c.interests).where(dialect.is_any_of(conn, c.id, ids)))
    known = {row.id: list(row.interests) for row in rows}
    new = set()
    for one in told:
        if one.interest not in known[one.customer_id]:
            known[one.customer_id].append(one.interest)
            new.add((one.customer_id, one.interest))
    changed = sorted({id_ for id_, _ in new})
    if changed:
        lists = update(customers).where(c.id == bindparam("_id"))
        lists = lists.values(interests=bindparam("_interests"), updated_at=now)
        conn.execute(lists, [{"_id": id_, "_interests": known[id_]} for id_ in changed])
    _note(conn, told)
    return new


def replaced(
    conn: Connection,
    changed: Iterable[tuple[int, Sequence[str], Sequence[str]]],
    source: str,
    at: datetime,
) -> None:
    """Note where interests come from that a customer's list has got, forget those that it lost.

    Each is (customer's id, list before, list after); the lists themselves are the caller's.
    """
    learnt: list[Learnt] = []
    lost: list[dict[str, Any]] = []
    for id_, before, after in changed:
        learnt += [Learnt(id_, each, source, at) for each in after if each not in before]
        lost += [{"_id": id_, "_interest": each} for each in before if each not in after]
    if lost:
        these = (o.customer_id == bindparam("_id"), o.interest == bindparam("_interest"))
        conn.execute(delete(interest_origins).where(*these), lost)
    _note(conn, learnt)


def origins_of(conn: Connection, ids: Sequence[int]) -> dict[int, list[Origin]]:
    """The interests of each customer, in their order, with where each was learnt."""
    mine = dialect.is_any_of(conn, o.customer_id, ids)
    noted = {
        (row.customer_id, row.interest): (row.source, row.at)
        for row in conn.execute(select(interest_origins).where(mine))
    }
    rows = conn.execute(select(c.id, c.interests).where(dialect.is_any_of(conn, c.id, ids)))
    return {
        row.id: [Origin(each, *noted.get((row.id, each), (None, None))) for each in row.interests]
        for row in rows
    }


def origins_after(conn: Connection, after: int, limit: int) -> list[tuple[int, str, list[Origin]]]:
    """The same of up to `limit` customers with ids above `after`, in their order: id, key, interests.

    Who was erased or merged is left out.
    """
    there = (c.id > after, c.erased_at.is_(None), c.merged_into.is_(None))
    query = select(c.id, c.key).where(*there).order_by(c.id).limit(limit)
    rows = conn.execute(query).all()
    origins = origins_of(conn, [row.id for row in rows])
    return [(row.id, row.key, origins[row.id]) for row in rows]


def hand_over(conn: Connection, old: int, new: int) -> None:
    """Let a customer have the interests of another one too, each with where it was learnt."""
    rows = conn.execute(select(c.id, c.interests).where(c.id.in_((old, new))))
    lists = {row.id: row.interests for row in rows}
    more = [each for each in lists[old] if each not in lists[new]]
    if more:
        both = update(customers).where(c.id == new).values(interests=lists[new] + more)
        conn.execute(both)
    noted = interest_origins.alias()
    known = select(noted.c.interest).where(noted.c.customer_id == new)
    moved = update(interest_origins).where(o.customer_id == old, o.interest.not_in(known))
    conn.execute(moved.values(customer_id=new))


def forget(conn: Connection, customer_id: int) -> None:
    """Delete where a customer's interests were learnt."""
    conn.execute(delete(interest_origins).where(o.customer_id == customer_id))


def _note(conn: Connection, learnt: Sequence[Learnt]) -> None:
    earliest: dict[tuple[int, str], Learnt] = {}
    for one in learnt:
        first = earliest.setdefault((one.customer_id, one.interest), one)
        if one.at < first.at:
            earliest[one.customer_id, one.interest] = one
    names = ("customer_id", "interest", "source", "at")
    rows = sorted(earliest.values())
    upsert(conn, interest_origins, names, rows, newer=lambda given: given.at < o.at)
