"""Interests of customers from a file, each with where it was learnt and when."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from outreach.imports.feed import Refused
from outreach.imports.intake import Progress, take_in
from outreach.imports.interest_rows import InterestRow
from outreach.imports.job import Job
from outreach.imports.outcome import InterestsResult, Options, Touched
from outreach.imports.zeros import unknown_customers
from outreach.settings.company import Company
from outreach.store.interests import Learnt, learn
from outreach.store.keys import locked_in_force


def import_interests(
    engine: Engine,
    path: Path,
    company: Company,
    now: datetime,
    options: Options | None = None,
    progress: Progress | None = None,
    touched: Touched | None = None,
) -> InterestsResult:
    """Add `key,interest,source,at` from CSV, workbooks or JSON lines; none is ever taken away.

    A second import of the same file adds nothing. UsageError when the file can not be read at
    all. `touched` holds the customers of what is committed also when it ends by an error.
    """
    interests = _Interests(now, touched)
    job = Job("interests", str(path), company, options or Options(), now)
    taken = take_in(engine, job, interests.apply, progress)
    return InterestsResult(
        **taken.parts(),
        customers=interests.touched.ids(),
        learnt=interests.learnt,
        unchanged=interests.unchanged,
    )


class _Interests:
    """Applies batches and counts what came of them."""

    def __init__(self, now: datetime, touched: Touched | None) -> None:
        self._now = now
        self.touched = touched or Touched()
        self.learnt = self.unchanged = 0

    def apply(self, conn: Connection, rows: list[InterestRow]) -> list[Refused]:
        """Add one batch in the caller's transaction; the rows whose customer is not there."""
        ids = locked_in_force(conn, {row.key for row in rows})
        told = [
            Learnt(ids[row.key], interest, row.source, row.at)
            for row in rows
            if row.key in ids
            for interest in row.interests
        ]
        new = learn(conn, told, self._now)
        self.learnt += len(new)
        self.unchanged += len(told) - len(new)
        self.touched.add(id_ for id_, _ in new)
        unknown = [(row.line, row.key, row.cells) for row in rows if row.key not in ids]
        return unknown_customers(conn, unknown)
