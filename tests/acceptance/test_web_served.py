"""The pages over a real port: alone, and within `outreach run`; and what the doctor says of them."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from commands import NOW, environment, outreach_here

from outreach.app.context import open_context
from outreach.app.site import open_site
from outreach.web.server import listen, served

PATIENCE_SECONDS = 60


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def public_url(project: Path, url: str, **settings: str) -> tuple[bool, str]:
    """What the doctor says of a public URL."""
    answer = outreach_here(project, "doctor", "--json", "--now", NOW, public_url=url, **settings)
    checks = {each["check"]: each for each in answer.json}
    return checks["public url"]["ok"], checks["public url"]["detail"].removeprefix(url)


@pytest.fixture
def port(project: Path) -> Iterator[int]:
    """The port of the project's pages, while they are served."""
    listening = listen("127.0.0.1", 0)
    context = open_context(project, NOW)
    with served(open_site(context), listening):
        yield int(listening.getsockname()[1])
    context.close()


class Stranger(BaseHTTPRequestHandler):
    """Another program; below /moved it redirects."""

    def do_GET(self) -> None:
        self.send_response(302 if self.path.startswith("/moved") else 200)
        self.send_header("Location", "/")
        self.end_headers()
        self.wfile.write(b'["not ours"]')

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_the_doctor_knows_our_pages_by_their_keys(project: Path, port: int) -> None:
    url = f"http://127.0.0.1:{port}"

    assert public_url(project, url) == (True, ": our pages answer")
    ok, why = public_url(project, url, secret_key="another" + "0123456789abcdefghijklmnop")
    assert not ok
    assert "other keys" in why


def test_the_doctor_says_when_something_else_or_nothing_answers(project: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        Thread(target=server.serve_forever).start()
        url = f"http://127.0.0.1:{server.server_port}"
        found = [public_url(project, url), public_url(project, f"{url}/moved")]
        server.shutdown()
    found.append(public_url(project, "http://127.0.0.1:1"))

    assert [ok for ok, _ in found] == [False] * 3
    assert ["something else" in found[0][1], "302" in found[1][1], "no answer" in found[2][1]] == [
        True
    ] * 3


def test_run_serves_the_pages_too_and_ends_in_order(project: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "outreach", "run", "--now", NOW, "--port", str(port)]
    process = subprocess.Popen(
        command, cwd=project, env=environment(public_url=url), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip

    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with urlopen(f"{url}/health") as answer:
                said = json.load(answer)
            break
        except URLError:
            assert time.monotonic() < give_up
            time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE_SECONDS)

    assert list(said) == ["outreach"]
    assert process.returncode == 0, err.decode()


def test_a_port_that_is_taken_is_told(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = outreach_here(project, "web", "--port", port)

    assert (answer.code, answer.out) == (3, "")
    assert answer.err.endswith(
        f"outreach: `127.0.0.1:{port}` can not be listened on: Address already in use; "
        "see --host and --port\n"
    )
