"""`outreach run`."""

import threading
from typing import Annotated

import typer

from outreach.cli.call import call_of
from outreach.scheduler import run_here
from outreach.supervisor import stop_on_signals


def run(
    ctx: typer.Context,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End as soon as nothing is due any more")
    ] = False,
) -> None:
    """Scheduler and worker in one process: plans what falls due, and sends it.

    Ctrl-C or SIGTERM lets it settle what is in flight, and end.
    """
    call, stop = call_of(ctx), threading.Event()
    stop_on_signals(stop)
    with call.context(chatty=not until_idle) as context:
        counts = run_here(context, until_idle=until_idle, stop=stop)
    call.show(counts, lambda screen: screen.pairs(counts))
