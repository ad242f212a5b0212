"""The supervisor of worker processes: the cores they run on, and a system that gives it no more."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest
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


# Each worker writes down the cores that it may run on; the supervisor itself is given some.
CORES = """
import json, os, threading
from pathlib import Path
from outreach.supervisor import stop_on_signals, supervise

os.sched_setaffinity(0, {given!r})

def work(crew):
    with Path({found!r}).open("a") as file:
        file.write(json.dumps(sorted(os.sched_getaffinity(0))) + chr(10))
    stop.wait()

stop = threading.Event()
stop_on_signals(stop)
supervise(work, {processes}, stop)
"""


def cores(tmp_path: Path, given: set[int], processes: int) -> list[list[int]]:
    found = tmp_path / "found"
    found.touch()
    script = CORES.format(given=given, found=str(found), processes=processes)
    supervising = Process([sys.executable, "-c", script])
    wait_for(lambda: len(found.read_text().split("\n")) == processes + 1)
    supervising.terminate()
    assert supervising.wait(20) == 0
    return sorted(json.loads(line) for line in found.read_text().splitlines())


@pytest.mark.parametrize("times", [1, 2])
def test_processes_that_fill_the_cores_keep_to_one_each(tmp_path: Path, times: int) -> None:
    mine = sorted(os.sched_getaffinity(0))

    found = cores(tmp_path, set(mine), times * len(mine))

    assert found == sorted([core] for core in mine * times)


def test_processes_that_do_not_fill_the_cores_evenly_go_where_there_is_room(tmp_path: Path) -> None:
    mine = sorted(os.sched_getaffinity(0))

    found = cores(tmp_path, set(mine), len(mine) + 1)

    assert found == [mine] * (len(mine) + 1)


def test_only_the_cores_that_the_supervisor_may_use_are_shared_out(tmp_path: Path) -> None:
    core = max(os.sched_getaffinity(0))

    assert cores(tmp_path, {core}, 2) == [[core], [core]]


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
