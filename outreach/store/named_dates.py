"""Named dates of customers as rows: read and written in batches, handed over, counted."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    delete,
    func,
    select,
    true,
    update,
)

from outreach.store import dialect
from outreach.store.tables import customer_dates
from outreach.store.upserts import upsert

d = customer_dates.c
_MONTH_DAY = slice(-5, None)  # of YYYY-MM-DD and of MM-DD


class NamedDate(NamedTuple):
    """A day, YYYY-MM-DD or, where its year is not known, MM-DD; whose it is, or what else to know."""

    day: str
    note: str | None = None


Dates = Mapping[str, NamedDate]  # one customer's, by name


class NameInUse(NamedTuple):
    """A name, and how many customers have such a date; how many with its year, with a note."""

    name: str
    customers: int
    with_year: int
    with_note: int


def dates_of(conn: Connection, ids: Sequence[int]) -> dict[int, dict[str, NamedDate]]:
    """The dates of each customer who has any, in the order of their names."""
    query = select(d.customer_id, d.name, d.day, d.note).order_by(d.customer_id, d.name)
    found: dict[int, dict[str, NamedDate]] = {}
    for row in conn.execute(query.where(dialect.is_any_of(conn, d.customer_id, ids))):
        found.setdefault(row.customer_id, {})[row.name] = NamedDate(row.day, row.note)
    return found


def asked_of_day(
    customer_id: ColumnElement[int],
    name: str,
    ask: Callable[[ColumnElement[str]], ColumnElement[Any]],
) -> ColumnElement[Any]:
    """What is asked of the day that a customer has under a name, as a sub-query; null without one."""
    own = customer_dates.alias()
    query = select(ask(own.c.day)).where(own.c.customer_id == customer_id, own.c.name == name)
    return query.correlate_except(own).scalar_subquery()


def ids_by_day(name: str, month_days: ColumnElement[Any]) -> Select[Any]:
    """Customers who have a date of this name on one of these days of the year, MM-DD."""
    own = customer_dates.alias()
    return select(own.c.customer_id).where(own.c.name == name, own.c.month_day.in_(month_days))


def write_dates(conn: Connection, changed: Iterable[tuple[int, Dates, Dates]]) -> None:
    """Write what differs between the dates that customers had and those they shall have.

    Each is (customer's id, before, after), no customer twice.
    """
    rows, gone = [], []
    for id_, before, after in changed:
        for name, date in after.items():
            if before.get(name) != date:
                rows.append((id_, name, date.day, date.day[_MONTH_DAY], date.note))
        gone += [{"_id": id_, "_name": name} for name in before if name not in after]
    names = ("customer_id", "name", "day", "month_day", "note")
    upsert(conn, customer_dates, names, rows, newer=lambda _: true())
    if gone:
        these = (d.customer_id == bindparam("_id"), d.name == bindparam("_name"))
        conn.execute(delete(customer_dates).where(*these), gone)


def known_names(conn: Connection) -> list[str]:
    """Every name that a customer's date has; one look into the index for each, however many dates."""
    names: list[str] = []
    while True:
        next_one = select(func.min(d.name)).where(d.name > (names[-1] if names else ""))
        name = conn.execute(next_one).scalar()
        if name is None:
            return names
        names.append(name)


def names_in_use(conn: Connection) -> list[NameInUse]:
    """Every name with how many dates have it, in alphabetical order; all dates are counted."""
    with_year = func.count().filter(func.length(d.day) > len("MM-DD"))
    query = select(d.name, func.count(), with_year, func.count(d.note))
    rows = conn.execute(query.group_by(d.name).order_by(d.name))
    return [NameInUse(*row) for row in rows]


def hand_over(conn: Connection, old: int, new: int) -> None:
    """Give a customer's dates to another one, who keeps those that they have already."""
    theirs = customer_dates.alias()
    known = select(theirs.c.name).where(theirs.c.customer_id == new)
    moved = update(customer_dates).where(d.customer_id == old, d.name.not_in(known))
    conn.execute(moved.values(customer_id=new))


def forget(conn: Connection, customer_id: int) -> None:
    """Delete all dates of a customer."""
    conn.execute(delete(customer_dates).where(d.customer_id == customer_id))
