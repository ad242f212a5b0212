"""A real SMTP server that behaves as a test says, at any stage of the conversation."""

import asyncio
import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from servers import free_port

DROP = "drop"  # instead of an answer: close the connection
HOST = "localhost"

Script = Callable[[str, str], str | None]  # (stage, recipient) → an answer instead of yes


@dataclass
class Post:
    """What a server took: recipients and contents in order, and how often it was connected to."""

    url: str = ""
    script: Script = lambda _stage, _recipient: None
    extensions_hidden: tuple[str, ...] = ()
    most_connections: int = 1000  # the next one is turned away at EHLO
    pause_seconds: float = 0  # before the answer to the dot
    keeps: Callable[[str, str], bool] = lambda _stage, _recipient: (
        False
    )  # waiting, while it says so
    recipients: list[str] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    mail_options: list[list[str]] = field(default_factory=list)
    connections: int = 0
    dots: int = 0  # messages read to their end, answered or not

    @property
    def ids(self) -> list[int]:
        found = [re.search(rb"Message-ID: <(\d+)@", content) for content in self.contents]
        return [int(match[1]) for match in found if match]


class Handler:
    def __init__(self, post: Post) -> None:
        self.post = post

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, name: str, answers: list[str]
    ) -> list[str]:
        self.post.connections += 1
        session.host_name = name
        if self.post.connections > self.post.most_connections:
            return ["421 4.7.0 too many connections"]
        *others, last = answers
        return [
            answer
            for answer in (*others, "250-PIPELINING", last)
            if not any(hidden in answer for hidden in self.post.extensions_hidden)
        ]

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, sender: str, options: list[str]
    ) -> str:
        envelope.mail_from = sender
        envelope.mail_options.extend(options)
        return self._answer("mail", "", server) or "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, to: str, options: list[str]
    ) -> str:
        await self._wait("rcpt", to)
        refused = self._answer("rcpt", to, server)
        if refused is None:
            envelope.rcpt_tos.append(to)
        return refused or "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.post.dots += 1
        await asyncio.sleep(self.post.pause_seconds)
        to = envelope.rcpt_tos[0]
        await self._wait("dot", to)
        answer = self._answer("dot", to, server)
        if answer is None or answer == DROP:  # a drop after the dot: it has the message
            self.post.recipients.append(to)
            assert isinstance(envelope.original_content, bytes)
            self.post.contents.append(envelope.original_content)
            self.post.mail_options.append(list(envelope.mail_options))
        return answer or "250 2.0.0 Ok: queued as 4F2A1B"

    async def _wait(self, stage: str, to: str) -> None:
        while self.post.keeps(stage, to):
            await asyncio.sleep(0.02)

    def _answer(self, stage: str, to: str, server: SMTP) -> str | None:
        answer = self.post.script(stage, to)
        if answer == DROP:
            assert server.transport is not None
            server.transport.abort()
        return answer


class _Server(SMTP):
    """aiosmtpd answers DATA by itself: the script is asked first."""

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        handler: Any = self.event_handler
        there = self.envelope.rcpt_tos
        answer = handler._answer("data", there[0], self) if there else None
        if answer == DROP:
            return
        if answer:
            await self.push(answer)
            return
        await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Server(self.handler, **self.SMTP_kwargs)


@contextmanager
def smtp_server(post: Post, scheme: str = "smtp", user: str = "", **options: Any) -> Iterator[Post]:
    """A server for `post`, whose url it sets; `options` are aiosmtpd's."""
    port = free_port()
    server = _Controller(Handler(post), hostname=HOST, port=port, **options)
    server.start()
    post.url = f"{scheme}://{user}{HOST}:{port}"
    try:
        yield post
    finally:
        server.stop()


def only_password(password: bytes) -> dict[str, Any]:
    """Options of a server that wants this password, in the clear."""

    def known(_server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any) -> Any:
        return AuthResult(success=data.password == password, handled=False)

    return {"authenticator": known, "auth_required": True, "auth_require_tls": False}


@contextmanager
def greeting_server(greeting: bytes, wait_for: bytes = b"") -> Iterator[str]:
    """The URL of a server that says one thing, once it has read `wait_for`, and hangs up."""
    loop, port = asyncio.new_event_loop(), free_port()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if wait_for:
            await reader.readuntil(wait_for)
        writer.write(greeting)
        writer.close()

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    started = asyncio.run_coroutine_threadsafe(asyncio.start_server(greet, HOST, port), loop)
    server = started.result()
    try:
        yield f"smtp://{HOST}:{port}"
    finally:
        loop.call_soon_threadsafe(server.close)
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0.01), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def silent_server() -> Iterator[str]:
    """The URL of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"smtp://127.0.0.1:{listening.getsockname()[1]}"


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for localhost that vouches for itself, and a server's context with it."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    names = ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names]
    subprocess.run(
        [*command, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    return cert, context
