"""Gives urgent tasks out: promises that were missed, answers that are owed, up to a cap; escalates."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from outreach.settings.company import Company
from outreach.store import owed, urgent
from outreach.store.dialect import lock_customers, one_at_a_time
from outreach.store.engine import reading, writing
from outreach.store.events import ADDING
from outreach.store.urgent import Caps, Found, Staff

MOST = 500  # tasks in one transaction


def staff_of(company: Company) -> Staff:
    """Who takes tasks."""
    return Staff(tuple(company.owners), company.tasks.fallback)


def give_out(engine: Engine, company: Company, now: datetime) -> int:
    """Let tasks that wait be open, adopted ones among them; how many moved."""
    staff = staff_of(company)
    caps = Caps(company.tasks.per_customer, company.tasks.per_owner)
    adopted = _move(
        engine,
        lambda conn: urgent.to_adopt(conn, staff, MOST),
        urgent.adopt,
    )
    given = _move(
        engine,
        lambda conn: urgent.to_give(conn, caps, MOST),
        lambda conn, found: urgent.give(conn, [id_ for id_, *_ in found], now),
    )
    return adopted + given


def escalate(engine: Engine, company: Company, now: datetime) -> int:
    """Tell whoever is above an owner of tasks that are long overdue; how many."""
    rule = company.tasks.escalation
    if rule is None:
        return 0
    alone = [owner for owner in company.owners if not company.boss_of(owner)]
    return _move(
        engine,
        lambda conn: urgent.to_escalate(conn, now - rule.after, alone, MOST),
        lambda conn, found: urgent.escalate(
            conn, [(id_, company.boss_of(owner)) for id_, _, owner in found], now
        ),
    )


def miss(engine: Engine, company: Company, now: datetime) -> list[int]:
    """Let promises be missed that are due, each with an event; the customers'."""
    staff = staff_of(company)
    theirs: set[int] = set()
    while True:
        with reading(engine) as conn:
            if not owed.are_missed(conn, now):
                return sorted(theirs)
        with writing(engine) as conn:
            one_at_a_time(conn, ADDING)
            theirs.update(owed.miss(conn, staff, now, MOST))


def _move(
    engine: Engine,
    find: Callable[[Connection], list[Found]],
    do: Callable[[Connection, Sequence[Found]], None],
) -> int:
    """Do what there is to do, found anew under its lock, until there is nothing; how much."""
    moved = 0
    while True:
        with reading(engine) as conn:
            if not find(conn):
                return moved
        with writing(engine) as conn:
            one_at_a_time(conn, ADDING)
            found = find(conn)
            lock_customers(conn, sorted({customer for _, customer, _ in found}))
            do(conn, found)
        moved += len(found)
