"""Pictures that mails fetch from us, by a name made from their bytes: none is ever taken away."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, select

from outreach.store import dialect
from outreach.store.tables import pictures


class Picture(NamedTuple):
    """One picture."""

    media_type: str
    content: bytes


def save_pictures(conn: Connection, found: Mapping[str, Picture]) -> None:
    """Keep pictures under their names."""
    rows = [{"name": name, **each._asdict()} for name, each in sorted(found.items())]
    conn.execute(dialect.insert(conn, pictures).on_conflict_do_nothing(), rows)


def picture_named(conn: Connection, name: str) -> Picture | None:
    """The picture of a name; None where there is none."""
    query = select(pictures.c.media_type, pictures.c.content).where(pictures.c.name == name)
    row = conn.execute(query).first()
    return None if row is None else Picture(row.media_type, row.content)
