"""What is done to a run while its mails go out, each scenario a function that gives a row."""

import time
from collections.abc import Callable
from pathlib import Path

from bench.faults.cadence import cadence
from bench.faults.consent import consent
from bench.faults.plain import plain
from bench.faults.processes import kill
from bench.faults.row import Row, reckon
from bench.faults.schedulers import schedulers
from bench.faults.sizes import Size
from bench.faults.world import Place, World, world

Scenario = Callable[[Place, Path, Size], Row]
DOT_GAP = (0.005, 0.02)
LAST_FAULT_AT = 0.85  # of the mails: later there would be little left to send
# Each time the dead hold some hundred messages apiece until their leases end: others must be left.
LAST_TOTAL_LOSS_AT = 0.2


def kill_workers(place: Place, folder: Path, size: Size) -> Row:
    """Kill -9 of one worker process after the other, each at a random moment."""
    with world(place, folder, size.mails, gap=DOT_GAP) as here:
        here.processes.start("worker", "--processes", size.workers)
        if size.scheduler:
            here.processes.start("scheduler")
        here.wait_for_workers(size.workers)
        here.send()
        for number in range(size.faults):
            here.wait_for_mails(_moment(here, size, number))
            here.wait_for_workers(1)
            pid, worker_id = here.chance.choice(sorted(here.workers().items()))
            kill(pid)
            here.since.append(time.monotonic())
            here.watch([worker_id])
        here.wait_until_over()
        wrong = _end(here)
        return reckon(here, "kill -9 of workers", f"{size.faults} kills", wrong=wrong)


def kill_everything(place: Place, folder: Path, size: Size) -> Row:
    """Kill -9 of all at once: workers, supervisor, scheduler, broker; then all start again."""
    with world(place, folder, size.mails, gap=DOT_GAP) as here:
        _start_all(here, size)
        here.wait_for_workers(size.workers)
        here.send()
        for number in range(size.faults):
            here.wait_for_mails(_moment(here, size, number, LAST_TOTAL_LOSS_AT))
            _kill_all(here)
            here.since.append(time.monotonic())
            here.reclaims.begin_anew()
            _start_all(here, size)
            if number < size.faults - 1:
                here.wait_for_workers(size.workers)
        here.wait_until_over()
        wrong = _end(here)
        faults = f"{size.faults} × everything: {here.killed} workers"
        return reckon(here, "kill -9 of everything", faults, wrong=wrong)


def flush_broker(place: Place, folder: Path, size: Size) -> Row:
    """The broker forgets all that it holds, several times."""
    assert place.broker is not None
    with world(place, folder, size.mails, gap=DOT_GAP) as here:
        _start_all(here, size)
        here.wait_for_workers(size.workers)
        here.send()
        for number in range(size.faults):
            here.wait_for_mails(_moment(here, size, number))
            place.broker.flush()
            here.since.append(time.monotonic())
        here.wait_until_over()
        wrong = _end(here)
        return reckon(here, "broker flushed", f"{size.faults} flushes", wrong=wrong)


def drop_after_dot(place: Place, folder: Path, size: Size) -> Row:
    """The server takes a message and hangs up without an answer, one time in a hundred."""
    share = 0.01 if size.mails > 5_000 else 0.05
    with world(place, folder, size.mails, gap=DOT_GAP, drop=share) as here:
        _start_all(here, size)
        here.send()
        here.wait_until_over()
        wrong = _end(here)
        dropped = here.post.drops
        if here.states().get("unknown", 0) != dropped:
            wrong += (f"{dropped} drops, but {here.states().get('unknown', 0)} unknown",)
        faults = f"{dropped} drops"
        return reckon(here, "hung up after the dot", faults, unknown_limit=dropped, wrong=wrong)


def terminate_workers(place: Place, folder: Path, size: Size) -> Row:
    """SIGTERM to all workers in the middle of sending, and started again, many times."""
    slowest, codes = 0.0, []
    with world(place, folder, size.mails, gap=DOT_GAP) as here:
        serving = here.processes.start("worker", "--processes", size.workers)
        here.wait_for_workers(size.workers)
        here.send()
        for number in range(size.faults):
            here.wait_for_mails(_moment(here, size, number))
            here.wait_for_workers(size.workers)
            asked = time.monotonic()
            codes.append(here.processes.end(serving))
            slowest = max(slowest, time.monotonic() - asked)
            here.since.append(time.monotonic())
            left = {"claimed", "handing", "unknown"} & here.states().keys()
            codes += [f"left behind: {sorted(left)}"] if left else []
            serving = here.processes.start("worker", "--processes", size.workers)
        here.wait_until_over()
        wrong = _end(here) + tuple(str(code) for code in codes if code)
        faults = f"{size.faults} × SIGTERM, ended in {slowest:.1f} s"
        if slowest > 30:
            wrong += (f"an end took {slowest:.0f} s",)
        return reckon(here, "SIGTERM to workers", faults, wrong=wrong)


def _moment(here: World, size: Size, number: int, last: float = LAST_FAULT_AT) -> float:
    """After how many mails the next fault comes: somewhere in its part of the run."""
    part = size.mails * last / size.faults
    return (number + here.chance.uniform(0.1, 0.9)) * part


def _start_all(here: World, size: Size) -> None:
    here.processes.start("worker", "--processes", size.workers)
    if size.scheduler:
        here.processes.start("scheduler")


def _kill_all(here: World) -> None:
    dead = here.workers()
    broker = here.place.broker
    for process in list(here.processes.running):
        here.processes.kill_tree(process)
    if broker is not None:
        broker.kill()
        broker.start()
    here.watch(sorted(dead.values()))


def _end(here: World) -> tuple[str, ...]:
    """End all in order; what went wrong at that."""
    return tuple(f"ended with {code}" for code in here.processes.end_all() if code)


SCENARIOS: dict[str, Scenario] = {
    "kill": kill_workers,
    "everything": kill_everything,
    "flush": flush_broker,
    "drop": drop_after_dot,
    "schedulers": schedulers,
    "consent": consent,
    "cadence": cadence,
    "terminate": terminate_workers,
    "plain": plain,
}
WITH_BROKER = {"flush", "plain"}  # make no sense without one
