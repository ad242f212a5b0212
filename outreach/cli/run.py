"""`outreach run`."""

import sys
import threading
from contextlib import AbstractContextManager, nullcontext
from typing import Annotated

import typer

from outreach.app.context import Context
from outreach.cli.call import call_of
from outreach.cli.screen import shown
from outreach.cli.web import HOST, PORT, Host, Port
from outreach.errors import SetupError
from outreach.logger import Logger
from outreach.scheduler import run_here
from outreach.supervisor import stop_on_signals
from outreach.worker import GivenUp

log = Logger(__name__)
HINT = "mend it, then `outreach run` sends them, as long as they are not `late`"


def run(
    ctx: typer.Context,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End as soon as nothing is due any more")
    ] = False,
    web: Annotated[
        bool | None,
        typer.Option(
            "--web/--no-web", help="Serve the public pages too", show_default="if public_url is set"
        ),
    ] = None,
    host: Host = HOST,
    port: Port = PORT,
) -> int:
    """Scheduler, worker and public pages in one process: plans what falls due, and sends it.

    The pages are those of `outreach web`; with --until-idle they are served only with --web.
    Ctrl-C or SIGTERM lets it settle what is in flight, and end. With --until-idle a mail server or
    provider that can not be used is waited for two minutes; then it ends with 3, and says so.
    """
    call, stop = call_of(ctx), threading.Event()
    stop_on_signals(stop)
    given_up: list[GivenUp] = []
    with (
        call.context(chatty=not until_idle) as context,
        _pages(context, web, until_idle, host, port),
    ):
        counts = run_here(context, until_idle=until_idle, stop=stop, give_up=given_up.append)
    if not given_up:
        call.show(counts, lambda screen: screen.pairs(counts))
        return 0
    error = SetupError("; ".join(map(told, given_up)), HINT)
    document = {"code": error.code, "message": error.message, "hint": error.hint}
    call.show({**counts, "error": document}, lambda screen: screen.pairs(counts))
    sys.stderr.write(f"outreach: {error.message}; {error.hint}\n")
    return error.exit_code


def _pages(
    context: Context, web: bool | None, until_idle: bool, host: str, port: int
) -> AbstractContextManager[None]:
    """The pages, served as was said, else where links lead to them.

    Unless they were asked for by name, a port that is taken ends nothing: another process on this
    machine serves them, or `outreach doctor` says that none does.
    """
    url = context.public_url
    if web is False or (web is None and (not url or until_idle)):
        return nullcontext()
    from outreach.app.site import open_site  # slow to load, and not always wanted
    from outreach.web.server import listen, served

    try:
        listening = listen(host, port)
    except SetupError as error:
        if web:
            raise
        log.warning("pages are not served", why=error.message, hint=error.hint)
        return nullcontext()
    return served(open_site(context), listening)


def told(given_up: GivenUp) -> str:
    """Which channel, where, since when, and what waits."""
    away, many = given_up.away, given_up.messages
    waits = f"{many:,} message{'s' * (many != 1)} wait{'s' * (many == 1)}"
    return (
        f"{away.channel}: {away.place} can not be used since {shown(away.since)} ({away.why}):"
        f" {waits}"
    )
