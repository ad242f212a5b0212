"""An SMTP server's replies in their order (RFC 5321 4.2), read off a connection that is open."""

import asyncio
import time
from collections import deque
from itertools import islice
from typing import NamedTuple, cast

LONGEST = 32 * 1024  # bytes of one reply, all its lines
UNREADABLE = -1
_GO_ON = (b"250", b"250", b"354")  # to MAIL, RCPT and DATA
_TOO_LONG = b"Response too long"


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
        self._ready: deque[list[bytes]] = deque()  # the lines of each
        self._asked = 0  # commands that have no reply yet
        self._waiter: asyncio.Future[None] | None = None
        self._give_up = 0.0  # when whoever waits gives up, by time.monotonic
        self._timer: asyncio.TimerHandle | None = None
        self._looks_at = 0.0  # when it goes off
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

    def go_on(self) -> bool:
        """Take the replies to an envelope if all three are there and the server waits for words."""
        ready = self._ready
        if len(ready) < 3 or tuple(lines[-1][:3] for lines in islice(ready, 3)) != _GO_ON:
            return False
        for _ in range(3):
            ready.popleft()
        self._asked -= 3
        return True

    async def next(self, seconds: float) -> Reply:
        """The next reply; TimeoutError when it does not come, ConnectionError when it can not."""
        if not self._ready:
            self._give_up = time.monotonic() + seconds
            while not self._ready:
                if self._lost is not None:
                    raise self._lost
                await self._changed()
        self._asked -= 1
        return _reply(self._ready.popleft())

    def close(self) -> None:
        """Close the connection at once: a silent server's part in TLS's end is not waited for."""
        self._transport.abort()

    async def _changed(self) -> None:
        loop = asyncio.get_running_loop()
        waiter = self._waiter = loop.create_future()
        # One timer for many waits: to set one for each and take it back costs as much as a reply.
        if self._timer is None or self._looks_at > self._give_up:
            self._set_timer(loop)
        try:
            await waiter
        finally:
            self._waiter = None

    def _set_timer(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._looks_at = self._give_up
        self._timer = loop.call_later(self._give_up - time.monotonic(), self._time_out, loop)

    def _time_out(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        if self._waiter is None or self._waiter.done():
            return
        if time.monotonic() < self._give_up:
            self._set_timer(loop)
        else:
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
                self._ready.append(self._lines)
                self._lines = []
        if (self._rest or self._lines) and self._is_too_long():
            self._ready.append([_TOO_LONG])
            self._rest, self._lines = b"", []
        if len(self._ready) > self._asked:
            self.close()
        if self._ready:
            self._wake()

    def _is_too_long(self) -> bool:
        return len(self._rest) + sum(map(len, self._lines)) > LONGEST

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits learns it."""
        self._lost = exc if isinstance(exc, OSError) else ConnectionResetError("connection lost")
        if self._timer is not None:
            self._timer.cancel()
        self._wake()


def take_over(transport: asyncio.BaseTransport | None) -> Replies:
    """The replies of a connection that somebody else has opened and prepared."""
    if transport is None:
        raise ConnectionResetError("connection lost")
    return Replies(cast(asyncio.Transport, transport))


def _reply(lines: list[bytes]) -> Reply:
    last = lines[-1].decode("utf-8", "surrogateescape")
    if lines[-1] is _TOO_LONG:
        return Reply(UNREADABLE, last)
    if not lines[-1][:3].isdigit():
        return Reply(UNREADABLE, f"Malformed SMTP response line: {last.strip()}")
    if len(lines) == 1:
        return Reply(int(lines[0][:3]), last[4:].strip())
    words = (line[4:].strip().decode("utf-8", "surrogateescape") for line in lines)
    return Reply(int(lines[-1][:3]), "\n".join(words))
