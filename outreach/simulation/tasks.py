"""What a simulation's days give owners to do, whatever gave it out: a campaign, a floor, an event."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from outreach.simulation.counting import Since
from outreach.store.spelling import text_order
from outreach.store.tables import tasks

t = tasks.c


@dataclass(frozen=True, slots=True)
class GivenOut:
    """So many tasks of one owner ("": nobody's) alike in title and cause."""

    owner: str
    title: str
    cause: str  # of outreach.vocabulary.TaskCause
    tasks: int


def given_out(conn: Connection, since: Since) -> list[GivenOut]:
    """The tasks given out since, by owner, the most first."""
    alike = (t.owner, t.title, t.cause)
    query = (
        select(*alike, func.count())
        .where(t.given_at >= since.at)
        .group_by(*alike)
        .order_by(text_order(t.owner), func.count().desc(), text_order(t.title), t.cause)
    )
    return [GivenOut(*row) for row in conn.execute(query)]
