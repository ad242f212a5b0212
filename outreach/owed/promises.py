"""Which promise is kept by which event."""

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise to one customer, as the event that made it."""

    event_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """An event that says a promise was kept; `promise` None: it names none."""

    event_id: int
    at: datetime
    promise: int | None = None


def keepers(
    promises: Sequence[Promise], kept: Sequence[Kept], closed: Collection[int]
) -> dict[int, Kept]:
    """By promise of one customer the event that keeps it, in whatever order they came to be known.

    That is the first one that names it. Those that name none keep one promise each: the oldest
    that was made by then and is neither named by another nor `closed` by a person.
    """
    in_order = sorted(kept, key=lambda each: (each.at, each.event_id))
    found: dict[int, Kept] = {}
    for each in in_order:
        if each.promise is not None:
            found.setdefault(each.promise, each)
    free = deque(
        promise
        for promise in sorted(promises, key=lambda each: (each.at, each.event_id))
        if promise.event_id not in found and promise.event_id not in closed
    )
    for each in in_order:
        if each.promise is None and free and free[0].at <= each.at:
            found[free.popleft().event_id] = each
    return found
