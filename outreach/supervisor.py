"""Several worker processes on one machine: forked, started again when they die, ended in order."""

import gc
import multiprocessing
import os
import secrets
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.context import ForkProcess

from outreach.errors import UsageError
from outreach.logger import Logger
from outreach.store.giving_up import give_up_at

log = Logger(__name__)
GRACE_SECONDS = 30.0
WAIT_SECONDS = 25.0  # of an end, for a database that others have locked
QUICK_SECONDS = 5.0  # who dies sooner waits before the next start, longer each time
LONGEST_PAUSE_SECONDS = 4.0  # a fork costs little, and who is killed often must go on soon
MOST_DEAD = 100  # who died before those, its lease has run out


@dataclass(frozen=True, slots=True)
class Crew:
    """The processes of one supervisor, as each knows them when it starts."""

    supervisor_pid: int
    key: str  # of this supervisor alone: process ids come again, on other machines too
    dead: tuple[int, ...] = ()  # process ids of those that have died

    def name(self, pid: int) -> str:
        """What one of its processes is called as a worker."""
        return f"{socket.gethostname()}:{self.key}:{pid}"

    def names_of_dead(self) -> list[str]:
        """What those were called; whoever had this process's id before is one of them."""
        return [self.name(pid) for pid in {*self.dead, os.getpid()}]


@dataclass(slots=True)
class _Place:
    """One worker's place: the cores it keeps to, its process, and how its last starts went."""

    cores: frozenset[int] = frozenset()  # empty: all
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


def supervise(work: Callable[[Crew], None], processes: int, stop: threading.Event) -> None:
    """Run `work` in so many processes until `stop` is set.

    They are forks of this one, which has loaded the code by then: so they start at once and share
    its memory. It must have no other thread and no open connection. A process that dies is started
    again, at once or, if it keeps dying, after a pause; `work` is told who died, so that what
    those held need not wait for their leases. At the end each gets SIGTERM, which sets its own
    copy of `stop` (see stop_on_signals), and 30 seconds to settle what is in flight.
    """
    if not hasattr(os, "fork"):
        raise UsageError("this system can not fork processes", "start several `outreach worker`")
    gc.freeze()  # what is shared stays so: the collector would write to it
    places = [_Place(cores) for cores in cores_of(processes)]
    dead: deque[int] = deque(maxlen=MOST_DEAD)
    crew = Crew(os.getpid(), secrets.token_hex(4))
    try:
        while not stop.wait(0.2):
            for place in places:
                _bury(place, dead)
                _man(place, lambda: work(replace(crew, dead=tuple(dead))))
    finally:
        _end([place.process for place in places if place.process is not None])


def cores_of(processes: int) -> list[frozenset[int]]:
    """A core for each process where they fill all that this one may use evenly; else all (empty).

    A process's threads run one at a time, for they share an interpreter: on one core a turn goes
    from one to the next without waking another core, which costs more than many a turn.
    """
    usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if not usable or processes % len(usable):
        return [frozenset()] * processes
    return [frozenset({usable[number % len(usable)]}) for number in range(processes)]


def stop_on_signals(stop: threading.Event) -> None:
    """Let SIGTERM and Ctrl-C set `stop`; a second Ctrl-C ends the process as usual.

    Nothing waits for a locked database longer than an end may take, whatever it is doing.
    """

    def ask(number: int, _: object) -> None:
        give_up_at(time.monotonic() + WAIT_SECONDS)
        stop.set()
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)


def _bury(place: _Place, dead: deque[int]) -> None:
    if place.process is None or place.process.is_alive():
        return
    pause = place.died(time.monotonic())
    log.warning("worker process died", code=place.process.exitcode, pause_seconds=pause)
    if place.process.pid is not None:
        dead.append(place.process.pid)
    place.process = None


def _man(place: _Place, work: Callable[[], None]) -> None:
    now = time.monotonic()
    if place.process is None and now >= place.start_after:
        place.started_at = now
        process = multiprocessing.get_context("fork").Process(
            target=_begin, args=(work, place.cores)
        )
        try:
            process.start()
        except OSError as error:  # no more processes or memory for now; the others go on
            pause = place.died(now)
            log.warning("worker process not started", error=error.strerror, pause_seconds=pause)
        else:
            place.process = process


def _begin(work: Callable[[], None], cores: frozenset[int]) -> None:
    # A group of its own: Ctrl-C is for the supervisor, which then ends its children in order.
    os.setsid()
    if cores:
        os.sched_setaffinity(0, cores)
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
