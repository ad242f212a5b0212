"""Expires what is late where nobody claims: its run is stopped, its channel held, no worker there."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Engine

from outreach.logger import Logger
from outreach.store import lateness
from outreach.store.engine import let_others_write, reading, writing

log = Logger(__name__)
AT_ONCE = 2_000  # deliveries in one transaction
AGAIN = timedelta(minutes=10)  # a run that is still being planned may get an earlier one


class Expiry:
    """Call it at each tick: it remembers when something of a run can be late, and looks then."""

    def __init__(self) -> None:
        self._look_at: dict[int, datetime] = {}

    def __call__(self, engine: Engine, now: datetime) -> int:
        """Expire what is late by the decisions' clock; how many deliveries."""
        with reading(engine) as conn:
            alive = lateness.alive_runs(conn)
        self._forget_all_but(alive)
        return sum(self._of_run(engine, run_id, now) for run_id in alive)

    def _of_run(self, engine: Engine, run_id: int, now: datetime) -> int:
        look_at = self._look_at.get(run_id)
        if look_at is not None and now <= look_at <= now + AGAIN:  # a clock can be put back
            return 0
        first, expired = self._first(engine, run_id), 0
        if first is not None and first < now:
            expired = self._expire(engine, run_id, now)
            log.warning("expired", run=run_id, deliveries=expired)
            first = self._first(engine, run_id)
        latest = now + AGAIN
        self._look_at[run_id] = latest if first is None else min(first, latest)
        return expired

    def _first(self, engine: Engine, run_id: int) -> datetime | None:
        with reading(engine) as conn:
            return lateness.first_late_at(conn, run_id)

    def _expire(self, engine: Engine, run_id: int, now: datetime) -> int:
        expired = 0
        while True:
            with writing(engine) as conn:
                found = lateness.expire(conn, run_id, now, AT_ONCE)
            expired += found
            if found < AT_ONCE:
                return expired
            let_others_write(engine)

    def _forget_all_but(self, alive: Iterable[int]) -> None:
        known = set(alive)
        self._look_at = {run: at for run, at in self._look_at.items() if run in known}
