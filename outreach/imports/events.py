"""Events from a file: orders, calls, visits … each `id` once."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from outreach.imports.feed import Refused
from outreach.imports.intake import Progress, take_in
from outreach.imports.job import Job
from outreach.imports.outcome import EventsResult, Options, Touched
from outreach.imports.parsing import EventRow
from outreach.imports.zeros import unknown_customers
from outreach.settings.company import Company
from outreach.store.events import Event, add_events
from outreach.store.keys import ids_in_force
from outreach.vocabulary import TaskCause


def import_events(
    engine: Engine,
    path: Path,
    company: Company,
    now: datetime,
    options: Options | None = None,
    progress: Progress | None = None,
    touched: Touched | None = None,
) -> EventsResult:
    """Add events from CSV or JSON lines: `key,kind,at,amount,id`, other columns are data.

    A `promise` is `due` by an instant, or by the end of a day in company time.

    An `id` is taken once; without one a second import adds the event again. An event dated after
    `now`, which is a day at most, is taken and seen from then on. UsageError when the file can not be read at all.
    `touched` holds the customers of what is committed also when the import ends by an error.
    """
    options = options or Options()
    events = _Events(now, touched)
    taken = take_in(engine, Job("events", str(path), company, options, now), events.apply, progress)
    if events.nameless:
        taken.warn(
            f"events without an `id`: {events.nameless:,}; another import of this file adds them again"
        )
    if events.undated:
        taken.warn(f"promises without a date in `due`: {events.undated:,}; nobody is told of these")
    return EventsResult(
        **taken.parts(),
        customers=events.touched.ids(),
        created=events.created,
        duplicate=events.duplicate,
    )


class _Events:
    """Applies batches and counts what came of them."""

    def __init__(self, now: datetime, touched: Touched | None) -> None:
        self._now = now
        self.touched = touched or Touched()
        self.created = self.duplicate = self.nameless = self.undated = 0

    def apply(self, conn: Connection, rows: list[EventRow]) -> list[Refused]:
        """Add one batch in the caller's transaction; the rows whose customer is not there."""
        ids = ids_in_force(conn, {row.key for row in rows})
        found = [
            Event(
                ids[row.key],
                row.values["kind"],
                row.values["at"],
                row.values.get("amount"),
                row.values.get("id", ""),
                row.data,
                row.values.get("due_at"),
            )
            for row in rows
            if row.key in ids
        ]
        added = add_events(conn, found, self._now)
        self.created += len(added)
        self.duplicate += len(found) - len(added)
        self.nameless += sum(not event.external_id for event in added)
        self.undated += sum(
            event.kind == TaskCause.PROMISE and event.due_at is None for event in added
        )
        self.touched.add(event.customer_id for event in added)
        unknown = [(row.line, row.key, row.cells) for row in rows if row.key not in ids]
        return unknown_customers(conn, unknown)
