"""A campaign over SMTP with a round trip in between: `python3 dev.py bench delay`.

The production commands send to `smtp-sink` of Postfix through a process that hands on what comes
either way 10 ms later (bench/delay/wire.py), with 16 and with 64 connections in all. A connection that
pipelines carries a message each round trip, so that they can reach connections ÷ 0.02 s. Then one of
16 connections gets its answer to one message after 60 s. Fails where the rate is under 0.85 of what the
connections can carry or 0.8 of what the same commands reach without the delay, whichever is less,
where the held answer takes from the others, or where a message does not end as sent.
"""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil  # type: ignore[import-untyped]
from sqlalchemy import func, select

from bench.faults.record import ROOT
from bench.send.ours import Base, Sent, send
from bench.send.place import PROCESSES, place
from bench.send.project import write_project
from bench.send.sink import sink, wait_until_open
from outreach.app.logs import set_up_logs
from outreach.settings.environment import LogFormat
from outreach.store.engine import reading
from outreach.store.tables import deliveries
from tests.servers import free_port

ROUND_TRIP_SECONDS = 0.02
OF_WIRE, OF_LOOPBACK = 0.85, 0.8
FIRST_OF_ALL = -20
HELD_SECONDS, HELD_AMONG = 60.0, 16
OF_OTHERS = 0.95  # of what fifteen of sixteen connections reach while none is held


def main() -> int:
    """Measure, print a table; 1 where a bar is missed."""
    options = _options()
    set_up_logs(LogFormat.CONSOLE)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends what it has started
    print("| what | mails | messages/s | × what connections carry | CPU µs each | delay's CPU µs |")
    print("|---|---|---|---|---|---|", flush=True)
    missed = []
    settings = {} if options.in_flight is None else {"IN_FLIGHT": str(options.in_flight)}
    with sink() as port:
        with place(options.database, options.mails, **settings) as here:
            sent = _sent(here, port)
            _line("no delay", sent, loopback := sent.rate)
        for connections in options.connections:
            carried = connections / ROUND_TRIP_SECONDS
            mails = _enough(options.mails, carried, options.seconds)
            with place(options.database, mails, **settings) as here:
                sent = _delayed(f"{connections} connections", here, port, connections)
            if sent.rate < (wanted := min(OF_WIRE * carried, OF_LOOPBACK * loopback)):
                missed.append(f"{connections} connections: {sent.rate:,.0f}/s, not {wanted:,.0f}")
        if options.held:
            missed += _held(options, port, settings)
    for each in missed:
        print(f"missed: {each}", file=sys.stderr)
    return 1 if missed else 0


def _held(options: argparse.Namespace, port: int, settings: dict[str, str]) -> list[str]:
    """With and without one answer held; both rates until nineteen of twenty were answered."""
    carried = HELD_AMONG / ROUND_TRIP_SECONDS
    mails = _enough(options.mails, carried, HELD_SECONDS / 2)
    with place(options.database, mails, **settings) as here:
        free = _delayed(f"{HELD_AMONG} connections, none held", here, port, HELD_AMONG, 0.0)
    with place(options.database, mails, **settings) as here:
        what = f"{HELD_AMONG} connections, one answer after {HELD_SECONDS:.0f} s"
        held = _delayed(what, here, port, HELD_AMONG, HELD_SECONDS)
    share = held.early_rate / free.early_rate
    others = (HELD_AMONG - 1) / HELD_AMONG
    print(
        f"with one held, the others reach {share / others:.2f} of their part ({OF_OTHERS} wanted)"
    )
    return ["others wait for the one that is held"] if share < OF_OTHERS * others else []


def _enough(most: int, carried: float, seconds: float) -> int:
    """As many mails as connections carry in that time, or the most that are wanted."""
    return min(most, round(carried * seconds))


def _delayed(what: str, here: Base, port: int, connections: int, hold: float | None = None) -> Sent:
    write_project(here.folder, connections=connections // PROCESSES)
    with _wire(port, hold or 0.0) as (delayed, process):
        used = _cpu_seconds(process)
        sent = _sent(here, delayed)
        used = _cpu_seconds(process) - used
    rate = sent.rate if hold is None else sent.early_rate
    carried = connections / ROUND_TRIP_SECONDS
    _line(what, sent, rate, f"{rate / carried:.2f}", f"{used / sent.mails * 1e6:.0f}")
    return sent


def _line(what: str, sent: Sent, rate: float, share: str = "", wire: str = "") -> None:
    line = f"{sent.mails:,} | {rate:,.0f} | {share} | {sent.cpu_us:.0f} | {wire}"
    print(f"| {what} | {line} |", flush=True)


def _sent(here: Base, port: int) -> Sent:
    """What a run to that port took; SystemExit where a message did not end as sent."""
    sent = send(here, f"smtp://127.0.0.1:{port}")
    with reading(here.engine) as conn:
        states = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
        found = {state: number for state, number in conn.execute(states)}  # noqa: C416
    if found.get("sent") != sent.mails:
        raise SystemExit(f"not all were sent: {found}")
    return sent


@contextmanager
def _wire(target: int, hold: float) -> Iterator[tuple[int, psutil.Process]]:
    """The port at which the delay takes connections, and its process."""
    port = free_port()
    command = [sys.executable, "-m", "bench.delay.wire", str(port), str(target)]
    command += ["--each-way", str(ROUND_TRIP_SECONDS / 2), "--hold", str(hold)]
    process = subprocess.Popen(command, cwd=ROOT)
    with suppress(PermissionError):  # a network waits for no core; who may not say so sees it wait
        os.setpriority(os.PRIO_PROCESS, process.pid, FIRST_OF_ALL)
    try:
        wait_until_open(port)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench delay", description=__doc__)
    parser.add_argument("--mails", type=int, default=40_000, help="at most; 40000")
    parser.add_argument("--seconds", type=float, default=15.0, help="what each is to take; 15")
    parser.add_argument("--connections", type=_counts, default=[16, 64], help="in all; 16,64")
    parser.add_argument("--in-flight", type=int, help="OUTREACH_IN_FLIGHT; left out: its default")
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    parser.add_argument(
        "--no-held", dest="held", action="store_false", help="leave out the answer after 60 s"
    )
    return parser.parse_args()


def _counts(written: str) -> list[int]:
    counts = [int(word) for word in written.split(",")]
    if not all(count > 0 and count % PROCESSES == 0 for count in counts):
        raise argparse.ArgumentTypeError(f"{PROCESSES} processes share them evenly")
    return counts


if __name__ == "__main__":
    sys.exit(main())
