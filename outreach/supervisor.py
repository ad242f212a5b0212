"""Several worker processes on one machine: started, started again when they die, ended in order."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from outreach.logger import Logger

log = Logger(__name__)
GRACE_SECONDS = 30.0
QUICK_SECONDS = 5.0  # who dies sooner waits before the next start, longer each time
LONGEST_PAUSE_SECONDS = 30.0


@dataclass(slots=True)
class _Place:
    """One worker's place: its process, and how its last starts went."""

    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_after: float = 0.0
    quick_deaths: int = field(default=0)


def supervise(command: Sequence[str], processes: int, stop: threading.Event) -> int:
    """Run so many processes of `command` until `stop` is set; the exit code, 0.

    One that dies is started again, at once or, if it keeps dying, after a pause. At the end each
    gets SIGTERM and 30 seconds to settle what is in flight.
    """
    places = [_Place() for _ in range(processes)]
    try:
        while not stop.wait(0.2):
            for place in places:
                _look_after(place, command)
    finally:
        _end([place.process for place in places if place.process is not None])
    return 0


def stop_on_signals(stop: threading.Event) -> None:
    """Let SIGTERM and Ctrl-C set `stop`; a second Ctrl-C ends the process as usual."""

    def ask(number: int, _: object) -> None:
        stop.set()
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)


def worker_command(*arguments: str) -> list[str]:
    """The command of a child: this Python, the `outreach` command, these arguments."""
    return [sys.executable, "-m", "outreach", *arguments]


def _look_after(place: _Place, command: Sequence[str]) -> None:
    now = time.monotonic()
    if place.process is not None and place.process.poll() is not None:
        quick = now - place.started_at < QUICK_SECONDS
        place.quick_deaths = place.quick_deaths + 1 if quick else 0
        pause = min(2.0 ** (place.quick_deaths - 1), LONGEST_PAUSE_SECONDS) if quick else 0.0
        log.warning("worker process died", code=place.process.returncode, pause_seconds=pause)
        place.process, place.start_after = None, now + pause
    if place.process is None and now >= place.start_after:
        # A group of its own: Ctrl-C is for the supervisor, which then ends its children in order.
        place.process = subprocess.Popen(list(command), start_new_session=True)  # noqa: S603
        place.started_at = now


def _end(children: Sequence[subprocess.Popen[bytes]]) -> None:
    for child in children:
        child.terminate()
    until = time.monotonic() + GRACE_SECONDS
    for child in children:
        try:
            child.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("worker process did not end in time", pid=child.pid)
            child.kill()
            child.wait()
