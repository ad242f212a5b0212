"""What the mail server took, read from the file it writes, and the server's process."""

import socket
import subprocess
import sys
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0


@dataclass
class Record:
    """What came in; instants are time.monotonic()'s. Call `read` for what came since."""

    path: Path
    url: str = ""
    began: dict[str, list[float]] = field(default_factory=dict)  # by recipient: their MAIL FROMs
    dots: list[float] = field(default_factory=list)
    recipients: Counter[str] = field(default_factory=Counter)
    message_ids: Counter[str] = field(default_factory=Counter)
    drops: int = 0
    _offset: int = 0

    def read(self) -> int:
        """Take in what was written since; how many messages were taken in all."""
        with self.path.open("rb") as file:
            file.seek(self._offset)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._offset += len(whole) + len(newline)
        for line in whole.decode().splitlines():
            kind, at, recipient, *rest = line.split(" ")
            if kind == "MAIL":
                self.began.setdefault(recipient, []).append(float(at))
            elif kind == "DROP":
                self.drops += 1
            else:
                self.dots.append(float(at))
                self.recipients[recipient] += 1
                self.message_ids[rest[0]] += 1
        return len(self.dots)

    def seconds_until_next(self, since: float) -> float | None:
        """From an instant to the next message that was taken after it; None: there was none."""
        later = bisect_right(self.dots, since)
        return self.dots[later] - since if later < len(self.dots) else None


@contextmanager
def mail_server(
    folder: Path, gap: tuple[float, float] = (0.005, 0.02), drop: float = 0.0
) -> Iterator[Record]:
    """The server as a process, and its record."""
    port, path = free_port(), folder / "post.txt"
    path.touch()
    words = [port, path, "--gap", *gap, "--drop", drop]
    command = [sys.executable, "-m", "bench.faults.post", *map(str, words)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        _wait_until_open(port)
        yield Record(path, f"smtp://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _wait_until_open(port: int) -> None:
    give_up = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.02)
        else:
            return
