"""`outreach scheduler`."""

import threading

import typer

from outreach.cli.call import call_of
from outreach.scheduler import run_scheduler
from outreach.supervisor import stop_on_signals


def scheduler(ctx: typer.Context) -> None:
    """Make runs as they fall due and plan them, until SIGTERM; workers send.

    Two at once, on two machines, do no harm: one makes each run.
    """
    call, stop = call_of(ctx), threading.Event()
    stop_on_signals(stop)
    with call.context(chatty=True) as context:
        run_scheduler(context, stop)
    call.show({}, lambda _: None)
