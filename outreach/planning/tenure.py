"""Keeps a run's planning ours while it is worked on: a dead planner's is free within seconds."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from outreach.logger import Logger
from outreach.store import runs
from outreach.store.engine import is_alone, writing

log = Logger(__name__)
EVERY_SECONDS = runs.PLANNER_LEASE.total_seconds() / 3


@contextmanager
def tenure(
    engine: Engine, run_id: int, planner: str, every_seconds: float = EVERY_SECONDS
) -> Iterator[None]:
    """Renew the planner's lease on the run until the block ends.

    Deciding about a large base is one statement that takes longer than the lease. On a copy there
    is no other planner.
    """
    if is_alone(engine):
        yield
        return
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(every_seconds):
            try:
                with writing(engine) as conn:
                    runs.keep_planning(conn, run_id, planner)
            except SQLAlchemyError as error:
                log.warning("planning not kept", run=run_id, error=type(error).__name__)

    thread = threading.Thread(target=renew, name="tenure", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
