"""Opening an SMTP connection: aiosmtplib connects, greets, upgrades and signs in."""

import asyncio
import errno
import functools
import os
import socket
import ssl

from aiosmtplib import SMTP, SMTPException, SMTPHeloError, SMTPResponseException

from outreach.channels.email.answers import OURS, Stage, dropped
from outreach.channels.email.connection import Connection
from outreach.channels.email.endings import Ending, Timeouts, answered, words_of
from outreach.channels.email.replies import Reply, take_over
from outreach.channels.email.server import Server, Tls


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
        return answered(opening.stage, Reply(error.code, error.message))
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
            extensions = frozenset(self._client.esmtp_extensions)
            return Connection(take_over(self._client.transport), extensions, self._timeouts)
        except BaseException:  # cancelled, too: nobody else knows this connection
            self._client.close()
            raise

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
        return Ending(OURS, Stage.TLS, detail=words_of(cause))
    if isinstance(error, OSError):
        return Ending(dropped(stage), stage, detail=_why(error))
    return Ending(OURS, stage, detail=words_of(error))  # STARTTLS or AUTH is not offered


def _why(error: OSError) -> str:
    """The system's own words, where an error has its number: `Connection refused`."""
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    if cause.errno is not None and cause.errno in errno.errorcode:
        return os.strerror(cause.errno)
    return cause.strerror or words_of(error)


@functools.cache
def _own_name() -> str:
    return socket.getfqdn()
