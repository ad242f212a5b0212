"""Postfix's own tools: a server that takes every mail, and what a client in C reaches with it."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers import free_port

START_SECONDS = 10.0
BACKLOG = 200


def find(name: str) -> str:
    """The path of `smtp-sink` or `smtp-source`; SystemExit where Postfix is not installed."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/lib/postfix/sbin")
    if found is None:
        raise SystemExit(f"`{name}` is not here: install the package `postfix`")
    return found


@contextmanager
def sink() -> Iterator[int]:
    """The port of a server that runs."""
    port = free_port()
    as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []  # it refuses to be root
    command = [find("smtp-sink"), *as_nobody, f"127.0.0.1:{port}", str(BACKLOG)]
    process = subprocess.Popen(command)
    try:
        wait_until_open(port)
        yield port
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def wait_until_open(port: int) -> None:
    """Return once connections are taken there; OSError when they never are."""
    give_up = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.02)


def source_rate(port: int, mails: int, connections: int = 10, length: int = 6000) -> float:
    """Messages a second of `smtp-source -d -s 10 -l 6000`."""
    command = [find("smtp-source"), "-d", "-s", connections, "-l", length, "-m", mails]
    command += ["-f", "mei@example.com", "-t", "someone@example.com", f"127.0.0.1:{port}"]
    begun = time.monotonic()
    subprocess.run([str(word) for word in command], check=True)
    return mails / (time.monotonic() - begun)
