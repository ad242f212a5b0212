"""Servers that are stopped and started again in the middle of a test."""

import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import servers


@dataclass
class Postgres:
    """A PostgreSQL server with its data in `home`; `url` has `{database}` to fill in."""

    url: str
    home: Path
    options: str = field(init=False)
    program: Path = field(init=False)

    def __post_init__(self) -> None:
        written = (self.home / "data" / "postmaster.opts").read_text().strip()
        program, _, self.options = written.partition(" ")
        self.program = Path(program).with_name("pg_ctl")

    def stop(self) -> None:
        """End it as its operator would; who is connected is thrown out."""
        self._control("stop", "-m", "fast")

    def start(self) -> None:
        """Start it again, and return once it takes connections."""
        options = self.options.replace('"', "")
        self._control("start", "-l", str(self.home / "log-again"), "-o", options)

    def _control(self, *words: str) -> None:
        user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
        command = [str(self.program), "-D", str(self.home / "data"), "-w", *words]
        subprocess.run(
            command, check=True, user=user, cwd=self.home, timeout=60,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server of its own that can be stopped and started; it runs at the beginning."""
    with servers.postgres() as url:
        [home] = parse_qs(urlsplit(url).query)["host"]
        server = Postgres(url, Path(home))
        try:
            yield server
        finally:
            server.stop()


class Valkey:
    """A Valkey server on one port; each start is an empty one."""

    def __init__(self) -> None:
        self.port = servers.free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._running = ExitStack()

    def start(self) -> None:
        """Start it, and return once it answers."""
        self._running.enter_context(servers.valkey(self.port))

    def stop(self) -> None:
        """End it."""
        self._running.close()


@contextmanager
def valkey() -> Iterator[Valkey]:
    """A server of its own that can be stopped and started; it runs at the beginning."""
    server = Valkey()
    server.start()
    try:
        yield server
    finally:
        server.stop()
