"""Copies of an embedded database beside itself: as it was before a migration."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

from outreach.logger import Logger

log = Logger(__name__)
KEPT = 2


def copy_database(engine: Engine, name: str) -> Path | None:
    """Copy what is committed in a SQLite file to `<file>.<name>.copy`; None: it is not in a file.

    The newest copies are kept. Through SQLite, since a file with a write-ahead log can not be
    copied as a file. Whoever holds the write lock meanwhile gets a copy that misses nothing.
    """
    database = engine.url.database
    if engine.dialect.name != "sqlite" or database in (None, "", ":memory:"):
        return None
    path = Path(str(database))
    copy, draft = (path.with_name(f"{path.name}.{name}.{end}") for end in ("copy", "draft"))
    draft.unlink(missing_ok=True)
    try:
        _write(engine, draft)
        os.replace(draft, copy)
    finally:
        draft.unlink(missing_ok=True)
    copies = sorted(path.parent.glob(f"{path.name}.*.copy"), key=lambda each: each.stat().st_mtime)
    for old in copies[:-KEPT]:
        old.unlink(missing_ok=True)
    log.info("database copied", path=str(copy))
    return copy


def _write(engine: Engine, draft: Path) -> None:
    with engine.connect() as conn, closing(sqlite3.connect(draft)) as target:
        source = conn.connection.driver_connection
        if not isinstance(source, sqlite3.Connection):
            raise TypeError("not a connection of sqlite3")
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
    with draft.open("rb") as file:
        os.fsync(file.fileno())
