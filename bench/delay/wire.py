"""A wire with a round trip: `python -m bench.delay.wire PORT TARGET --each-way 0.01`.

Takes connections at PORT of loopback, opens one to TARGET for each, and hands on what comes either way
after so long; nothing else waits, so that it limits no rate. With `--hold SECONDS` the answers on one
connection are kept that long once, from the `--hold-after`th on: what a server looks like that thinks
about one message.
"""

import argparse
import heapq
import select
import socket
import time
from dataclasses import dataclass, field
from itertools import count

CHUNK = 1 << 16
BACKLOG = 200
HELD_CONNECTION = 3  # counted from 1, in the order in which they are opened


@dataclass(slots=True, eq=False)
class End:
    """One of the two sockets of a connection; what comes from it goes to `other`."""

    socket: socket.socket
    answers: bool  # whether it is the server's
    number: int  # of the connection
    other: "End | None" = None
    unsent: bytearray = field(default_factory=bytearray)  # due, and its socket is full
    chunks: int = 0  # that came from it
    kept_until: float = 0.0
    watched: int = 0  # of epoll's events
    open: bool = True


class Wire:
    """All connections, in one thread."""

    def __init__(self, port: int, target: int, each_way: float) -> None:
        self._target, self._each_way = target, each_way
        self.held = (0, 0)  # a connection and which of its answers
        self.hold_seconds = 0.0
        self._server = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
        self._server.setblocking(False)
        self._epoll = select.epoll()
        self._epoll.register(self._server, select.EPOLLIN)
        self._ends: dict[int, End] = {}
        self._due: list[tuple[float, int, End, bytes]] = []  # a heap; no bytes: the end
        self._order, self._connections = count(), count(1)

    def run(self) -> None:
        """Work until the process is told to end."""
        while True:
            left = self._due[0][0] - time.monotonic() if self._due else None
            if left is None or left > 0:
                # exact, where epoll's own time-out is in whole milliseconds
                select.select([self._epoll], [], [], left)
            for number, events in self._epoll.poll(0):
                self._happened(number, events)
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                _, _, end, chunk = heapq.heappop(self._due)
                if not chunk:
                    self._close(end)
                elif end.open:
                    self._write(end, chunk)

    def _happened(self, number: int, events: int) -> None:
        if number == self._server.fileno():
            self._accept()
            return
        end = self._ends[number]
        if events & select.EPOLLOUT:
            self._write(end, b"")
        if events & ~select.EPOLLOUT and end.open:
            self._read(end)

    def _accept(self) -> None:
        accepted, _ = self._server.accept()
        number = next(self._connections)
        outside = End(accepted, answers=False, number=number)
        inside = End(socket.create_connection(("127.0.0.1", self._target)), True, number)
        outside.other, inside.other = inside, outside
        for end in (outside, inside):
            end.socket.setblocking(False)
            end.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._watch(end, select.EPOLLIN)

    def _read(self, end: End) -> None:
        try:
            chunk = end.socket.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._watch(end, 0)
        end.chunks += 1
        due = time.monotonic() + self._each_way
        if end.answers and (end.number, end.chunks) == self.held:
            end.kept_until = due + self.hold_seconds
        assert end.other is not None
        due = max(due, end.kept_until)
        heapq.heappush(self._due, (due, next(self._order), end.other, chunk))

    def _write(self, end: End, chunk: bytes) -> None:
        """Send what is due; what the socket does not take waits until it does."""
        end.unsent += chunk
        try:
            while end.unsent:
                del end.unsent[: end.socket.send(end.unsent)]
        except BlockingIOError:
            self._watch(end, select.EPOLLIN | select.EPOLLOUT)
        except OSError:
            self._close(end)
        else:
            if end.watched & select.EPOLLOUT:
                self._watch(end, select.EPOLLIN)

    def _watch(self, end: End, events: int) -> None:
        """Wait for these; for none where nothing is to come any more."""
        number = end.socket.fileno()
        if not end.watched and events:
            self._ends[number] = end
            self._epoll.register(number, events)
        elif end.watched and not events:
            del self._ends[number]
            self._epoll.unregister(number)
        elif events != end.watched:
            self._epoll.modify(number, events)
        end.watched = events

    def _close(self, end: End) -> None:
        """Both ends: in SMTP whoever hangs up has nothing more to hear."""
        for each in (end, end.other):
            if each is not None and each.open:
                self._watch(each, 0)
                each.open = False
                each.socket.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("target", type=int)
    parser.add_argument("--each-way", type=float, required=True, help="seconds")
    parser.add_argument("--hold", type=float, default=0.0, help="seconds")
    parser.add_argument("--hold-after", type=int, default=50, help="answers")
    options = parser.parse_args()
    wire = Wire(options.port, options.target, options.each_way)
    if options.hold:
        wire.held, wire.hold_seconds = (HELD_CONNECTION, options.hold_after), options.hold
    wire.run()
