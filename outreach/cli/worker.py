"""`outreach worker`."""

import os
import threading
from typing import Annotated

import typer

from outreach.cli.call import Call, call_of
from outreach.scheduler import duty_of, serve
from outreach.supervisor import stop_on_signals, supervise, worker_command


def worker(
    ctx: typer.Context,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Processes that send")] = 1,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Threads that serve, in each")] = 2,
    parent: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Send what is due, until SIGTERM.

    With several processes each that dies is started again; kill -9 of any of them repeats no
    message. SIGTERM lets them settle what is in flight. A worker reads the database only: its
    folder need not hold the project.
    """
    call, stop = call_of(ctx), threading.Event()
    stop_on_signals(stop)
    with call.context(chatty=True, bare=True) as context:
        duty = duty_of(context, threads)  # what is not set up is told here, once
        if processes == 1:
            counts = serve(duty, stop, parent)
        else:
            context.close()
            counts = {}
            supervise(_child(call, threads), processes, stop)
    if parent is None:
        call.show(counts, lambda screen: screen.pairs(counts))


def _child(call: Call, threads: int) -> list[str]:
    now = call.options.now
    clock = [] if now is None else ["--now", now]
    project = str(call.options.project.absolute())
    parent = str(os.getpid())
    return worker_command(
        "worker", "--project", project, *clock, "--threads", str(threads), "--parent", parent
    )
