"""The wire with a round trip that `bench delay` puts in between."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.send.sink import wait_until_open
from tests.servers import free_port

ROOT = Path(__file__).resolve().parents[3]
EACH_WAY = 0.05


@contextmanager
def echoing() -> Iterator[int]:
    """The port of a server that says everything back, until its client hangs up."""

    def say_back(talk: socket.socket) -> None:
        with talk:
            while heard := talk.recv(1 << 16):
                talk.sendall(heard)

    def serve() -> None:
        while True:
            try:
                talk, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=say_back, args=(talk,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@contextmanager
def wire(target: int, *options: str) -> Iterator[int]:
    """The port of a wire to that one."""
    port = free_port()
    command = [sys.executable, "-m", "bench.delay.wire", str(port), str(target)]
    process = subprocess.Popen([*command, "--each-way", str(EACH_WAY), *options], cwd=ROOT)
    try:
        wait_until_open(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def seconds_to_hear(talk: socket.socket, said: bytes) -> float:
    """From saying something until all of it was said back."""
    begun = time.monotonic()
    talk.sendall(said)
    heard = b""
    while len(heard) < len(said):
        heard += talk.recv(1 << 16)
    assert heard == said
    return time.monotonic() - begun


@pytest.fixture
def slow_connection() -> Iterator[socket.socket]:
    with (
        echoing() as target,
        wire(target) as port,
        socket.create_connection(("127.0.0.1", port), timeout=10) as talk,
    ):
        yield talk


def test_what_is_said_comes_back_unchanged_after_a_round_trip(
    slow_connection: socket.socket,
) -> None:
    assert seconds_to_hear(slow_connection, b"hello") >= 2 * EACH_WAY
    assert seconds_to_hear(slow_connection, bytes(range(256)) * 4_000) >= 2 * EACH_WAY


def test_many_connections_wait_side_by_side() -> None:
    with echoing() as target, wire(target) as port:
        talks = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(50)]
        begun = time.monotonic()
        for talk in talks:
            talk.sendall(b"hello")
        heard = [talk.recv(5) for talk in talks]
        seconds = time.monotonic() - begun
        for talk in talks:
            talk.close()

    assert heard == [b"hello"] * 50
    assert seconds < 50 * 2 * EACH_WAY / 2


def test_who_hangs_up_is_heard_at_the_other_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, wire(server.getsockname()[1]) as port:
        server.accept()[0].close()  # of whoever looked whether the wire is there
        with socket.create_connection(("127.0.0.1", port), timeout=10):
            talk, _ = server.accept()
        talk.settimeout(10)

        assert talk.recv(1) == b""
        talk.close()


def test_one_answer_is_held_and_no_other_connection_waits_for_it() -> None:
    """The one that is held is the third that was opened: the first looked whether it is there."""
    with (
        echoing() as target,
        wire(target, "--hold", "2.0", "--hold-after", "2") as port,
        socket.create_connection(("127.0.0.1", port), timeout=10) as other,
        socket.create_connection(("127.0.0.1", port), timeout=10) as held,
    ):
        seconds_to_hear(other, b"so that it is the second")
        seconds_to_hear(held, b"one")
        held.sendall(b"two")
        others = [seconds_to_hear(other, b"hello") for _ in range(4)]
        assert held.recv(3) == b"two"

        assert sum(others) < 2.0
        assert seconds_to_hear(held, b"three") < 2.0
