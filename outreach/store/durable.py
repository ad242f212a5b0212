"""Commits that leave the file to others while the disk works; who must know them safe waits for it.

SQLite's own commit waits for the disk with the file in its hands, so that a process that writes to it
keeps all others waiting. Without that wait (`synchronous=NORMAL`) a commit outlives the death of any
process, and is undone, with all that came after it, where the machine itself stops before it is on
the disk (https://www.sqlite.org/pragma.html#pragma_synchronous). PostgreSQL's waits keep nobody.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

_to_disk = getattr(os, "fdatasync", os.fsync)


@contextmanager
def left_to_the_disk(conn: Connection) -> Iterator[None]:
    """Have what is committed in the block not wait for SQLite's disk; no transaction is open yet."""
    if conn.dialect.name != "sqlite":
        yield
        return
    driver: Any = conn.connection.driver_connection
    driver.execute("PRAGMA synchronous=NORMAL")
    try:
        yield
    finally:
        if driver.in_transaction:  # its commit failed
            driver.rollback()
        driver.execute("PRAGMA synchronous=FULL")


def wait_for_disk(engine: Engine) -> None:
    """Return once all that was committed before is on SQLite's disk; OperationalError where it can not be.

    What is written since the last checkpoint is in the log, and a checkpoint waits by itself.
    """
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return
    log = f"{engine.url.database}-wal"
    try:
        file = os.open(log, os.O_RDWR)
        try:
            _to_disk(file)
        finally:
            os.close(file)
    except FileNotFoundError:
        return  # nothing was written since
    except OSError as error:
        raise OperationalError("fdatasync", None, error) from error
