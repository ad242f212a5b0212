"""One SMTP connection: opened, upgraded and signed in by aiosmtplib, then driven stage by stage.

aiosmtplib raises the same exception for a refusal of DATA and of the message, so the
commands of a delivery are written here, where the stage of each failure is known.
Pipelining (RFC 2920) belongs into `Connection.deliver`: same outcomes, fewer round trips.
"""

import asyncio
import functools
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Protocol

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPHeloError,
    SMTPResponse,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from outreach.channels.adapter import Email, Outcome
from outreach.channels.email.answers import (
    OURS,
    Meaning,
    Stage,
    classify,
    dropped,
    queue_id,
    status_of,
)
from outreach.channels.email.server import Server, Tls
from outreach.channels.email.wire import Wire, wire
from outreach.channels.wording import scrubbed
from outreach.vocabulary import Answer

GOING_AWAY = 421  # RFC 5321 3.8: the server closes the connection with it, at any stage


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for each answer: RFC 5321 4.5.3.2, which leaves connecting to the client."""

    connect: float = 30
    greeting: float = 300
    command: float = 300
    data: float = 120
    dot: float = 600
    leave: float = 2  # QUIT is a courtesy


@dataclass(frozen=True, slots=True)
class Ending:
    """How a conversation ended, whichever message it was about."""

    meaning: Meaning
    stage: Stage
    code: str = ""
    detail: str = ""
    provider_id: str = ""

    def of(self, message: Email) -> Outcome:
        """This ending as the outcome of a message."""
        answer, fault = self.meaning
        words = scrubbed(self.detail, message.to)
        return Outcome(message.id, answer, fault, self.stage, self.code, words, self.provider_id)


class Dial(Protocol):
    """Opens a connection, or says why there is none."""

    async def __call__(self) -> "Connection | Ending": ...


class Connection:
    """A signed-in connection that delivers one message after the other."""

    def __init__(self, client: SMTP, timeouts: Timeouts) -> None:
        self._client = client
        self._timeouts = timeouts
        self._stage = Stage.MAIL
        self.extensions = frozenset(client.esmtp_extensions)
        self.used = False  # it may have gone stale since
        self._interrupted = False

    @property
    def alive(self) -> bool:
        """Whether it can take another message, as far as is known."""
        return self._client.is_connected

    @property
    def encrypted(self) -> bool:
        """Whether it is private."""
        return self.alive and self._client.get_transport_info("sslcontext") is not None

    async def deliver(self, message: Email) -> Outcome:
        """Hand one message to the server; whatever happens is its outcome."""
        self._stage = Stage.MAIL
        prepared = wire(message, self.extensions)
        if isinstance(prepared, Outcome):
            return prepared
        if time.monotonic() >= message.begin_by:  # the last look: MAIL FROM is written next
            return Outcome.not_begun(message.id, "too late to begin")
        try:
            ending = await self._converse(prepared)
        except SMTPResponseException as error:  # an answer that can not be read as SMTP
            self.drop()
            return self._ending(SMTPResponse(error.code, error.message)).of(message)
        except (OSError, SMTPException) as error:
            if self._interrupted:
                return Outcome.not_begun(message.id, f"hung up at {self._stage}")
            return self.broken(error).of(message)
        self.used = True
        return ending.of(message)

    async def refuses(self, sender: str) -> Ending | None:
        """Whether the server refuses mails from a sender; nothing is sent. None: it does not."""
        self._stage = Stage.MAIL
        if not sender or not sender.isascii() or not sender.isprintable() or " " in sender:
            return None  # its spelling on the wire goes by the message
        try:
            command = f"MAIL FROM:<{sender}>".encode("ascii")
            reply = await self._client.execute_command(command, timeout=self._timeouts.connect)
            if reply.code // 100 == 2:
                await self._client.rset(timeout=self._timeouts.connect)
                return None
        except SMTPResponseException as error:
            return self._ending(SMTPResponse(error.code, error.message))
        except (OSError, SMTPException) as error:
            return self.broken(error)
        return self._ending(reply)

    async def _converse(self, prepared: Wire) -> Ending:
        times = self._timeouts
        for stage, command, seconds in (
            (Stage.MAIL, prepared.mail, times.command),
            (Stage.RCPT, prepared.rcpt, times.command),
            (Stage.DATA, b"DATA", times.data),
        ):
            self._stage = stage
            reply = await self._client.execute_command(command, timeout=seconds)
            if reply.code // 100 != (3 if stage is Stage.DATA else 2):
                return await self._refused(reply)
        reply = await self._write(prepared.body)
        if reply.code == GOING_AWAY:
            self.drop()
        return self._ending(reply)

    async def _write(self, body: bytes) -> SMTPResponse:
        protocol = self._client.protocol
        if protocol is None:
            raise SMTPServerDisconnected("connection lost")
        self._stage = Stage.DOT
        protocol.write(body)
        return await protocol.read_response(timeout=self._timeouts.dot)

    async def _refused(self, reply: SMTPResponse) -> Ending:
        ending = self._ending(reply)
        if reply.code < 400:  # neither yes nor no: nobody knows what it would say next
            self.drop()
        elif self.alive and self._stage is not Stage.MAIL:
            try:
                await self._client.rset(timeout=self._timeouts.command)
            except (OSError, SMTPException):
                self.drop()
        return ending

    def _ending(self, reply: SMTPResponse) -> Ending:
        return _answered(self._stage, reply.code, reply.message)

    def broken(self, error: Exception) -> Ending:
        """What an error in the middle means; the connection is closed."""
        self.drop()
        return Ending(dropped(self._stage), self._stage, detail=_words(error))

    def interrupt(self) -> None:
        """Hang up, unless the words of a message are written; what is under way ends as not begun."""
        if self._stage is not Stage.DOT:
            self._interrupted = True
            self.drop()

    def drop(self) -> None:
        """Close it at once."""
        self._client.close()

    async def leave(self) -> None:
        """Close it politely."""
        try:
            if self.alive:
                await self._client.quit(timeout=self._timeouts.leave)
        except (OSError, SMTPException):
            pass
        finally:
            self.drop()


async def open_connection(
    server: Server, timeouts: Timeouts, tls: ssl.SSLContext
) -> Connection | Ending:
    """A connection ready for MAIL FROM, or at which stage it failed and what that means."""
    client = SMTP(
        hostname=server.host,
        port=server.port,
        local_hostname=await asyncio.to_thread(_own_name),
        timeout=timeouts.command,
        use_tls=server.tls is Tls.WHOLE,
        start_tls=False,
        tls_context=tls,
    )
    opening = _Opening(client, server, timeouts)
    try:
        return await opening.take()
    except SMTPResponseException as error:
        return _answered(opening.stage, error.code, error.message)
    except (OSError, SMTPException) as error:
        return _not_opened(opening.stage, error)


class _Opening:
    """The steps to a connection that can be used; `stage` is the one being taken."""

    def __init__(self, client: SMTP, server: Server, timeouts: Timeouts) -> None:
        self._client, self._server, self._timeouts = client, server, timeouts
        self.stage = Stage.CONNECT

    async def take(self) -> Connection:
        try:
            await self._connect()
            await self._greet()
            await self._upgrade()
            await self._sign_in()
        except BaseException:  # cancelled, too: nobody else knows this connection
            self._client.close()
            raise
        return Connection(self._client, self._timeouts)

    async def _connect(self) -> None:
        # aiosmtplib has one time-out for connecting and for the greeting; RFC 5321 wants five
        # minutes for the latter, in which a server that swallows packets is not waited for.
        opening = asyncio.ensure_future(self._client.connect(timeout=self._timeouts.greeting))
        try:
            await asyncio.wait({opening}, timeout=self._timeouts.connect)
            if not opening.done() and self._client.transport is None:
                raise TimeoutError("timed out connecting")
            await opening
        finally:
            opening.cancel()

    async def _upgrade(self) -> None:
        wanted = self._server.tls is Tls.REQUIRED or (
            self._server.tls is Tls.AUTO and self._client.supports_extension("starttls")
        )
        if wanted:
            self.stage = Stage.TLS
            await self._client.starttls(timeout=self._timeouts.connect)
            await self._greet()

    async def _sign_in(self) -> None:
        if self._server.user:
            self.stage = Stage.AUTH
            await self._client.login(self._server.user, self._server.password)

    async def _greet(self) -> None:
        try:
            await self._client.ehlo()
        except SMTPHeloError:
            if not self._client.is_connected:
                raise
            await self._client.helo()


def _not_opened(stage: Stage, error: Exception) -> Ending:
    cause = error if isinstance(error, ssl.SSLError) else error.__cause__
    if isinstance(cause, ssl.SSLError):  # a certificate or a protocol nobody here trusts
        return Ending(OURS, Stage.TLS, detail=_words(cause))
    if isinstance(error, OSError):
        return Ending(dropped(stage), stage, detail=_words(error))
    return Ending(OURS, stage, detail=_words(error))  # STARTTLS or AUTH is not offered


def _answered(stage: Stage, code: int, text: str) -> Ending:
    meaning = classify(stage, code, text)
    if meaning[0] is Answer.ACCEPTED:
        return Ending(meaning, stage, str(code), text, queue_id(text))
    return Ending(meaning, stage, f"{code} {status_of(text)}".strip(), text)


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__


@functools.cache
def _own_name() -> str:
    return socket.getfqdn()
