"""The thread that keeps a worker's lease, and the one that sweeps after the dead."""

import threading
import time
from datetime import timedelta

from sqlalchemy import Engine

from outreach.dispatch.shift import Shift
from outreach.dispatch.sweep import Stocktaking, sweep
from outreach.logger import Logger
from outreach.store import workers
from outreach.store.engine import writing

log = Logger(__name__)
AGAIN_SECONDS = 1.0  # after a renewal that failed: without a lease nothing is claimed
# From the start to the first sweep: where workers die often, none may live to a later one. Others
# who could not renew, because the database was away until now, have done so by then.
FIRST_SWEEP_SECONDS = 3.0
# Of a lease without a renewal of one's own: the database was away, or locked, or this process
# stood still. The others may have had no chance either, and get a lease's time to renew.
TOO_LONG = 0.6


def register(engine: Engine, name: str, lease: timedelta) -> int:
    """The id of a new worker for this process."""
    with writing(engine) as conn:
        return workers.register(conn, name, lease)


class Lease:
    """Keeps the shift's worker alive until it is closed; sets `lost` once it was declared dead."""

    def __init__(self, shift: Shift) -> None:
        self._shift = shift
        self._lease_seconds = shift.limits.lease.total_seconds()
        self._every_seconds = self._lease_seconds / 3
        self._closed = threading.Event()
        self._renewed_at = time.monotonic()
        self._was_late = threading.Event()
        self._threads = [
            threading.Thread(target=self._keep, name="lease", daemon=True),
            threading.Thread(target=self._sweep, name="sweep", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End both threads and the worker; call it when the worker holds nothing any more."""
        self._closed.set()
        for thread in self._threads:
            thread.join()
        noted = self._shift.trouble.noted("worker not retired; it lapses")
        with noted, self._shift.writing() as conn:
            workers.retire(conn, self._shift.worker_id)

    def _keep(self) -> None:
        wait = self._every_seconds
        while not self._closed.wait(wait):
            alive: bool | None = None  # nobody knows
            with self._shift.trouble.noted("lease not renewed"), self._shift.writing() as conn:
                alive = workers.renew(conn, self._shift.worker_id, self._shift.limits.lease)
            if alive is None:
                wait = min(AGAIN_SECONDS, self._every_seconds)
                continue
            wait = self._every_seconds
            if not self._is_in_time():
                self._was_late.set()
            self._renewed_at = time.monotonic()
            if not alive:
                log.error("declared dead: another worker may have what was held")
                self._shift.lost.set()
                return

    def _sweep(self) -> None:
        stocktaking = Stocktaking(self._shift)
        wait = min(FIRST_SWEEP_SECONDS, self._every_seconds)
        while not self._closed.wait(wait):
            wait = self._every_seconds
            if self._was_late.is_set():
                self._was_late.clear()
                self._closed.wait(self._lease_seconds)
                continue
            with self._shift.trouble.noted("sweep failed"):
                lapsed = sweep(self._shift.engine, self._shift.rulebook, self._may_judge)
                self._shift.tally.add(one.state for one in lapsed if not one.waits)
                stocktaking.compare()

    def _may_judge(self) -> bool:
        """Whether who has not renewed is dead: we could, all the time."""
        return self._is_in_time() and not self._was_late.is_set()

    def _is_in_time(self) -> bool:
        """Whether the last renewal was not long ago."""
        return time.monotonic() - self._renewed_at < TOO_LONG * self._lease_seconds
