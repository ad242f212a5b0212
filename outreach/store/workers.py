"""Worker processes and their leases: a row each, kept alive by the database's clock.

A worker is dead once a sweeper has said so (`swept_at`), not the moment its lease runs out: who
renews late but in time goes on, who was declared dead never comes back.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, delete, exists, insert, select, update

from outreach.store.dialect import clock_in, database_clock, is_any_of, shift
from outreach.store.tables import workers

FORGOTTEN_AFTER = timedelta(days=1)


def register(conn: Connection, name: str, lease: timedelta) -> int:
    """A new worker's id, alive for one lease."""
    clock = database_clock(conn)
    added = insert(workers).values(name=name, started_at=clock, alive_until=shift(clock, lease))
    return int(conn.execute(added.returning(workers.c.id)).scalar_one())


def renew(conn: Connection, worker_id: int, lease: timedelta) -> bool:
    """Whether the worker lives on for another lease; False: it was declared dead and must end."""
    renewed = (
        update(workers)
        .where(workers.c.id == worker_id, workers.c.swept_at.is_(None))
        .values(alive_until=shift(database_clock(conn), lease))
    )
    return conn.execute(renewed).rowcount == 1


def is_alive(database: str, worker_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Inside a statement that is kept, and executed with `clock_value`: whether it may claim."""
    return exists().where(
        workers.c.id == worker_id,
        workers.c.swept_at.is_(None),
        workers.c.alive_until > clock_in(database),
    )


def any_alive(conn: Connection) -> bool:
    """Whether anybody is there to send."""
    alive = workers.c.swept_at.is_(None) & (workers.c.alive_until > database_clock(conn))
    return conn.execute(select(workers.c.id).where(alive).limit(1)).first() is not None


def declare_dead(conn: Connection) -> list[int]:
    """Declare dead whose lease ran out; the ids of all dead that are not forgotten yet.

    They are swept again and again: a database can commit a claim after its client died.
    """
    clock = database_clock(conn)
    lapsed = workers.c.swept_at.is_(None) & (workers.c.alive_until < clock)
    conn.execute(update(workers).where(lapsed).values(swept_at=clock))
    dead = select(workers.c.id).where(workers.c.swept_at.is_not(None)).order_by(workers.c.id)
    return list(conn.execute(dead).scalars())


def bury(conn: Connection, names: Sequence[str]) -> list[int]:
    """Declare dead the workers of these names, whose processes are known to be; their ids."""
    buried = (
        update(workers)
        .where(is_any_of(conn, workers.c.name, names), workers.c.swept_at.is_(None))
        .values(swept_at=database_clock(conn))
        .returning(workers.c.id)
    )
    return sorted(conn.execute(buried).scalars())


def retire(conn: Connection, worker_id: int) -> None:
    """End a worker in order: it holds nothing any more and claims nothing again."""
    conn.execute(
        update(workers)
        .where(workers.c.id == worker_id, workers.c.swept_at.is_(None))
        .values(swept_at=database_clock(conn))
    )


def forget(conn: Connection, dead: Sequence[int]) -> None:
    """Remove those of the dead whose end is long past: nothing of theirs can still be committed."""
    long_ago = workers.c.swept_at < shift(database_clock(conn), -FORGOTTEN_AFTER)
    conn.execute(delete(workers).where(is_any_of(conn, workers.c.id, dead), long_ago))
