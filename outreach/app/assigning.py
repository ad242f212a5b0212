"""Customers handed over to another owner."""

from collections.abc import Sequence
from dataclasses import dataclass

from outreach.app.context import Context
from outreach.app.customers import no_customer
from outreach.app.person import person
from outreach.app.project import save_rules
from outreach.app.tasks import must_know_owner
from outreach.errors import UsageError
from outreach.store import owners
from outreach.store.engine import reading, writing
from outreach.store.journal import record

ACTION = "customers assigned"


@dataclass(frozen=True, slots=True)
class Assigned:
    """What was handed over; `left` are keys that were asked for and belong to somebody else."""

    from_owner: str
    to_owner: str
    customers: int
    tasks: int  # that are not closed
    left: tuple[str, ...] = ()


def assign_customers(
    context: Context, from_: str, to: str, only: Sequence[str] | None = None
) -> Assigned:
    """Give customers with their tasks from one owner to another; messages follow the owner.

    In ranges, each with its row in the audit log: what is done stays when it breaks off. `from_`
    may be gone from outreach.yaml, `to` may not. UsageError for a key that nobody has.
    """
    must_know_owner(context, to)
    if from_ == to:
        raise UsageError("customers are handed over to somebody else", "name another `--to`")
    save_rules(context)
    left = () if only is None else _left(context, from_, only)
    people, given = _in_ranges(context, from_, to, only)
    if only is None:
        given += _further_tasks(context, from_, to)
    return Assigned(from_, to, people, given, left)


def _left(context: Context, from_: str, only: Sequence[str]) -> tuple[str, ...]:
    with reading(context.engine) as conn:
        belong = owners.belonging(conn, only)
    for key in only:
        if key not in belong:
            raise no_customer(key)
    return tuple(key for key in dict.fromkeys(only) if belong[key] != from_)


def _in_ranges(
    context: Context, from_: str, to: str, only: Sequence[str] | None
) -> tuple[int, int]:
    actor, now, last = person() or "", context.now(), 0
    people = given = 0
    while True:
        with writing(context.engine) as conn:
            ids = owners.customers_of(conn, from_, last, only)
            if not ids:
                return people, given
            count, tasks = owners.hand_over(conn, ids, from_, to, actor, now)
            about = {"from": from_, "to": to, "customers": count, "tasks": tasks}
            record(conn, now, actor, ACTION, f"{ids[0]}-{ids[-1]}", **about)
        people, given, last = people + count, given + tasks, ids[-1]


def _further_tasks(context: Context, from_: str, to: str) -> int:
    """Tasks about customers who are not that owner's any more."""
    given = 0
    while True:
        with writing(context.engine) as conn:
            count = owners.hand_over_tasks(conn, from_, to)
            if not count:
                return given
            about = {"from": from_, "to": to, "tasks": count}
            record(conn, context.now(), person() or "", ACTION, "tasks", **about)
        given += count
