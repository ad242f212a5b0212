"""The database brought up to date."""

from dataclasses import dataclass

from outreach.app.context import Context
from outreach.app.database import connect
from outreach.store.marks import make_sent_mark
from outreach.store.migrate import current
from outreach.store.migrate import migrate as apply


@dataclass(frozen=True, slots=True)
class Migrated:
    """The migration the database was at, "" when it was empty, and the one it is at now."""

    before: str
    after: str


def migrate_database(context: Context) -> Migrated:
    """Apply the migrations that are missing; SetupError where the database can not be reached."""
    engine = connect(context.environment)
    try:
        before = current(engine) or ""
        return Migrated(before, apply(engine, make_sent_mark))
    finally:
        engine.dispose()
