"""E-mail through an SMTP server, over a few kept connections."""

import asyncio
import ssl
import threading
from collections.abc import Sequence
from email.utils import parseaddr

from outreach.channels.adapter import Check, Source
from outreach.channels.backoff import Backoff
from outreach.channels.email.answers import Stage
from outreach.channels.email.connection import Connection
from outreach.channels.email.endings import Ending, Timeouts
from outreach.channels.email.lane import Lane, Service
from outreach.channels.email.opening import open_connection
from outreach.channels.email.server import parse_smtp_url
from outreach.channels.loop import run
from outreach.channels.wording import scrubbed
from outreach.errors import SetupError
from outreach.settings.company import ChannelSettings, Company
from outreach.settings.environment import Environment

_AWAY = "; is it running, and is OUTREACH_SMTP_URL right?"


class SmtpAdapter:
    """Sends mails through the server of OUTREACH_SMTP_URL.

    At most `connections` of the channel's settings are open; they are kept from one
    `serve` to the next. `timeouts` are RFC 5321's unless a test is in a hurry.
    """

    name = "smtp"

    def __init__(
        self,
        channel: str,
        company: Company,
        environment: Environment,
        timeouts: Timeouts = Timeouts(),  # noqa: B008
    ) -> None:
        if channel != "email":
            raise SetupError(f"smtp sends on `email`, not on `{channel}`", "choose another adapter")
        if environment.smtp_url is None:
            raise SetupError(
                "no SMTP server for channel `email`; OUTREACH_SMTP_URL is unset",
                "set it, or use `capture`",
            )
        self._server = parse_smtp_url(environment.smtp_url.get_secret_value())
        self.place = self._server.place
        settings = company.channels.get(channel, ChannelSettings())
        self._connections = settings.connections
        self._sender = settings.bounces or parseaddr(settings.sender)[1]  # MAIL FROM
        self._timeouts = timeouts
        self._backoff = Backoff()
        self._idle: list[Connection] = []
        self._lanes: list[Lane] = []
        self._serving = threading.Lock()
        self._tls: ssl.SSLContext | None = None

    def serve(self, source: Source) -> None:
        """Pull and send until the source is empty or stopping, or the server can not be used.

        A server that can not be reached or refuses us ends it after a short wait, longer each time.
        One call at a time; a second one waits for the first.
        """
        with self._serving:
            run(self._serve(source))

    async def _serve(self, source: Source) -> None:
        service = Service(source, self._dial, self._backoff, await self._still_open())
        self._lanes = [Lane(service, number) for number in range(self._connections)]
        # Gathered, not a TaskGroup: a fault in one lane must not cut off what others have written.
        ended = await asyncio.gather(*(lane.run() for lane in self._lanes), return_exceptions=True)
        self._idle = service.idle
        for error in filter(None, ended):
            raise error
        if service.trouble:
            await self._backoff.wait(source)

    async def _still_open(self) -> list[Connection]:
        return [connection for connection in self._idle if connection.alive]

    async def _dial(self) -> Connection | Ending:
        return await open_connection(self._server, self._timeouts, self._trusted())

    def _trusted(self) -> ssl.SSLContext:
        if self._tls is None:  # certificates and host names are checked; reading the roots is slow
            self._tls = ssl.create_default_context()
        return self._tls

    def check(self) -> Sequence[Check]:
        """Connect, encrypt, sign in and name the channel's sender, and leave again."""
        return [run(self._check())]

    async def _check(self) -> Check:
        found = await self._dial()
        if isinstance(found, Ending):
            return self._refused(found)
        said = ["encrypted" if found.encrypted else "NOT encrypted"]
        said += ["signed in"] if self._server.user else []
        said += [name.upper() for name in ("8bitmime", "smtputf8") if name in found.extensions]
        refused = await found.refuses(self._sender)
        await found.leave()
        if refused is not None:
            return self._refused(refused)
        return Check("email", ok=True, detail=f"smtp at {self.place}: {', '.join(said)}")

    def _refused(self, ending: Ending) -> Check:
        why = f"{self.place}: {ending.stage}: {ending.code} {scrubbed(ending.detail, self._sender)}"
        hint = _AWAY if ending.stage is Stage.CONNECT and not ending.code else ""
        return Check("email", ok=False, detail=" ".join(why.split()) + hint)

    def interrupt(self) -> None:
        """Hang up where the server is silent before the message's words; at the dot it is awaited."""
        run(self._interrupt())

    async def _interrupt(self) -> None:
        for lane in self._lanes:
            lane.interrupt()

    def close(self) -> None:
        """Take leave of the server once a running `serve` has ended; a later one connects anew."""
        with self._serving:
            run(self._leave())

    async def _leave(self) -> None:
        idle, self._idle = self._idle, []
        await asyncio.gather(*(connection.leave() for connection in idle))
