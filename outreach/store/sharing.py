"""Which customers have an address in common: the flag `shares` says it of each row.

It is also set where a customer stands for others who were merged into it.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    cast,
    exists,
    func,
    select,
    union_all,
    update,
)

from outreach.store import dialect
from outreach.store.sources import named
from outreach.store.tables import customers
from outreach.store.types import BigId


def mark_sharing(conn: Connection, name: str, addresses: Collection[str]) -> None:
    """Set `shares` on every customer with one of these addresses that another one has too.

    `name` is the addresses' column. Call it after the customers are written, with all addresses of
    a batch that several may have.
    """
    if not addresses:
        return
    column = customers.c[name]
    found = (
        select(column)
        .where(dialect.is_any_of(conn, column, sorted(addresses)))
        .group_by(column)
        .having(func.count() > 1)
    )
    shared = list(conn.execute(found).scalars())
    if shared:
        conn.execute(
            update(customers)
            .where(dialect.is_any_of(conn, column, shared), ~customers.c.shares)
            .values(shares=True)
        )


def unmark_sharing(
    conn: Connection, emails: Collection[str], phones: Collection[str], ids: Collection[int]
) -> None:
    """Clear `shares` of whoever shares no address any more.

    `emails` and `phones` are addresses that were given up, `ids` the customers who gave them up.
    """
    t = customers.c
    candidates = set(ids)
    for column, values in ((t.email, emails), (t.phone, phones)):
        found = select(t.id).where(dialect.is_any_of(conn, column, sorted(values)), t.shares)
        candidates |= set(conn.execute(found).scalars())
    if not candidates:
        return
    other = named(customers, "other")
    same_email = exists().where(other.c.email == t.email, other.c.id != t.id)
    same_phone = exists().where(other.c.phone == t.phone, other.c.id != t.id)
    stands_for = exists().where(other.c.merged_into == t.id)
    conn.execute(
        update(customers)
        .where(dialect.is_any_of(conn, t.id, sorted(candidates)), t.shares)
        .where(~same_email, ~same_phone, ~stands_for)
        .values(shares=False)
    )


class Holders(NamedTuple):
    """Who has an address: ids by address, of each column."""

    email: dict[str, set[int]]
    phone: dict[str, set[int]]

    def ids(self) -> set[int]:
        """All of them."""
        return set().union(*self.email.values(), *self.phone.values())

    def add(self, id_: int, email: str | None, phone: str | None) -> None:
        """Let a customer be one who has these."""
        for held, address in ((self.email, email), (self.phone, phone)):
            if address is not None:
                held.setdefault(address, set()).add(id_)


def lock_with_sharers(
    conn: Connection, keys: Collection[str], emails: Collection[str], phones: Collection[str]
) -> Holders:
    """Lock the customers of these keys and all who have their addresses, stored or new, at once.

    Who has the new addresses. One lock in id order for all that a batch may write: two that lock
    in steps could wait for each other. On SQLite a write transaction has the whole file.
    """
    t = customers.c
    every = {t.email: set(emails), t.phone: set(phones)}
    ids: set[int] = set()
    if dialect.is_postgres(conn):
        rows = conn.execute(
            select(t.id, t.email, t.phone).where(dialect.is_any_of(conn, t.key, sorted(keys)))
        ).all()
        ids = {row.id for row in rows}
        every[t.email] |= {row.email for row in rows if row.email is not None}
        every[t.phone] |= {row.phone for row in rows if row.phone is not None}
    found = Holders({}, {})
    for held, (column, wanted) in zip(found, every.items(), strict=True):
        if wanted:
            having = select(t.id, column).where(dialect.is_any_of(conn, column, sorted(wanted)))
            for id_, address in conn.execute(having).all():
                held.setdefault(address, set()).add(id_)
    dialect.lock_customers(conn, sorted(ids | found.ids()))
    return found


def sharing_with(customer_id: ColumnElement[Any] | int) -> ScalarSelect[int]:
    """Ids of a customer and of all who share an address with them.

    By a name of their own for the others: as `customers` they would be the row that is asked about,
    and everybody would be looked at.
    """
    own, other = named(customers, "own"), named(customers, "alike")
    parts = [
        select(other.c.id).where(own.c.id == customer_id, other.c[name] == own.c[name])
        for name in ("email", "phone")
    ]
    return union_all(select(cast(customer_id, BigId)), *parts).scalar_subquery()


def sharers(conn: Connection, customer_ids: Collection[int]) -> dict[int, set[int]]:
    """For each customer the ids of all who share an address, or were merged into it; itself too.

    The addresses of who was merged into a customer are that one's too.
    """
    own, other, closed = (named(customers, name) for name in ("own", "other", "closed"))
    found: dict[int, set[int]] = {one: {one} for one in customer_ids}
    if not found:
        return found
    both = select(own.c.id, other.c.id)
    ties = [both.join_from(own, other, other.c.merged_into == own.c.id)]
    for name in ("email", "phone"):
        stood_for = both.join_from(own, closed, closed.c.merged_into == own.c.id)
        stand_in = select(own.c.id, closed.c.merged_into).where(closed.c.merged_into.is_not(None))
        ties += [
            both.join_from(own, other, other.c[name] == own.c[name]),
            stood_for.join(other, other.c[name] == closed.c[name]),
            stand_in.join_from(own, closed, closed.c[name] == own.c[name]),
        ]
    mine = dialect.is_any_of(conn, own.c.id, sorted(found))
    for tie in ties:
        for one, another in conn.execute(tie.where(mine)):
            found[one].add(another)
    return found
