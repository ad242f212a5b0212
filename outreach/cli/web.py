"""`outreach web`."""

import threading
from typing import Annotated

import typer

from outreach.cli.call import call_of
from outreach.supervisor import stop_on_signals

HOST, PORT = "127.0.0.1", 8000
Host = Annotated[str, typer.Option(metavar="ADDRESS", help="Where the pages are served")]
Port = Annotated[int, typer.Option(min=0, max=65_535, help="0: any that is free")]


def web(ctx: typer.Context, host: Host = HOST, port: Port = PORT) -> None:
    """Serve the pages to opt out and choose, and the webhooks, until SIGTERM.

    It belongs behind a server that speaks https and passes everything on: `public_url` is that
    one's address. As many as you like may run, on any machine with the database.
    """
    from outreach.app.site import open_site
    from outreach.web.server import listen, served

    call, stop = call_of(ctx), threading.Event()
    stop_on_signals(stop)
    with (
        call.context(chatty=True, bare=True) as context,
        served(open_site(context), listen(host, port)),
    ):
        stop.wait()
    call.show({}, lambda _: None)
