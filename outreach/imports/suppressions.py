"""Suppressions from a file: addresses that another system knows must not be used."""

from collections import defaultdict
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from outreach.imports.feed import Refused
from outreach.imports.intake import Progress, take_in
from outreach.imports.job import Job
from outreach.imports.outcome import Options, SuppressionsResult
from outreach.imports.refused_addresses import SuppressionRow
from outreach.settings.company import Company
from outreach.store.listed_suppressions import add_listed
from outreach.store.suppressions import Suppression


def import_suppressions(
    engine: Engine,
    path: Path,
    company: Company,
    now: datetime,
    options: Options | None = None,
    progress: Progress | None = None,
) -> SuppressionsResult:
    """Keep `channel,address,reason,at` from CSV, workbooks or JSON lines; nothing is ever lifted.

    A second import of the same file adds nothing. Claimed deliveries are taken back; whoever
    confirms the import waits for all_acknowledged first.
    """
    options = options or Options()
    listed = _Listed()
    job = Job("suppressions", str(path), company, options, now)
    taken = take_in(engine, job, listed.apply, progress)
    return SuppressionsResult(
        **taken.parts(), customers=(), created=listed.created, unchanged=listed.unchanged
    )


class _Listed:
    """Applies batches and counts what came of them."""

    def __init__(self) -> None:
        self.created = self.unchanged = 0

    def apply(self, conn: Connection, rows: list[SuppressionRow]) -> list[Refused]:
        """Keep one batch in the caller's transaction; none is refused."""
        by_channel = defaultdict(list)
        for row in rows:
            by_channel[row.channel].append(
                Suppression(row.channel, row.address, row.reason, "import", row.at)
            )
        new = sum(add_listed(conn, channel, by_channel[channel]) for channel in sorted(by_channel))
        self.created += new
        self.unchanged += len(rows) - new
        return []
