"""The same work by hand-written SQL with nothing around it: what a figure is measured against."""

import csv
import sqlite3
import time
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, bindparam, text

from outreach.store.engine import reading
from outreach.store.types import Instant

BATCH = 5_000
_TABLES = """
CREATE TABLE raw (id INTEGER PRIMARY KEY, key TEXT UNIQUE, email TEXT, phone TEXT, zone TEXT,
                  country TEXT, locale TEXT);
CREATE INDEX raw_email ON raw (email);
CREATE INDEX raw_phone ON raw (phone);
CREATE TABLE raw_consents (key TEXT, channel TEXT, state TEXT, PRIMARY KEY (key, channel))
    WITHOUT ROWID;
"""
_PLAN = """
SELECT reason, count(*) FROM (
    SELECT CASE WHEN e.state IS NULL AND s.state IS NULL THEN 'no_consent'
                WHEN (SELECT count(*) FROM deliveries d WHERE d.customer_id = c.id AND d.firm
                        AND d.slot_at > :since) >= 2 THEN 'capped'
                ELSE 'send' END AS reason
    FROM customers c
    LEFT JOIN consent_states e ON e.customer_id = c.id AND e.topic = 'greetings'
         AND e.channel = 'email' AND e.state = 'granted'
    LEFT JOIN consent_states s ON s.customer_id = c.id AND s.topic = 'greetings'
         AND s.channel = 'sms' AND s.state = 'granted') AS decided
GROUP BY reason
"""


def import_seconds(file: Path, folder: Path) -> float:
    """Seconds to read the CSV and insert its rows as they are, unchecked, into SQLite."""
    begun = time.perf_counter()
    connection = sqlite3.connect(folder / "raw.db", isolation_level=None)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + _TABLES)
    with file.open(encoding="utf-8", newline="") as source:
        rows = csv.reader(source)
        next(rows)
        batch: list[list[str]] = []
        for row in rows:
            batch.append(row)
            if len(batch) == BATCH:
                _insert(connection, batch)
                batch = []
        _insert(connection, batch)
    connection.close()
    return time.perf_counter() - begun


def _insert(connection: sqlite3.Connection, batch: list[list[str]]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    insert = "INSERT INTO raw (key, email, phone, zone, country, locale) VALUES (?, ?, ?, ?, ?, ?)"
    connection.executemany(insert, [row[:6] for row in batch])
    words = [
        (row[0], channel, row[place])
        for row in batch
        for place, channel in ((6, "email"), (7, "sms"))
    ]
    connection.executemany("INSERT INTO raw_consents VALUES (?, ?, ?)", words)
    connection.execute("COMMIT")


def plan_seconds(engine: Engine, now: datetime) -> float:
    """Seconds for one cap and consent on two channels: no zones, no other rule."""
    since = bindparam("since", now - timedelta(days=7), Instant())
    begun = time.perf_counter()
    with reading(engine) as conn:
        conn.execute(text(_PLAN).bindparams(since)).all()
    return time.perf_counter() - begun
