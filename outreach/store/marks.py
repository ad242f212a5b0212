"""Instants of the whole base: what the stored facts are as of."""

from datetime import datetime

from sqlalchemy import Connection, select

from outreach.store.tables import marks

FACTS = "facts"


def refreshed_at(conn: Connection) -> datetime | None:
    """The instant that the stored facts and stages of everyone are as of; None before the first."""
    return conn.execute(select(marks.c.at).where(marks.c.name == FACTS)).scalar()


def facts_for(conn: Connection, at: datetime) -> str:
    """How facts and stages are read for an instant: "stored", or "as_of" one before they were."""
    stored_at = conn.execute(select(marks.c.at).where(marks.c.name == FACTS)).scalar()
    return "as_of" if stored_at is not None and at < stored_at else "stored"
