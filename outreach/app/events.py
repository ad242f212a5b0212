"""Events taken in from a file."""

from pathlib import Path

from outreach.app.context import Context
from outreach.app.customers import Progress
from outreach.app.project import save_rules
from outreach.app.stages import refresh_touched
from outreach.imports import EventsResult, Options, import_events
from outreach.imports.outcome import Touched


def import_event_file(
    context: Context,
    path: Path,
    options: Options,
    progress: Progress | None = None,
    refreshed: Progress | None = None,
) -> EventsResult:
    """Add the events of a file, and bring facts and stages of their customers up to date."""
    company = context.company()
    if not options.dry_run:
        save_rules(context)
    touched = Touched()
    try:
        return import_events(
            context.engine, path, company, context.now(), options, progress, touched
        )
    finally:  # an error ends it in the middle: what is committed stays
        if not options.dry_run:
            refresh_touched(context, touched.ids(), refreshed)
