"""Brings a database up to date, one process at a time."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from outreach.store.engine import begin_write

_LOCK = 7_241_990  # any number, the same in every process: PostgreSQL's advisory lock


def head() -> str:
    """The newest migration's name."""
    return ScriptDirectory.from_config(_config(None)).get_current_head() or ""


def current(engine: Engine) -> str | None:
    """The migration that the database is at; None for an empty database."""
    with engine.connect() as conn:
        return MigrationContext.configure(conn).get_current_revision()


def migrate(engine: Engine) -> str:
    """Apply what is missing; the name of the migration the database is at then.

    Everything in one transaction under a lock: a second process waits and finds it done.
    """
    if current(engine) == head():
        return head()
    with engine.connect() as conn, begin_write(conn):
        if conn.dialect.name == "postgresql":
            conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        command.upgrade(_config(conn), "head")
    return head()


def _config(conn: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", "outreach.store:migrations")
    config.attributes["connection"] = conn
    return config
