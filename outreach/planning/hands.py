"""One question about a large base decided by several connections at once, each about its part."""

import os
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace

from sqlalchemy import Connection, func, select

from outreach.decisions.asking import Question
from outreach.decisions.in_parts import parts
from outreach.planning.decided import Decided
from outreach.store.engine import begin_snapshot, is_alone
from outreach.store.tables import customers

LARGE, MOST = 20_000, 2  # customers; parts that are decided at the same time
PARTS = 2  # of each connection's: while one is written the next are decided


def hands_for(conn: Connection, question: Question) -> int:
    """How many parts are decided at once: one, but on a copy that nobody else uses and that is large."""
    if not (question.scope.placed and is_alone(conn.engine)):
        return 1
    return 1 if _last_id(conn) < LARGE else min(MOST, os.cpu_count() or 1)


@contextmanager
def decided_by(conn: Connection, question: Question, hands: int) -> Iterator[Iterator[Decided]]:
    """The answers in order of the customers' ids, each part on a connection of its own until the next.

    Of several the scope must be `placed`, and nobody else may write: all see the base as it is before
    the first part is given out, whose reader may write while others are still decided.
    """
    with ExitStack() as stack:
        if hands == 1:
            yield stack.enter_context(closing(_given_out([Decided(conn, question)])))
            return
        others = (stack.enter_context(conn.engine.connect()) for _ in range(hands * PARTS - 1))
        conns = [conn, *others]
        for other in conns[1:]:
            question.prepare(other)
        ranges = parts(_last_id(conn), len(conns))
        for each in conns:
            each.commit()
            begin_snapshot(each)
        shares = [replace(question, values={**question.values, **each}) for each in ranges]
        pool = stack.enter_context(ThreadPoolExecutor(hands))
        # both databases work outside Python's lock
        yield stack.enter_context(closing(_given_out(pool.map(Decided, conns, shares))))


def _given_out(decided: Iterable[Decided]) -> Generator[Decided]:
    for part in decided:
        part.conn.commit()
        try:
            yield part
        finally:
            part.drop()
            part.conn.commit()


def _last_id(conn: Connection) -> int:
    return conn.execute(select(func.max(customers.c.id))).scalar() or 0
