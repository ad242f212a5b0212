"""Interests of customers, taken in from a file and written to one, with where they were learnt."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from outreach.app.context import Context
from outreach.app.customers import Progress
from outreach.app.exporting import BATCH, write_csv
from outreach.app.project import save_rules
from outreach.app.stages import refresh_touched
from outreach.imports import InterestsResult, Options, import_interests
from outreach.imports.outcome import Touched
from outreach.store.engine import reading
from outreach.store.interests import origins_after

COLUMNS = ("key", "interest", "source", "at")


def import_interest_file(
    context: Context,
    path: Path,
    options: Options,
    progress: Progress | None = None,
    refreshed: Progress | None = None,
) -> InterestsResult:
    """Add the interests of a file, and bring the stages of their customers up to date."""
    company = context.company()
    if not options.dry_run:
        save_rules(context)
    touched = Touched()
    try:
        return import_interests(
            context.engine, path, company, context.now(), options, progress, touched
        )
    finally:  # an error ends it in the middle: what is committed stays
        if not options.dry_run:
            refresh_touched(context, touched.ids(), refreshed)


@dataclass(frozen=True, slots=True)
class ExportedInterests:
    """What was written."""

    file: Path
    interests: int


def export_interests(
    context: Context, path: Path, progress: Callable[[int], None] | None = None
) -> ExportedInterests:
    """Write every interest of every customer to a CSV file that `interests import` reads again.

    It appears whole or not at all. SetupError where it can not be written.
    """
    return ExportedInterests(path, write_csv(path, COLUMNS, _all(context), progress))


def _all(context: Context) -> Iterator[tuple[object, ...]]:
    """A row for each; a transaction for each part, so that nobody waits for the whole."""
    after = 0
    while True:
        with reading(context.engine) as conn:
            found = origins_after(conn, after, BATCH)
        if not found:
            return
        for _, key, origins in found:
            yield from ((key, *origin) for origin in origins)
        after = found[-1][0]
