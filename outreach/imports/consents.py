"""Words of consent from a file, each with its own date, source and proof."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from outreach.imports.feed import Refused
from outreach.imports.intake import Progress, take_in
from outreach.imports.job import Job
from outreach.imports.outcome import ConsentsResult, Options, Touched
from outreach.imports.parsing import ConsentRow
from outreach.imports.zeros import unknown_customers
from outreach.settings.company import Company
from outreach.store.consents import Word, record_consents
from outreach.store.keys import ids_in_force
from outreach.vocabulary import ConsentState


def import_consents(
    engine: Engine,
    path: Path,
    company: Company,
    now: datetime,
    options: Options | None = None,
    progress: Progress | None = None,
) -> ConsentsResult:
    """Record `key,channel,topic,state,at,source,proof,expires_at` from CSV or JSON lines.

    The last word by its date holds, whatever the order of the rows; a yes that is not newer than
    a no lifts nothing. A second import of the same file adds nothing.
    """
    options = options or Options()
    consents = _Consents(now)
    job = Job("consents", str(path), company, options, now)
    taken = take_in(engine, job, consents.apply, progress)
    return ConsentsResult(
        **taken.parts(),
        customers=consents.touched.ids(),
        recorded=consents.recorded,
        unchanged=consents.unchanged,
        refused=consents.refused,
    )


class _Consents:
    """Applies batches and counts what came of them."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self.touched = Touched()
        self.recorded = self.unchanged = self.refused = 0

    def apply(self, conn: Connection, rows: list[ConsentRow]) -> list[Refused]:
        """Record one batch in the caller's transaction; the rows whose customer is not there."""
        ids = ids_in_force(conn, {row.key for row in rows})
        words = [_word(ids[row.key], row) for row in rows if row.key in ids]
        said = record_consents(conn, words, self._now)
        self.recorded += said.recorded
        self.unchanged += said.unchanged
        self.refused += said.refused
        self.touched.add(word.customer_id for word in words)
        unknown = [(row.line, row.key, row.cells) for row in rows if row.key not in ids]
        return unknown_customers(conn, unknown)


def _word(customer_id: int, row: ConsentRow) -> Word:
    told = row.values
    return Word(
        customer_id,
        told["channel"],
        told["topic"],
        ConsentState(told["state"]),
        told["at"],
        told["source"],
        told.get("proof"),
        told.get("expires_at"),
    )
