"""What takes long, worked out in a thread beside: of each topic only what was asked last."""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime

from outreach.app.database import database_error
from outreach.errors import OutreachError
from outreach.logger import Logger

log = Logger(__name__)
MOST_TOPICS = 64  # whose results are kept; the one asked longest ago goes first

Job = tuple[str, Hashable, Callable[[], object]]  # topic, key, work


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a topic's last job: a value, or the error that stood in its way."""

    key: Hashable
    value: object
    error: OutreachError | None
    at: datetime


class Background:
    """One thread that does the job asked for last first; a topic's newer job replaces a waiting one.

    A job is named by its key: what is worked out already, or is on its way, is not asked again.
    """

    def __init__(self, told: Callable[[str], None], pause_seconds: float = 0.0) -> None:
        """`told` is called with the topic, in the thread, when one of its jobs is done.

        A topic that has a result already is worked out anew only once nothing was asked for so long.
        """
        self._told = told
        self._pause_seconds = pause_seconds
        self._asked_at = 0.0
        self._changed = threading.Condition()
        self._waiting: dict[str, Job] = {}
        self._under_way: tuple[str, Hashable] | None = None
        self._done: dict[str, Done] = {}
        self._ends = False
        self._thread = threading.Thread(target=self._run, name="background", daemon=True)
        self._thread.start()

    def ask(self, topic: str, key: Hashable, work: Callable[[], object]) -> None:
        """Have it worked out, unless it is or will be."""
        with self._changed:
            known = self._done.get(topic)
            if (known is not None and known.key == key) or self._under_way == (topic, key):
                self._waiting.pop(topic, None)
                return
            before = self._waiting.pop(topic, None)
            self._waiting[topic] = (topic, key, work)
            if before is None or before[1] != key:
                self._asked_at = time.monotonic()
            self._changed.notify_all()

    def result(self, topic: str) -> Done | None:
        """What the topic's last job that is done came to, whatever is asked meanwhile."""
        return self._done.get(topic)

    def wait(self, topic: str, key: Hashable, seconds: float) -> Done | None:
        """The result under this key, as soon as it is there; None where it takes longer."""
        with self._changed:
            self._changed.wait_for(lambda: self._ends or self._has(topic, key), seconds)
            return self._done.get(topic) if self._has(topic, key) else None

    def forget(self, topic: str) -> None:
        """Have the topic worked out anew when it is asked next."""
        with self._changed:
            self._done.pop(topic, None)

    def close(self) -> None:
        """Begin nothing more; what is under way ends with the process."""
        with self._changed:
            self._ends = True
            self._changed.notify_all()

    def _has(self, topic: str, key: Hashable) -> bool:
        known = self._done.get(topic)
        return known is not None and known.key == key

    def _run(self) -> None:
        while (job := self._next()) is not None:
            topic, key, work = job
            value, error = _tried(work)
            with self._changed:
                self._done.pop(topic, None)
                self._done[topic] = Done(key, value, error, datetime.now(UTC))
                while len(self._done) > MOST_TOPICS:
                    self._done.pop(next(iter(self._done)))
                self._under_way = None
                self._changed.notify_all()
            self._told(topic)

    def _next(self) -> Job | None:
        with self._changed:
            while not self._ends and (seconds := self._seconds_to_rest()) != 0:
                self._changed.wait(seconds)
            if self._ends:
                return None
            _, job = self._waiting.popitem()
            self._under_way = job[0], job[1]
            return job

    def _seconds_to_rest(self) -> float | None:
        """None until something is asked; 0 where anything is waited for that nothing is known of."""
        if not self._waiting:
            return None
        if any(topic not in self._done for topic in self._waiting):
            return 0.0
        return max(0.0, self._asked_at + self._pause_seconds - time.monotonic())


def _tried(work: Callable[[], object]) -> tuple[object, OutreachError | None]:
    try:
        return work(), None
    except OutreachError as error:
        return None, error
    except Exception as error:
        return None, error_of(error)


def error_of(error: Exception) -> OutreachError:
    """Any other error in words: a database that is away, else a fault of ours, which is logged."""
    found = database_error(error)
    if found is not None:
        return found
    log.exception("the live page met a fault of outreach")
    return OutreachError(f"this is a fault of outreach: {type(error).__name__}", "please report it")
