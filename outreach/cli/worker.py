"""`outreach worker`."""

import sys
import threading
from functools import partial
from typing import Annotated

import typer

from outreach.cli.call import Call, call_of
from outreach.cli.frame import guarded
from outreach.scheduler import duty_of, serve
from outreach.supervisor import Crew, stop_on_signals, supervise


def worker(
    ctx: typer.Context,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Processes that send")] = 1,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Threads that serve, in each")] = 2,
) -> None:
    """Send what is due, until SIGTERM.

    With several processes each that dies is started again; kill -9 of any of them repeats no
    message. SIGTERM lets them settle what is in flight. A worker reads the database only: its
    folder need not hold the project.
    """
    call, stop = call_of(ctx), threading.Event()
    stop_on_signals(stop)
    counts: dict[str, int] = {}
    if processes == 1:
        counts = _serve(call, threads, stop)
    else:
        _load(call, threads)
        child = partial(_serve_as_child, call, threads, stop)
        supervise(child, processes, stop)
    call.show(counts, lambda screen: screen.pairs(counts))


def _serve(
    call: Call, threads: int, stop: threading.Event, crew: Crew | None = None
) -> dict[str, int]:
    with call.context(chatty=True, bare=True) as context:
        return serve(duty_of(context, threads), stop, crew)


def _serve_as_child(call: Call, threads: int, stop: threading.Event, crew: Crew) -> None:
    def work() -> int:
        _serve(call, threads, stop, crew)
        return 0

    sys.exit(guarded(work, json=False))


def _load(call: Call, threads: int) -> None:
    """Load all code that a worker runs, and tell what is not set up: here, once."""
    with call.context(chatty=True, bare=True) as context:
        duty = duty_of(context, threads)
        for channel in duty.channels:
            duty.adapters(channel)
