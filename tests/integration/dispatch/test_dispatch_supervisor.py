"""The supervisor of worker processes where the system gives it no more of them."""

import os
import signal
import sys
from pathlib import Path

from pythons import Process
from waiting import wait_for

# Every second fork fails, as where a container's limit of processes is reached.
SCRIPT = """
import os, threading, time
from pathlib import Path
from outreach.supervisor import stop_on_signals, supervise

fork, calls = os.fork, []

def scarce():
    calls.append(1)
    if len(calls) % 2 == 0:
        raise BlockingIOError(11, "Resource temporarily unavailable")
    return fork()

def work(crew):
    with Path({pids!r}).open("a") as file:
        file.write(str(os.getpid()) + chr(10))
    stop.wait()

os.fork = scarce
stop = threading.Event()
stop_on_signals(stop)
supervise(work, 2, stop)
"""


def test_a_start_that_fails_is_tried_again_and_the_others_go_on(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    pids.touch()
    script = SCRIPT.format(pids=str(pids))
    supervising = Process([sys.executable, "-c", script])
    wait_for(lambda: len(pids.read_text().split()) == 2)
    os.kill(int(pids.read_text().split()[0]), signal.SIGKILL)
    wait_for(lambda: len(pids.read_text().split()) == 3)

    supervising.terminate()

    assert supervising.wait(20) == 0
