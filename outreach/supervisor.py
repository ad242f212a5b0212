"""Several worker processes on one machine: forked, started again when they die, ended in order."""

import gc
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkProcess

from outreach.errors import UsageError
from outreach.logger import Logger

log = Logger(__name__)
GRACE_SECONDS = 30.0
QUICK_SECONDS = 5.0  # who dies sooner waits before the next start, longer each time
LONGEST_PAUSE_SECONDS = 4.0  # a fork costs little, and who is killed often must go on soon


@dataclass(slots=True)
class _Place:
    """One worker's place: its process, and how its last starts went."""

    process: ForkProcess | None = None
    started_at: float = 0.0
    start_after: float = 0.0
    quick_deaths: int = 0

    def died(self, now: float) -> float:
        """Note a death, or a start that failed; how many seconds until the next start."""
        quick = now - self.started_at < QUICK_SECONDS
        self.quick_deaths = self.quick_deaths + 1 if quick else 0
        pause = min(2.0 ** (self.quick_deaths - 1), LONGEST_PAUSE_SECONDS) if quick else 0.0
        self.start_after = now + pause
        return pause


def supervise(work: Callable[[], None], processes: int, stop: threading.Event) -> None:
    """Run `work` in so many processes until `stop` is set.

    They are forks of this one, which has loaded the code by then: so they start at once and share
    its memory. It must have no other thread and no open connection. A process that dies is started
    again, at once or, if it keeps dying, after a pause. At the end each gets SIGTERM, which sets
    its own copy of `stop` (see stop_on_signals), and 30 seconds to settle what is in flight.
    """
    if not hasattr(os, "fork"):
        raise UsageError("this system can not fork processes", "start several `outreach worker`")
    gc.freeze()  # what is shared stays so: the collector would write to it
    places = [_Place() for _ in range(processes)]
    try:
        while not stop.wait(0.2):
            for place in places:
                _look_after(place, work)
    finally:
        _end([place.process for place in places if place.process is not None])


def stop_on_signals(stop: threading.Event) -> None:
    """Let SIGTERM and Ctrl-C set `stop`; a second Ctrl-C ends the process as usual."""

    def ask(number: int, _: object) -> None:
        stop.set()
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)


def _look_after(place: _Place, work: Callable[[], None]) -> None:
    now = time.monotonic()
    if place.process is not None and not place.process.is_alive():
        pause = place.died(now)
        log.warning("worker process died", code=place.process.exitcode, pause_seconds=pause)
        place.process = None
    if place.process is None and now >= place.start_after:
        place.started_at = now
        process = multiprocessing.get_context("fork").Process(target=_begin, args=(work,))
        try:
            process.start()
        except OSError as error:  # no more processes or memory for now; the others go on
            pause = place.died(now)
            log.warning("worker process not started", error=error.strerror, pause_seconds=pause)
        else:
            place.process = process


def _begin(work: Callable[[], None]) -> None:
    # A group of its own: Ctrl-C is for the supervisor, which then ends its children in order.
    os.setsid()
    work()


def _end(children: Sequence[ForkProcess]) -> None:
    for child in children:
        child.terminate()
    until = time.monotonic() + GRACE_SECONDS
    for child in children:
        child.join(max(0.0, until - time.monotonic()))
        if child.is_alive():
            log.warning("worker process did not end in time", pid=child.pid)
            child.kill()
            child.join()
