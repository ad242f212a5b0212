"""Which customers have an address in common: the flag `shares` says it of each row.

It is also set where a customer stands for others who were merged into it.
"""

from collections.abc import Collection

from sqlalchemy import Column, Connection, exists, func, select, update

from outreach.store import dialect
from outreach.store.tables import customers


def mark_sharing(conn: Connection, emails: Collection[str], phones: Collection[str]) -> None:
    """Set `shares` on every customer with one of these addresses that another one has too.

    Call it after the customers are written, with all addresses a batch gave to anyone.
    """
    for column, values in ((customers.c.email, emails), (customers.c.phone, phones)):
        shared = _had_by_several(conn, column, values)
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
    other = customers.alias("other")
    same_email = exists().where(other.c.email == t.email, other.c.id != t.id)
    same_phone = exists().where(other.c.phone == t.phone, other.c.id != t.id)
    stands_for = exists().where(other.c.merged_into == t.id)
    conn.execute(
        update(customers)
        .where(dialect.is_any_of(conn, t.id, sorted(candidates)), t.shares)
        .where(~same_email, ~same_phone, ~stands_for)
        .values(shares=False)
    )


def _had_by_several(
    conn: Connection, column: Column[str | None], values: Collection[str]
) -> list[str]:
    if not values:
        return []
    found = (
        select(column)
        .where(dialect.is_any_of(conn, column, sorted(values)))
        .group_by(column)
        .having(func.count() > 1)
    )
    return [value for (value,) in conn.execute(found) if value is not None]


def lock_with_sharers(
    conn: Connection, keys: Collection[str], emails: Collection[str], phones: Collection[str]
) -> set[int]:
    """Lock the customers of these keys and all who have their addresses, stored or new, at once.

    Their ids. One lock in id order for all that a batch may write: two that lock in steps could
    wait for each other. Nobody on SQLite, where a write transaction has the whole file.
    """
    if not dialect.is_postgres(conn):
        return set()
    t = customers.c
    rows = conn.execute(
        select(t.id, t.email, t.phone).where(dialect.is_any_of(conn, t.key, sorted(keys)))
    ).all()
    ids = {row.id for row in rows}
    every = {t.email: {row.email for row in rows} | set(emails),
             t.phone: {row.phone for row in rows} | set(phones)}  # fmt: skip
    for column, values in every.items():
        wanted = sorted(value for value in values if value is not None)
        sharers = select(t.id).where(dialect.is_any_of(conn, column, wanted))
        ids |= set(conn.execute(sharers).scalars())
    dialect.lock_customers(conn, sorted(ids))
    return ids


def sharers(conn: Connection, customer_ids: Collection[int]) -> dict[int, set[int]]:
    """For each customer the ids of all who share an address, or were merged into it; itself too.

    The addresses of who was merged into a customer are that one's too.
    """
    own, other, closed = (customers.alias(name) for name in ("own", "other", "closed"))
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
