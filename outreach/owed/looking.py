"""Looks at events that came: they give out tasks, and end those that are not needed any more."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from outreach.owed.errands import BEGINS, task_of
from outreach.owed.promises import Kept, Promise, keepers
from outreach.settings.company import TaskRules
from outreach.store import owed
from outreach.store.dialect import lock_customers, one_at_a_time
from outreach.store.events import ADDING
from outreach.store.owed import AboutPromise, Missed, Standing
from outreach.store.urgent import Staff
from outreach.vocabulary import TASKS_AHEAD, TO_ANSWER, TaskCause, TaskState

UNKNOWN = 0  # no event's id
Rules = Callable[[int | None], TaskRules]  # by their number, as when an event came; None: present


def look(
    conn: Connection, rules: Rules, staff: Staff, now: datetime, limit: int
) -> tuple[int, list[int]]:
    """Look at up to `limit` events; how many, and of whom a promise is missed, or no more."""
    one_at_a_time(conn, ADDING)
    found = owed.pending(conn, now, limit)
    if not found:
        return 0, []
    customer_ids = sorted({event.customer_id for event in found})
    lock_customers(conn, customer_ids)
    new = [task_of(event, rules(event.rules_id), staff.of(event.owner)) for event in found]
    owed.add_tasks(conn, [task for task in new if task is not None])
    told = _settle(conn, customer_ids, now)
    owed.looked_at(conn, [event.event_id for event in found])
    return len(found), told


def _settle(conn: Connection, customer_ids: Sequence[int], now: datetime) -> list[int]:
    """Let every task of these customers be settled, or needed, as their events say now.

    The customers of whom a promise is said to be missed that was not before, or no more.
    """
    standing = owed.standing(conn, customer_ids, now)
    kept = _kept(conn, standing, now)
    settled: list[tuple[int, int]] = []
    needed: dict[TaskState, list[int]] = defaultdict(list)
    for task in standing:
        by = _settler(task, kept)
        if task.state not in (*TASKS_AHEAD, TaskState.SETTLED) or by == task.settled_by:
            continue
        if by is not None:
            settled.append((task.id, by))
        else:
            needed[BEGINS[task.cause]].append(task.id)
    owed.settle(conn, settled, now)
    for state, ids in needed.items():
        owed.reopen(conn, ids, state)
    return _tell(conn, [task for task in standing if task.event_id in kept], kept, now)


def _tell(
    conn: Connection, promised: Sequence[Standing], kept: dict[int, Kept], now: datetime
) -> list[int]:
    """Let events say of promises that were kept whether they were missed; whose are new or gone."""
    late = [task for task in promised if kept[task.event_id].at >= task.due_at]
    missed = [Missed(each.id, each.customer_id, each.event_id, each.due_at) for each in late]
    in_time = [task.event_id for task in promised if kept[task.event_id].at < task.due_at]
    return [*owed.say_missed(conn, missed, now), *owed.not_missed(conn, in_time)]


def _settler(task: Standing, kept: dict[int, Kept]) -> int | None:
    """The event that makes a task needless; None: nothing does."""
    if task.cause in TO_ANSWER:
        return task.answered_by
    found = kept.get(task.event_id)
    return None if found is None else found.event_id


def _kept(conn: Connection, standing: Sequence[Standing], now: datetime) -> dict[int, Kept]:
    """By promise that has a task, the event that keeps it."""
    promised = [task for task in standing if task.cause is TaskCause.PROMISE]
    if not promised:
        return {}
    said: dict[int, list[AboutPromise]] = defaultdict(list)
    for each in owed.about_promises(conn, sorted({task.customer_id for task in promised}), now):
        said[each.customer_id].append(each)
    named = owed.events_called(conn, {each.names for them in said.values() for each in them} - {""})
    by_task = {task.id: task.event_id for task in promised}
    closed = {
        task.event_id for task in promised if task.state in (TaskState.DONE, TaskState.DROPPED)
    }
    found = {}
    for them in said.values():
        made = [Promise(each.event_id, each.at) for each in them if not each.is_kept]
        kept = [_as_kept(each, named, by_task) for each in them if each.is_kept]
        found.update(keepers(made, kept, closed))
    return found


def _as_kept(each: AboutPromise, named: dict[str, int], by_task: dict[int, int]) -> Kept:
    """The promise that it names; one that nobody knows yet is not taken for another."""
    promise = None
    if each.task_id is not None:
        promise = by_task.get(each.task_id, UNKNOWN)
    elif each.names:
        promise = named.get(each.names, UNKNOWN)
    return Kept(each.event_id, each.at, promise)
