"""What comes due as it is planned is written as sent: a row is not written to be found and changed.

That is what `claim_as_planned` would make of it, where nothing else happens between the two.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    false,
    literal,
    null,
    select,
    true,
)

from outreach.decisions.loading import Rulings
from outreach.decisions.localities import localities
from outreach.planning.occasion import come, occasion_of_run
from outreach.simulation.claiming import is_undisturbed
from outreach.store import channel_holds, runs
from outreach.store.runs import Run
from outreach.store.sources import fenced
from outreach.store.types import Instant
from outreach.vocabulary import RunKind, RunState, State

TASK = "task"


@dataclass(frozen=True, slots=True)
class AtOnce:
    """Makes of a plan's rows those that are written at an instant, the look before it at `before`."""

    channels: Collection[str]
    before: datetime
    now: datetime

    def __call__(self, rows: Select[Any]) -> Select[Any]:
        """The rows, those that go now as sent."""
        planned, moment = rows.subquery().c, literal(self.now, Instant())
        goes = and_(
            planned.state == State.DUE.value,
            planned.due_at == moment,
            planned.planned_at == moment,
            planned.channel.in_(sorted(self.channels)),
            is_undisturbed(planned.customer_id, self.before),
        )
        row = fenced(select(*planned, goes.label("goes")), "told").c
        at = case((row.goes, moment), else_=null())
        written: dict[str, ColumnElement[Any]] = {
            **{each.name: row[each.name] for each in planned},
            "state": case((row.goes, State.SENT.value), else_=row.state),
            "ready": case((row.goes, false()), else_=row.ready),
            "firm": case((row.goes, true()), else_=false()),
            "fence": case((row.goes, 1), else_=0),
            **dict.fromkeys(("claimed_at", "sent_at", "settled_at"), at),
        }
        # SQLite's parser takes ON CONFLICT for the condition of a join without a WHERE before it.
        return select(*(value.label(name) for name, value in written.items())).where(true())


def open_channels(conn: Connection, channels: Sequence[str]) -> list[str]:
    """Those on which messages go by themselves: a task is given to somebody as well."""
    return [each for each in channels if each != TASK and not channel_holds.is_held(conn, each)]


def is_last(conn: Connection, rulings: Rulings, run: Run, now: datetime) -> bool:
    """Whether no other run is to be planned at an instant, whose plan would see what is open."""
    others = [each for each in runs.runs_in(conn, RunState.PLANNING) if each.id != run.id]
    places = localities(conn) if others else []
    for each in others:
        grid = rulings.load(conn, each.revision_id, each.step).grid
        if come(occasion_of_run(each).instants(grid, places), each.planned_until, now):
            return False
    return run.kind is RunKind.SCHEDULE
