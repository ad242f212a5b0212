"""When a process that ends waits for the database no longer, whoever holds it locked.

SQLite's writers look at `ends_at` between short waits; on PostgreSQL a statement that waits is
cancelled from outside.
"""

import math
import threading
import time
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from sqlalchemy import Engine, event

AGAIN_SECONDS = 0.3  # whoever was cancelled may begin one more statement


class _Ending:
    """The engines of this process, the connections in use, and until when each may wait."""

    def __init__(self) -> None:
        self.process_at = math.inf
        self.engine_at: WeakKeyDictionary[Engine, float] = WeakKeyDictionary()
        self.busy: WeakKeyDictionary[Engine, WeakSet[Any]] = WeakKeyDictionary()
        self.lock = threading.RLock()  # a signal's handler may come while it is held
        self.canceller: threading.Thread | None = None

    def at(self, engine: Engine) -> float:
        return min(self.engine_at.get(engine, math.inf), self.process_at)

    def watch(self) -> None:
        """Have a thread cancel what waits too long, as long as there is an end."""
        with self.lock:
            if self.canceller is None:
                self.canceller = threading.Thread(target=self._cancel, name="give-up", daemon=True)
                self.canceller.start()

    def _cancel(self) -> None:
        while True:
            with self.lock:
                ends = {engine: self.at(engine) for engine in list(self.busy)}
                if all(at == math.inf for at in ends.values()):
                    self.canceller = None
                    return
                now = time.monotonic()
                waiting = [each for engine, at in ends.items() if at < now
                           for each in list(self.busy[engine])]  # fmt: skip
            for connection in waiting:
                _stop(connection)
            time.sleep(AGAIN_SECONDS)


def _stop(connection: Any) -> None:
    from psycopg import Error  # slow to load, and SQLite needs none

    with suppress(Error):
        connection.cancel_safe(timeout=AGAIN_SECONDS)


_ending = _Ending()


def give_up_at(at: float, engine: Engine | None = None) -> None:
    """Have nobody wait for a locked database after an instant (time.monotonic); inf: for ever.

    With one engine, or with all of the process, which is to end.
    """
    if engine is None:
        _ending.process_at = at
    else:
        _ending.engine_at[engine] = at
    if at < math.inf:
        _ending.watch()


def ends_at(engine: Engine) -> float:
    """Until when to wait for a lock (time.monotonic)."""
    return _ending.at(engine)


def watch(engine: Engine) -> None:
    """Know which connections of a PostgreSQL engine are in use."""
    busy = _ending.busy[engine] = WeakSet()

    def taken(connection: Any, *_: object) -> None:
        with _ending.lock:
            busy.add(connection)

    def given_back(connection: Any, *_: object) -> None:
        with _ending.lock:
            if connection is not None:  # it is gone
                busy.discard(connection)

    event.listen(engine, "checkout", taken)
    event.listen(engine, "checkin", given_back)
