"""Who would move to another stage at the next refresh, by one lifecycle or another; nothing is written."""

from collections import Counter
from datetime import datetime

from sqlalchemy import Connection, func, select

from outreach.lifecycle.changes import changes, spots
from outreach.lifecycle.model import Lifecycle
from outreach.settings.company import Company
from outreach.store.stages import MAIN
from outreach.store.tables import customers

PART = 20_000  # ids looked at together
Moves = Counter[tuple[str | None, str | None]]  # from, to


def foreseen(conn: Connection, company: Company, model: Lifecycle, now: datetime) -> Moves:
    """How many would move by the rules of a model as of an instant, by where from and where to."""
    models = {MAIN: model}
    [spot] = spots(models)
    found: Moves = Counter()
    last = conn.execute(select(func.max(customers.c.id))).scalar() or 0
    for first in range(1, last + 1, PART):
        among = range(first, min(first + PART, last + 1))
        which = customers.c.id.between(among[0], among[-1])
        rows = conn.execute(changes(which, company, models, now, among)).all()
        found.update((row[spot.first], stage) for row, stage in spot.moved(rows, now))
    return found


def newly(before: Moves, after: Moves) -> dict[tuple[str | None, str | None], int]:
    """Moves that only one of two lifecycles makes: more by the later one above 0, fewer below."""
    pairs = {pair: after[pair] - before[pair] for pair in {*before, *after}}
    return dict(sorted(((p, n) for p, n in pairs.items() if n), key=lambda each: (-each[1], str(each[0]))))  # fmt: skip
