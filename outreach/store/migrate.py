"""Brings a database up to date, one process at a time.

Whether it is, every command asks: alembic is loaded only where something is missing.
"""

import pkgutil
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from outreach.store.engine import begin_write
from outreach.store.migrations import versions

if TYPE_CHECKING:
    from alembic.config import Config

_LOCK = 7_241_990  # any number, the same in every process: PostgreSQL's advisory lock


def head() -> str:
    """The newest migration's name: that of its module, which begins with its number."""
    return max(module.name for module in pkgutil.iter_modules(versions.__path__))


def current(engine: Engine) -> str | None:
    """The migration that the database is at; None for an empty database."""
    with engine.connect() as conn:
        if not inspect(conn).has_table("alembic_version"):
            return None
        return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()


def migrate(engine: Engine) -> str:
    """Apply what is missing; the name of the migration the database is at then.

    Everything in one transaction under a lock: a second process waits and finds it done.
    """
    newest = head()
    if current(engine) == newest:
        return newest
    from alembic import command

    with engine.connect() as conn, begin_write(conn):
        if conn.dialect.name == "postgresql":
            conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        command.upgrade(_config(conn), "head")
    return newest


def _config(conn: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "outreach.store:migrations")
    config.attributes["connection"] = conn
    return config
