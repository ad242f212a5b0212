"""Named dates of customers, taken in from a file; which there are."""

from pathlib import Path

from outreach.app.context import Context
from outreach.app.customers import Progress
from outreach.app.project import save_rules
from outreach.app.stages import refresh_touched
from outreach.imports import DatesResult, Options, import_dates
from outreach.imports.outcome import Touched
from outreach.store.engine import reading
from outreach.store.named_dates import NameInUse, names_in_use


def import_date_file(
    context: Context,
    path: Path,
    options: Options,
    progress: Progress | None = None,
    refreshed: Progress | None = None,
) -> DatesResult:
    """Keep the dates of a file, and bring the stages of their customers up to date."""
    company = context.company()
    if not options.dry_run:
        save_rules(context)
    touched = Touched()
    try:
        return import_dates(
            context.engine, path, company, context.now(), options, progress, touched
        )
    finally:  # an error ends it in the middle: what is committed stays
        if not options.dry_run:
            refresh_touched(context, touched.ids(), refreshed)


def list_dates(context: Context) -> list[NameInUse]:
    """Every name that a date of a customer has, and how many have it."""
    with reading(context.engine) as conn:
        return names_in_use(conn)
