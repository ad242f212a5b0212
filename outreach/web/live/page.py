"""The live page, served for as long as somebody edits."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from outreach.app.background import Background
from outreach.app.context import Context
from outreach.app.workbench import PAUSE_SECONDS, Workbench
from outreach.web.live.application import make_live
from outreach.web.live.campaign_tests import TOPIC, CampaignTests
from outreach.web.live.hub import Hub
from outreach.web.server import listen, serving

TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True)
class Page:
    """Where it is, and what is behind it; who holds it lets that look for changes."""

    url: str
    workbench: Workbench
    tests: CampaignTests
    hub: Hub

    def look_for_changes(self) -> bool:
        """Whether files of the project or of its tests have changed; open pages are told."""
        if self.tests.look_for_changes():
            self.hub.tell(TOPIC)
        return self.workbench.look_for_changes()


@contextmanager
def opened(context: Context, host: str, port: int) -> Iterator[Page]:
    """The page under an address that nobody can guess; SetupError where the port is taken."""
    listening = listen(host, port, "see --port")
    hub, token = Hub(), secrets.token_urlsafe(TOKEN_BYTES)
    port = listening.getsockname()[1]
    workbench, runner = Workbench(context, hub.tell), Background(hub.tell, PAUSE_SECONDS)
    tests = CampaignTests(context.project, runner)
    with serving(make_live(workbench, tests, hub, token, port), listening):
        try:
            yield Page(f"http://{host}:{port}/{token}/", workbench, tests, hub)
        finally:
            hub.close()
            for each in (workbench, runner, tests):
                each.close()
