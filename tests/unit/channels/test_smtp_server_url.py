"""OUTREACH_SMTP_URL read."""

import pytest

from outreach.channels.email.server import Server, Tls, parse_smtp_url
from outreach.errors import SetupError


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://localhost", Server("localhost", 25, Tls.AUTO)),
        ("smtp://localhost:1025", Server("localhost", 1025, Tls.AUTO)),
        ("smtp://[::1]:1025", Server("::1", 1025, Tls.AUTO)),
        (
            "smtp://a%40b:p%2Fw@mail.example.com",
            Server("mail.example.com", 587, Tls.REQUIRED, "a@b", "p/w"),
        ),
        ("smtp://u:p@localhost", Server("localhost", 587, Tls.AUTO, "u", "p")),
        ("smtp://u:p@h.example/?starttls=never", Server("h.example", 587, Tls.NEVER, "u", "p")),
        ("smtp://h.example:26?starttls=required", Server("h.example", 26, Tls.REQUIRED)),
        ("smtps://u:p@h.example", Server("h.example", 465, Tls.WHOLE, "u", "p")),
    ],
)
def test_a_url_names_a_server(url: str, server: Server) -> None:
    assert parse_smtp_url(url) == server


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://h", "must begin with smtp"),
        ("smtp://", "must name a host"),
        ("smtp://h/path", "no path"),
        ("smtp://h:port", "can not be read"),
        ("smtp://h?starttls=maybe", "not `maybe`"),
        ("smtp://h?startls=auto", "unknown option `startls`"),
        ("smtps://h?starttls=auto", "smtps has no starttls"),
    ],
)
def test_an_unusable_url_is_explained(url: str, says: str) -> None:
    with pytest.raises(SetupError, match=says) as caught:
        parse_smtp_url(url)

    assert caught.value.hint


def test_a_mistyped_option_is_recognised() -> None:
    with pytest.raises(SetupError) as caught:
        parse_smtp_url("smtp://h?startls=auto")

    assert caught.value.hint == "did you mean `starttls`?"


def test_the_password_is_never_shown() -> None:
    with pytest.raises(SetupError) as caught:
        parse_smtp_url("smtp://user:h:hunter2/@host:587")

    assert "hunter2" not in f"{caught.value} {caught.value.hint}"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "hunter2" not in repr(parse_smtp_url("smtp://user:hunter2@localhost"))
