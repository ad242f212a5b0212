"""One question about a large base decided by several connections at once, each about its part."""

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial

from sqlalchemy import Connection, Engine, func, select

from outreach.decisions.asking import Question
from outreach.decisions.in_parts import parts
from outreach.planning.decided import Decided
from outreach.store.engine import begin_snapshot, is_alone
from outreach.store.tables import customers

LARGE, MOST = 20_000, 2  # customers; parts that are decided at the same time
PARTS = 2  # of each connection's: while one is written the next are decided


def hands_for(conn: Connection, question: Question) -> int:
    """How many parts are decided at once: one, but on a copy that nobody else uses and that is large."""
    if not question.scope.placed or _last_id(conn) < LARGE:
        return 1
    return hands_of(conn.engine)


def hands_of(engine: Engine) -> int:
    """The same of what is large and may be decided in any order."""
    return min(MOST, os.cpu_count() or 1) if is_alone(engine) else 1


@contextmanager
def decided_by(conn: Connection, question: Question, hands: int) -> Iterator[Iterator[Decided]]:
    """The answers in order of the customers' ids, each part on a connection of its own until the next.

    Of several the scope must be `placed`, and nobody else may write.
    """
    ranges = parts(_last_id(conn), hands * PARTS) if hands > 1 else [{}]

    def decide(on: Connection, share: Mapping[str, int]) -> Decided:
        if on is not conn:
            question.prepare(on)
        return Decided(on, replace(question, values={**question.values, **share}))

    with decided_in(conn, [partial(decide, share=share) for share in ranges], hands) as found:
        yield found


@contextmanager
def decided_in(
    conn: Connection, parts: Sequence[Callable[[Connection], Decided]], hands: int
) -> Iterator[Iterator[Decided]]:
    """What parts decide on the connection that each is given, in their order, each until the next.

    By one hand each sees what was written of those before it. Several have a connection for each part,
    and all see the base as it is before the first is given out, whose reader may write while others
    are still decided.
    """
    with ExitStack() as stack:
        if hands == 1:
            one_by_one = (decide(conn) for decide in parts)
            yield stack.enter_context(closing(_given_out(one_by_one)))
            return
        others = (stack.enter_context(conn.engine.connect()) for _ in parts[1:])
        conns = [conn, *others]
        for each in conns:
            each.commit()
            begin_snapshot(each)
        pool = stack.enter_context(ThreadPoolExecutor(hands))
        # both databases work outside Python's lock
        decided = pool.map(lambda on, decide: decide(on), conns, parts)
        yield stack.enter_context(closing(_given_out(decided)))


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
