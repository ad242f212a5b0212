"""What arrives at a real SMTP server, byte by byte."""

import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from channel_source import ListSource, mail, outcome_of
from pydantic import SecretStr
from scripted_smtp import Post, certificate, smtp_server

from outreach.channels.email.smtp import SmtpAdapter
from outreach.settings.company import Brand, Company
from outreach.settings.environment import Environment
from outreach.vocabulary import Answer, Fault

Connect = Callable[[str], SmtpAdapter]


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Connect]:
    """Makes adapters for a URL, and closes them in the end."""
    with ExitStack() as stack:

        def make(url: str) -> SmtpAdapter:
            environment = Environment(project=tmp_path, smtp_url=SecretStr(url))
            adapter = SmtpAdapter("email", Company(brand=Brand(name="Shop")), environment)
            stack.callback(adapter.close)
            return adapter

        yield make


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate for localhost; made by the openssl command."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl command to make a certificate with")
    return certificate(tmp_path_factory.mktemp("tls"))


def test_leading_dots_arrive_as_written(connect: Connect) -> None:
    body = ".\r\n..two\r\n.one\r\nend"
    with smtp_server(Post()) as post:
        outcome_of(connect(post.url), mail(1, body=body))

    assert post.contents[0] == mail(1, body=body).content


def test_eight_bits_are_declared_where_the_server_takes_them(connect: Connect) -> None:
    message = mail(1, body="Grüße, 王总", eight_bit=True)
    with smtp_server(Post()) as post:
        outcome_of(connect(post.url), message)

    assert post.mail_options == [["BODY=8BITMIME"]]
    assert post.contents == [message.content]


def test_a_server_without_8bitmime_gets_seven_bits(connect: Connect) -> None:
    message = mail(1, body="Grüße, 王总", eight_bit=True)
    with smtp_server(Post(extensions_hidden=("8BITMIME",))) as post:
        outcome = outcome_of(connect(post.url), message)

    assert outcome.answer is Answer.ACCEPTED
    assert post.contents[0].isascii()
    assert b"Message-ID: <1@example.com>\r\n" in post.contents[0]
    parsed = message_from_bytes(post.contents[0], policy=policy.default)
    assert parsed.get_content() == "Grüße, 王总\r\n"


@pytest.mark.parametrize("content", [b"a: b\n\nc", b"a: b\r\n\r\nc\rd\r\n", b"a: b\r\n\r\n\0\r\n"])
def test_bare_line_ends_never_reach_the_wire(connect: Connect, content: bytes) -> None:
    with smtp_server(Post()) as post:
        outcome = outcome_of(connect(post.url), mail(1, content=content))

    assert (outcome.answer, outcome.fault) == (Answer.REJECTED, Fault.CONTENT)
    assert post.contents == []


@pytest.mark.parametrize("to", ["a@b.example>\r\nRSET", "a b@example.net", "<a@example.net>"])
def test_an_address_can_not_add_commands(connect: Connect, to: str) -> None:
    with smtp_server(Post()) as post:
        outcome = outcome_of(connect(post.url), mail(1, to, content=b"a: b\r\n\r\nc\r\n"))

    assert (outcome.answer, outcome.fault) == (Answer.REJECTED, Fault.POLICY)
    assert post.recipients == []


def test_a_domain_in_other_letters_goes_out_in_ascii(connect: Connect) -> None:
    with smtp_server(Post()) as post:
        outcome = outcome_of(connect(post.url), mail(1, "info@bücher.example"))

    assert outcome.answer is Answer.ACCEPTED
    assert post.recipients == ["info@xn--bcher-kva.example"]


def test_a_mailbox_in_other_letters_needs_smtputf8(connect: Connect) -> None:
    with smtp_server(Post(), enable_SMTPUTF8=False) as post:
        refused = outcome_of(connect(post.url), mail(1, "büro@example.net"))
    with smtp_server(Post()) as post:
        taken = outcome_of(connect(post.url), mail(1, "büro@example.net"))

    assert (refused.answer, refused.fault) == (Answer.REJECTED, Fault.POLICY)
    assert taken.answer is Answer.ACCEPTED
    assert post.recipients == ["büro@example.net"]


def test_starttls_with_a_trusted_certificate(
    connect: Connect, certified: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted, context = certified
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with smtp_server(Post(), tls_context=context, require_starttls=True) as post:
        adapter = connect(post.url + "?starttls=required")
        outcome = outcome_of(adapter, mail(1))
        [check] = adapter.check()
        adapter.close()

    assert outcome.answer is Answer.ACCEPTED
    assert "encrypted" in check.detail
    assert "NOT" not in check.detail


def test_smtps_with_a_trusted_certificate(
    connect: Connect, certified: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted, context = certified
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with smtp_server(Post(), scheme="smtps", ssl_context=context) as post:
        adapter = connect(post.url)
        outcome = outcome_of(adapter, mail(1))
        adapter.close()

    assert outcome.answer is Answer.ACCEPTED


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_certificate_nobody_vouches_for_is_the_channels_fault(
    connect: Connect, certified: tuple[Path, ssl.SSLContext], scheme: str
) -> None:
    _, context = certified
    options = {"ssl_context": context} if scheme == "smtps" else {"tls_context": context}
    with smtp_server(Post(), scheme=scheme, **options) as post:
        outcome = outcome_of(connect(post.url), mail(1))

    assert (outcome.answer, outcome.fault, outcome.stage) == (Answer.RETRY, Fault.CHANNEL, "tls")
    assert post.contents == []


def test_nothing_is_sent_in_the_clear_where_tls_is_required(connect: Connect) -> None:
    with smtp_server(Post()) as post:
        outcome = outcome_of(connect(post.url + "?starttls=required"), mail(1))

    assert (outcome.answer, outcome.fault, outcome.stage) == (Answer.RETRY, Fault.CHANNEL, "tls")
    assert post.contents == []


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_silent_server_is_let_go_of_at_once(
    connect: Connect,
    certified: tuple[Path, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
) -> None:
    """No words are written yet: what it has is not begun; it does not answer TLS's end either."""
    trusted, context = certified
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    asked, ended = threading.Event(), threading.Event()

    def converse(listening: socket.socket) -> None:
        plain, _ = listening.accept()
        with context.wrap_socket(plain, server_side=True) if scheme == "smtps" else plain as client:
            client.sendall(b"220 here\r\n")
            while not client.recv(4096).startswith(b"MAIL"):
                client.sendall(b"250 here\r\n")
            asked.set()
            ended.wait(60)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=converse, args=(listening,))
        server.start()
        adapter = connect(f"{scheme}://localhost:{listening.getsockname()[1]}")
        source = ListSource([mail(1)], stop=lambda _: asked.is_set())
        serving = threading.Thread(target=adapter.serve, args=(source,))
        serving.start()
        assert asked.wait(20)
        adapter.interrupt()
        serving.join(5)
        let_go = not serving.is_alive()
        ended.set()
        serving.join()
        server.join()

    assert let_go
    assert not source.by_id[1].begun
