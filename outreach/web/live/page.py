"""The live page, served for as long as somebody edits."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from outreach.app.context import Context
from outreach.app.workbench import Workbench
from outreach.web.live.application import make_live
from outreach.web.live.hub import Hub
from outreach.web.server import listen, serving

TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True)
class Page:
    """Where it is, and the workbench behind it: who holds it lets that look for changes."""

    url: str
    workbench: Workbench


@contextmanager
def opened(context: Context, host: str, port: int) -> Iterator[Page]:
    """The page under an address that nobody can guess; SetupError where the port is taken."""
    listening = listen(host, port, "see --port")
    hub, token = Hub(), secrets.token_urlsafe(TOKEN_BYTES)
    port = listening.getsockname()[1]
    workbench = Workbench(context, hub.tell)
    with serving(make_live(workbench, hub, token, port), listening):
        try:
            yield Page(f"http://{host}:{port}/{token}/", workbench)
        finally:
            hub.close()
            workbench.close()
