"""`outreach run`."""

import sys
import threading
from typing import Annotated

import typer

from outreach.cli.call import call_of
from outreach.cli.screen import shown
from outreach.errors import SetupError
from outreach.scheduler import run_here
from outreach.supervisor import stop_on_signals
from outreach.worker import GivenUp

HINT = "mend it, then `outreach run` sends them, as long as they are not `late`"


def run(
    ctx: typer.Context,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End as soon as nothing is due any more")
    ] = False,
) -> int:
    """Scheduler and worker in one process: plans what falls due, and sends it.

    Ctrl-C or SIGTERM lets it settle what is in flight, and end. With --until-idle a mail server or
    provider that can not be used is waited for two minutes; then it ends with 3, and says so.
    """
    call, stop = call_of(ctx), threading.Event()
    stop_on_signals(stop)
    given_up: list[GivenUp] = []
    with call.context(chatty=not until_idle) as context:
        counts = run_here(context, until_idle=until_idle, stop=stop, give_up=given_up.append)
    if not given_up:
        call.show(counts, lambda screen: screen.pairs(counts))
        return 0
    error = SetupError("; ".join(map(told, given_up)), HINT)
    document = {"code": error.code, "message": error.message, "hint": error.hint}
    call.show({**counts, "error": document}, lambda screen: screen.pairs(counts))
    sys.stderr.write(f"outreach: {error.message}; {error.hint}\n")
    return error.exit_code


def told(given_up: GivenUp) -> str:
    """Which channel, where, since when, and what waits."""
    away, many = given_up.away, given_up.messages
    waits = f"{many:,} message{'s' * (many != 1)} wait{'s' * (many == 1)}"
    return (
        f"{away.channel}: {away.place} can not be used since {shown(away.since)} ({away.why}):"
        f" {waits}"
    )
