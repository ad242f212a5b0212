"""Brings a database up to date, one process at a time.

Whether it is, every command asks: alembic is loaded only where something is missing. Migrations
only add, so workers of the version before settle what they have in flight; what is not needed any
more is removed a release later.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from outreach.store import schema
from outreach.store.copies import copy_database
from outreach.store.engine import begin_write
from outreach.store.schema import OtherSchema, head

if TYPE_CHECKING:
    from alembic.config import Config

_LOCK = 7_241_990  # any number, the same in every process: PostgreSQL's advisory lock


def current(engine: Engine) -> str | None:
    """The migration that the database is at; None for an empty database."""
    with engine.connect() as conn:
        return _at(conn)


def migrate(engine: Engine, also: Callable[[Connection], object] = lambda _: None) -> str:
    """Apply what is missing; the name of the migration the database is at then.

    Everything in one transaction under a lock: a second process waits and finds it done, and one
    that is killed half-way leaves all as it was. SQLite's file is copied first, under that lock.
    `also` is done with it where anything was missing. OtherSchema where the database is newer than
    this outreach.
    """
    newest = head()
    if current(engine) == newest:
        return newest
    with engine.connect() as conn, begin_write(conn):
        if conn.dialect.name == "postgresql":
            conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        at = _at(conn)
        if at is not None and at not in schema.known():
            raise OtherSchema(at, newest)
        if at != newest:
            _upgrade(engine, conn, at)
            also(conn)
    return newest


def _at(conn: Connection) -> str | None:
    return schema.number(conn) if inspect(conn).has_table("alembic_version") else None


def _upgrade(engine: Engine, conn: Connection, at: str | None) -> None:
    from alembic import command

    if at is not None:
        copy_database(engine, at)
    command.upgrade(_config(conn), "head")


def _config(conn: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "outreach.store:migrations")
    config.attributes["connection"] = conn
    return config
