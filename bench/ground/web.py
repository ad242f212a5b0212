"""The pages and webhooks as they are served."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from bench.ground.project import write_project

PATIENCE_SECONDS = 60.0


@contextmanager
def pages(
    url: str, folder: Path, key: str, **more: str
) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """`outreach web` as it is run, and its address; `more` are further OUTREACH_…'s."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    settings = {"DATABASE_URL": url, "SECRET_KEY": key, "PUBLIC_URL": base, **more}
    environment = os.environ | {f"OUTREACH_{name}": value for name, value in settings.items()}
    project = str(write_project(folder / "project"))
    command = [sys.executable, "-m", "outreach", "web", "--port", str(port), "--project", project]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        _wait_for(f"{base}/health")
        yield base, process
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with urlopen(url):
                return
        except URLError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.1)


def cpu_seconds(pid: int) -> float:
    """What a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
