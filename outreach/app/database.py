"""The project's database, opened and up to date, or why it can not be used."""

import sqlite3

from sqlalchemy import Engine
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    OperationalError,
    StatementError,
)

from outreach.errors import SetupError
from outreach.settings.environment import Environment
from outreach.store.engine import make_engine
from outreach.store.faults import DatabaseFault, passing_fault
from outreach.store.marks import make_sent_mark
from outreach.store.migrate import current, migrate
from outreach.store.schema import OtherSchema, head

_HINTS = {
    "not a database": "another program's file is in the way; move it away",
    "malformed": "the file is damaged; bring a copy back",
    "readonly": "let this user write to the file and its folder",
    "unable to open": "let this user write to the folder",
    "full": "make room on the disk",
    "locked": "another process holds it; end that one, or wait",
}
_AWAY = "is it running, and is OUTREACH_DATABASE_URL right?"


def open_database(environment: Environment) -> Engine:
    """An engine whose tables are there: the embedded default is migrated, others must have been.

    SetupError with cause and remedy where it can not be reached or is not up to date.
    """
    engine = connect(environment)
    try:
        if environment.embedded:
            migrate(engine, make_sent_mark)
        elif (at := current(engine)) != head():
            raise OtherSchema(at, head())
    except OtherSchema:
        engine.dispose()
        raise
    except (DBAPIError, sqlite3.Error) as error:
        engine.dispose()
        raise database_error(error) or error from None
    return engine


def connect(environment: Environment) -> Engine:
    """An engine for the database that the environment names; nothing is asked of it yet."""
    try:
        return make_engine(environment.engine_url)
    except (ArgumentError, ValueError) as error:
        # Its own words may hold the password.
        message, hint = "OUTREACH_DATABASE_URL can not be read", "see the README for its form"
        raise SetupError(message, hint) from error
    except OSError as error:
        message = f"the folder of the database can not be made: {error.strerror}"
        raise SetupError(message, "let this user write there") from error


def database_error(error: BaseException) -> SetupError | None:
    """A database that is away, full, locked or damaged, in words; None for any other error."""
    if isinstance(error, StatementError) and not isinstance(error, DBAPIError):
        return None
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.DatabaseError) and not isinstance(
        cause, sqlite3.IntegrityError | sqlite3.ProgrammingError
    ):
        said = str(cause)
        hint = next((hint for words, hint in _HINTS.items() if words in said), "")
        return SetupError(f"the database can not be used: {said}", hint)
    if isinstance(error, OperationalError | InterfaceError):
        said = str(cause).strip().partition("\n")[0]
        full = passing_fault(error) is DatabaseFault.FULL
        return SetupError(
            f"the database can not be used: {said}", _HINTS["full"] if full else _AWAY
        )
    return None
