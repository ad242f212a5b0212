"""One question about a large base decided by several connections at once, each about its part."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from sqlalchemy import Connection, func, select

from outreach.decisions.asking import Question
from outreach.decisions.in_parts import parts
from outreach.planning.decided import Decided
from outreach.store.engine import is_alone
from outreach.store.tables import customers

LARGE, MOST = 20_000, 2  # customers; connections


def hands_for(conn: Connection, question: Question) -> int:
    """How many connections decide: one, but on a copy that nobody else uses and that is large."""
    if not (question.scope.placed and is_alone(conn.engine)):
        return 1
    return 1 if _last_id(conn) < LARGE else min(MOST, os.cpu_count() or 1)


@contextmanager
def decided_by(conn: Connection, question: Question, hands: int) -> Iterator[Sequence[Decided]]:
    """The answers in order of the customers' ids, each part on a connection of its own.

    Nobody may write meanwhile: each sees the base as it is when its part is begun. Of several the
    scope must be `placed`. What is decided goes with the block.
    """
    with ExitStack() as stack:
        conns = [conn, *(stack.enter_context(conn.engine.connect()) for _ in range(hands - 1))]
        found = _decide(conns, question)
        try:
            for each in conns:
                each.commit()
            yield found
        finally:
            for part in found:
                part.drop()
                part.conn.commit()


def _decide(conns: Sequence[Connection], question: Question) -> Sequence[Decided]:
    if len(conns) == 1:
        return [Decided(conns[0], question)]
    for other in conns[1:]:
        question.prepare(other)
    ranges = parts(_last_id(conns[0]), len(conns))
    shares = [replace(question, values={**question.values, **each}) for each in ranges]
    with ThreadPoolExecutor(len(conns)) as pool:  # both databases work outside Python's lock
        return list(pool.map(Decided, conns, shares))


def _last_id(conn: Connection) -> int:
    return conn.execute(select(func.max(customers.c.id))).scalar() or 0
