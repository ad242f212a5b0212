"""Events taken in from a file, and taken out again."""

from collections.abc import Sequence
from pathlib import Path

from outreach.app.context import Context
from outreach.app.customers import Progress
from outreach.app.person import person
from outreach.app.project import save_rules
from outreach.app.stages import refresh_touched
from outreach.errors import UsageError
from outreach.imports import EventsResult, Options, import_events
from outreach.imports.outcome import Touched
from outreach.store.engine import writing
from outreach.store.retractions import Retraction, retract_events


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


def retract(context: Context, ids: Sequence[str]) -> list[Retraction]:
    """Take out events by their ids, and bring facts and stages of their customers up to date.

    An import never brings them back. UsageError for an id that no event has: then nothing is done.
    """
    with writing(context.engine) as conn:
        found = retract_events(conn, ids, person() or "", context.now())
        unknown = [one.id for one in found if one.state == "unknown"]
        if unknown:
            hint = "an event can be retracted by the `id` that its file gave it"
            raise UsageError(f"there is no event with the id `{unknown[0]}`", hint)
    gone = {one.customer_id for one in found if one.customer_id is not None}
    refresh_touched(context, sorted(gone))
    return found
