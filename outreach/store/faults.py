"""What an error of the database says about it: is it away, locked, or out of room?"""

import sqlite3
from enum import StrEnum

from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

DISK_FULL = "53100"


class DatabaseFault(StrEnum):
    """Faults that pass without a change of the program: whoever tries again later succeeds."""

    FULL = "full"  # nothing can be written until there is room on its disk
    LOCKED = "locked"  # another process holds it longer than anybody should
    AWAY = "away"  # it can not be reached, or ended the conversation


def passing_fault(error: BaseException) -> DatabaseFault | None:
    """Which fault that passes an error of SQLAlchemy tells of; None: it is another kind of error.

    PostgreSQL's codes: "Appendix A. PostgreSQL Error Codes"; SQLite's: "Result and Error Codes".
    """
    if isinstance(error, NoConnectionFree):
        return DatabaseFault.AWAY
    if not isinstance(error, OperationalError | InterfaceError | InternalError):
        return None
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(cause)
    full = getattr(cause, "sqlstate", None) == DISK_FULL
    return DatabaseFault.FULL if full else DatabaseFault.AWAY


def _of_sqlite(cause: sqlite3.Error) -> DatabaseFault:
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # the rest says where it happened
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return DatabaseFault.LOCKED
    return DatabaseFault.FULL if code == sqlite3.SQLITE_FULL else DatabaseFault.AWAY
