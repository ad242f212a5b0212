"""An SMTP server's replies in their order (RFC 5321 4.2), read off a connection that is open."""

import asyncio
import time
from collections import deque
from typing import NamedTuple, cast

LONGEST = 32 * 1024  # bytes of one reply, all its lines
UNREADABLE = -1


class Reply(NamedTuple):
    """What the server said to one command; `code` UNREADABLE: nothing that is SMTP."""

    code: int
    text: str


class Replies(asyncio.Protocol):
    """Takes over the transport of a connection; replies wait here until they are asked for.

    Of a server that speaks without having been asked nothing can be paired any more: the
    connection is closed.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._rest = b""
        self._lines: list[bytes] = []  # of a reply that goes on
        self._ready: deque[Reply] = deque()
        self._asked = 0  # commands that have no reply yet
        self._waiter: asyncio.Future[None] | None = None
        self._lost: Exception | None = None
        transport.set_protocol(self)

    @property
    def alive(self) -> bool:
        """Whether the connection is open, as far as is known."""
        return self._lost is None and not self._transport.is_closing()

    @property
    def encrypted(self) -> bool:
        """Whether it is private."""
        return self._transport.get_extra_info("sslcontext") is not None

    def write(self, data: bytes, commands: int) -> None:
        """Write bytes to which so many replies will come; ConnectionError where it is closed."""
        if not self.alive:
            raise self._lost or ConnectionResetError("connection lost")
        self._asked += commands
        self._transport.write(data)

    async def next(self, seconds: float) -> Reply:
        """The next reply; TimeoutError when it does not come, ConnectionError when it can not."""
        give_up = time.monotonic() + seconds
        while not self._ready:
            if self._lost is not None:
                raise self._lost
            await self._changed(give_up)
        self._asked -= 1
        return self._ready.popleft()

    def close(self) -> None:
        """Close the connection at once: a silent server's part in TLS's end is not waited for."""
        self._transport.abort()

    async def _changed(self, give_up: float) -> None:
        loop = asyncio.get_running_loop()
        waiter = self._waiter = loop.create_future()
        timer = loop.call_later(give_up - time.monotonic(), self._time_out)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _time_out(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(TimeoutError("timed out waiting for an answer"))

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Cut what came into replies."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._lines.append(line)
            if line[3:4] != b"-" or not line[:3].isdigit():
                self._ready.append(_reply(self._lines))
                self._lines = []
        if len(self._rest) + sum(map(len, self._lines)) > LONGEST:
            self._ready.append(Reply(UNREADABLE, "Response too long"))
            self._rest, self._lines = b"", []
        if len(self._ready) > self._asked:
            self.close()
        if self._ready:
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits learns it."""
        self._lost = exc if isinstance(exc, OSError) else ConnectionResetError("connection lost")
        self._wake()


def take_over(transport: asyncio.BaseTransport | None) -> Replies:
    """The replies of a connection that somebody else has opened and prepared."""
    if transport is None:
        raise ConnectionResetError("connection lost")
    return Replies(cast(asyncio.Transport, transport))


def _reply(lines: list[bytes]) -> Reply:
    last = lines[-1].decode("utf-8", "surrogateescape")
    if not lines[-1][:3].isdigit():
        return Reply(UNREADABLE, f"Malformed SMTP response line: {last.strip()}")
    if len(lines) == 1:
        return Reply(int(lines[0][:3]), last[4:].strip())
    words = (line[4:].strip().decode("utf-8", "surrogateescape") for line in lines)
    return Reply(int(lines[-1][:3]), "\n".join(words))
