"""The number of the database's schema: asked in every claim, so that older code stops by itself."""

import pkgutil
from functools import cache

from sqlalchemy import Connection, text

from outreach.errors import SetupError
from outreach.store.migrations import versions


class OtherSchema(SetupError):  # noqa: N818
    """Raised when the database is at a migration that this process was not written for."""

    code = "other-schema"

    def __init__(self, at: str | None, mine: str) -> None:
        if at is None or at in known():
            super().__init__("the database is not up to date", "run `outreach migrate`")
        else:
            message = f"the database is of a newer outreach: at {at}, this one knows {mine}"
            super().__init__(message, "install the newer version, and start this again")
        self.at = at
        self.mine = mine


@cache
def known() -> tuple[str, ...]:
    """The migrations this process knows, oldest first: names of modules, which begin with a number.

    Read once: files that are replaced under a running process do not make its code newer.
    """
    return tuple(sorted(module.name for module in pkgutil.iter_modules(versions.__path__)))


def head() -> str:
    """The newest migration this process knows."""
    return known()[-1]


def number(conn: Connection) -> str | None:
    """The migration that the database is at; the table must be there. A row is read, no more."""
    return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()


def require(conn: Connection, mine: str) -> None:
    """OtherSchema unless the database is at `mine`: within a write transaction, before any write."""
    at = number(conn)
    if at != mine:
        raise OtherSchema(at, mine)
