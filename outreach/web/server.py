"""The server under the application: uvicorn, in this thread or beside others."""

import asyncio
import os
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from outreach.app.site import Site
from outreach.errors import SetupError
from outreach.logger import Logger
from outreach.web.application import make_application

log = Logger(__name__)
BACKLOG = 2048
KEEP_ALIVE_SECONDS = 30
SWITCH_SECONDS = 0.0001
GRACE_SECONDS = 10  # for what is being answered at the end


def listen(host: str, port: int, hint: str = "see --host and --port") -> socket.socket:
    """A socket that listens; SetupError where the port is taken or the address is not ours."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise SetupError(f"`{host}:{port}` can not be listened on: {why}", hint) from error


def served(site: Site, listening: socket.socket) -> AbstractContextManager[None]:
    """Serve a site's pages in a thread for as long as the block takes."""
    return serving(make_application(site), listening)


@contextmanager
def serving(application: ASGIApp, listening: socket.socket) -> Iterator[None]:
    """Serve in a thread for as long as the block takes; what is being answered then still is."""
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            access_log=False,  # a path holds a token: whoever has it may opt its reader out
            log_config=None,
            log_level="warning",
            server_header=False,
            proxy_headers=False,  # nothing depends on who asks, nor on Host
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
            ws="none",
        )
    )
    # The thread that commits waits for the one that answers after each statement: by default up to
    # 5 ms, and a transaction has many.
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)

    def ended(_: object) -> None:
        sys.setswitchinterval(before)
        if not server.should_exit:
            log.error("pages are not served any more")

    host, port = listening.getsockname()[:2]
    with ThreadPoolExecutor(1, "pages") as thread:  # where uvicorn leaves signals alone
        serving = thread.submit(asyncio.run, server.serve([listening]))
        serving.add_done_callback(ended)
        log.info("pages are served", host=host, port=port)
        try:
            yield
        finally:
            server.should_exit = True
    serving.result()
