"""A message as SMTP carries it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.channels.adapter import Email, Outcome
from outreach.channels.email.wire import Wire, stuffed, wire

LINES = st.lists(st.sampled_from([b"", b".", b"..", b".a", b"a", b"a.", b"."]), max_size=8)


def unstuffed(body: bytes) -> bytes:
    """As RFC 5321 4.5.2 tells a server to read it."""
    lines = body.split(b"\r\n")
    end = lines.index(b".")
    assert lines[end + 1 :] == [b""]
    return b"\r\n".join(
        line[1:] if line.startswith(b".") else line for line in lines[:end]
    ) + b"\r\n" * (end > 0)


@settings(deadline=None, max_examples=200)
@given(LINES)
def test_a_server_reads_what_was_written(lines: list[bytes]) -> None:
    content = b"".join(line + b"\r\n" for line in lines)

    assert unstuffed(stuffed(content)) == content


def test_a_last_line_without_an_end_gets_one() -> None:
    assert stuffed(b"a") == b"a\r\n.\r\n"


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=30), st.text(max_size=12), st.text(max_size=12))
def test_no_content_and_no_address_adds_a_line(content: bytes, to: str, sender: str) -> None:
    message = Email(1, to, sender, content, eight_bit=True)

    written = wire(message, frozenset({"8bitmime", "smtputf8"}))

    if isinstance(written, Wire):
        assert not {*b"\r\n\0<> "} & {*written.rcpt.removeprefix(b"RCPT TO:<").removesuffix(b">")}
        assert b"\r" not in written.mail
        assert b"\n" not in written.mail
        assert written.body.replace(b"\r\n", b"").count(b"\n") == 0
        assert written.body.endswith(b"\r\n.\r\n") or not content
    else:
        assert isinstance(written, Outcome)
