"""A database that can not be used for a while: told once, left alone a moment, tried again."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from outreach.logger import Logger
from outreach.store.faults import DatabaseFault, passing_fault

log = Logger(__name__)
REST_SECONDS = 1.0  # between two tries, about
SAID_SECONDS = 60.0  # the same fault is told again after so long at the soonest
_WORDS = {
    DatabaseFault.FULL: "the database's disk is full: nothing is sent until there is room",
    DatabaseFault.LOCKED: "the database is locked by another process: nothing is sent meanwhile",
    DatabaseFault.AWAY: "the database is away: nothing is sent until it is back",
}


def kind_of(error: BaseException) -> str:
    """What an error is, without its text: a statement's parameters may hold an address."""
    return type(getattr(error, "orig", None) or error).__name__


class DatabaseTrouble:
    """What a process knows of its database's trouble; any thread may tell it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fault: DatabaseFault | None = None
        self._since = 0.0
        self._told = False  # of this trouble
        self._rest_until = 0.0
        self._said_at: dict[DatabaseFault, float] = {}

    def failed(self, error: BaseException) -> bool:
        """Note an error of a statement; whether it is one that passes, and so needs no more words."""
        fault = passing_fault(error)
        if fault is None:
            return False
        now = time.monotonic()
        with self._lock:
            self._rest_until = now + REST_SECONDS
            if self._fault is None:
                self._since, self._told = now, False
            is_new = self._fault is not fault
            self._fault = fault
            told = is_new and now - self._said_at.get(fault, -SAID_SECONDS) >= SAID_SECONDS
            if told:
                self._said_at[fault], self._told = now, True
        if told:
            log.error(_WORDS[fault], error=kind_of(error))
        return True

    @contextmanager
    def noted(self, what: str, **ids: object) -> Iterator[None]:
        """End the block at an error: one of the database that passes is noted, another is told.

        `what` says what was not done. For work that is tried again: nothing is raised.
        """
        try:
            yield
        except SQLAlchemyError as error:
            if not self.failed(error):
                log.warning(what, error=kind_of(error), **ids)
        except Exception:
            log.exception(what, **ids)

    def over(self, *, wrote: bool = True) -> None:
        """Note that a statement worked; one that only read proves no room on the disk."""
        if self._fault is None or (self._fault is DatabaseFault.FULL and not wrote):
            return
        with self._lock:
            fault, self._fault = self._fault, None
            self._rest_until = 0.0
        if fault is not None and self._told:
            seconds = round(time.monotonic() - self._since, 1)
            log.warning("the database works again", was=fault.value, seconds=seconds)

    def resting(self) -> bool:
        """Whether it failed a moment ago, so that nothing should be tried just now."""
        return time.monotonic() < self._rest_until
