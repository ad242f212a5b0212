"""Mails as bytes: what is filled in reads as if the standard library had built it whole."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rendering_project import NOW, body, mail, render

from outreach.channels.adapter import Email
from outreach.channels.email.wire import wire
from outreach.rendering import RenderError
from outreach.rendering.headers import (
    bare_address,
    encode_subject,
    message_id,
    one_click_url,
    one_line,
    verify_header_block,
)
from outreach.rendering.mime import Built, Envelope, Filling, build

ENVELOPE = Envelope("Mei Lin", "mei@tea.example.com", "re@tea.example.com", "greetings.example.com")
words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=200)
pages = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=3000)


def filled(text: str = "Hello\n", html: str = "", subject: str = "Hi") -> tuple[bytes, bool]:
    built = filled_whole(text, html, subject)
    return built.content, built.eight_bit


def filled_whole(text: str, html: str, subject: str = "Hi") -> Built:
    return build(
        ENVELOPE,
        Filling("eve@example.com", encode_subject(subject), NOW, "<1@example.com>", "", text, html),
    )


def parsed(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def built_whole(subject: str, text: str, html: str) -> EmailMessage:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = "Mei Lin <mei@tea.example.com>"
    message["To"] = "eve@example.com"
    message["Subject"] = subject
    message["Date"] = NOW
    message["Message-ID"] = "<1@example.com>"
    message["Reply-To"] = "re@tea.example.com"
    message["List-Id"] = "<greetings.example.com>"
    message["Precedence"] = "bulk"
    message.set_content(text, cte="base64")
    if html:
        message.add_alternative(html, subtype="html", cte="base64")
    return parsed(message.as_bytes())


@settings(deadline=None, max_examples=60)
@given(words, pages, pages)
def test_a_filled_mail_reads_as_one_the_standard_library_built(
    subject: str, text: str, html: str
) -> None:
    ours = parsed(filled(kept(text), kept(html) if html else "", subject)[0])
    theirs = built_whole(one_line(subject), kept(text), kept(html) if html else "")

    for name in (
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Reply-To",
        "List-Id",
        "Precedence",
    ):
        assert ours[name] == theirs[name], name
    assert body(ours) == body(theirs)
    assert (
        ours.get_body(("html",)) is None if not html else body(ours, "html") == body(theirs, "html")
    )
    assert not ours.defects


def kept(text: str) -> str:
    """What a body keeps of a text: no control characters, one line end at its end."""
    return (
        "".join(c for c in text if c in "\t\n" or (ord(c) > 31 and ord(c) != 127)).rstrip("\n")
        + "\n"
    )


@settings(deadline=None, max_examples=60)
@given(pages, pages, words)
def test_no_mail_has_a_bare_line_end_or_a_line_too_long(text: str, html: str, subject: str) -> None:
    content, eight_bit = filled(text, html, subject)

    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines)
    assert content.endswith(b"\r\n")
    assert eight_bit or content.isascii()


lines_of_dots = st.lists(st.sampled_from(["", ".", "..", ".a", "a", "--", "-", "x" * 999, "\0."]))


@settings(deadline=None, max_examples=100)
@given(lines_of_dots, lines_of_dots)
def test_what_is_called_plain_goes_over_the_wire_as_it_is(text: list[str], html: list[str]) -> None:
    built = filled_whole("\n".join(text), "\n".join(html))

    looked_at = Email(1, "a@example.com", "b@example.com", built.content, built.eight_bit)
    as_it_is = replace(looked_at, plain=built.plain)
    assert wire(as_it_is, frozenset()) == wire(looked_at, frozenset())


def test_a_usual_page_is_plain_and_one_with_a_dot_before_a_line_is_not() -> None:
    assert filled_whole("Hello\n", "<p>\nHello.\n</p>").plain
    assert not filled_whole("Hello\n", "<p>\n.Hello\n</p>").plain


@pytest.mark.parametrize(
    ("text", "encoding", "eight_bit"),
    [
        ("plain", "7bit", False),
        ("schön 你好 😀 שלום", "8bit", True),
        ("x" * 999, "quoted-printable", False),
        ("ü" * 999, "base64", False),
        ("--outreach\nContent-Type: text/html", "base64", False),
    ],
)
def test_each_text_is_encoded_as_plainly_as_it_can_be(
    text: str, encoding: str, eight_bit: bool
) -> None:
    content, needs = filled(text)

    message = parsed(content)
    assert (message["Content-Transfer-Encoding"], needs) == (encoding, eight_bit)
    assert body(message) == text + "\n"


ATTACKS = [
    "Hi\r\nBcc: all@example.com",
    "Hi\nBcc: all@example.com",
    "Hi\rBcc: all@example.com",
    "Hi\r\n\r\n<script>",
    "Hi\x85Bcc: a@example.com",
    "Hi\u2028Bcc: a@example.com\u2029X: y",
    "Hi\x00\x0b\x0cBcc: a@example.com",
    "=?utf-8?q?Hi=0D=0ABcc=3A_all=40example.com?=",
    "=?utf-8?b?SGkNCkJjYzogYUBleGFtcGxlLmNvbQ==?=",
    "a =?utf-8?q?=0A?= b",
    "=?utf-7?q?+AAoACgo-?=",
    "x" * 3000,
    "你" * 3000,
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_value_makes_a_header_of_its_own(attack: str) -> None:
    message = mail(
        {"subject.txt": "Hi {{ nickname }}", "body.txt": "{{ nickname }}"}, {"nickname": attack}
    )

    assert message["Bcc"] is None
    assert message["X"] is None
    assert message["Subject"] == one_line(f"Hi {attack}")[:500]
    assert message.keys() == mail({"body.txt": "x"}).keys()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "eve",
        "eve@example.com\r\nBcc: a@example.com",
        "eve@example.com, mallory@example.com",
        "Eve <eve@example.com>",
        '"eve\r\n"@example.com',
        "eve@exam ple.com",
        "eve@example.com\u2028",
        "ève@example.com",
        "=?utf-8?q?a=0Ab?=@example.com\n",
        "a..b@example.com",
    ],
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(RenderError):
        bare_address(address)


def test_an_international_domain_is_written_in_ascii() -> None:
    assert bare_address("eve@müller.example") == "eve@xn--mller-kva.example"


@pytest.mark.parametrize("text", ["", "<a@b>\r\nX: y", "a b@c", "no-at", "<ä@b.example>"])
def test_a_message_id_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(RenderError):
        message_id(text)


@pytest.mark.parametrize(
    "url",
    [
        "http://o.example.com/u",
        "mailto:a@example.com",
        "javascript:alert(1)",
        "https://o.example.com/u>, <mailto:x@example.com",
        "https://o.example.com/u\r\nX: y",
        "https://o.example.com/" + "u" * 900,
        "http://localhost.example.com/u",
    ],
)
def test_an_unsubscribe_address_that_is_not_https_is_refused(url: str) -> None:
    with pytest.raises(RenderError):
        one_click_url(url)


def test_http_is_allowed_on_loopback() -> None:
    assert one_click_url("http://127.0.0.1:8000/u/1") == "http://127.0.0.1:8000/u/1"


@pytest.mark.parametrize(
    "block",
    [
        b"From: a\r\nTo: b\r\nBcc: c",
        b"From: a",
        b"To: b\r\nFrom: a",
        b"From: a\r\nTo: b\nBcc: c",
        b"From: a\r\nTo: b\rBcc: c",
        b"From: a\r\n \r\nTo: b",
        b" From: a\r\nTo: b",
        b"From: a\r\nTo: " + b"x" * 1000,
        b"From: a\r\nTo: \xc3\xa9",
        b"From: a\r\nTo: b\x00",
        b"From: a\r\n\r\nTo: b",
        b"",
    ],
)
def test_a_header_block_that_was_tampered_with_does_not_leave(block: bytes) -> None:
    with pytest.raises(RenderError):
        verify_header_block(block, (b"From", b"To"))


def test_a_sound_header_block_passes() -> None:
    verify_header_block(b"From: a\r\n b\r\nTo: c", (b"From", b"To"))


@settings(deadline=None, max_examples=80)
@given(words)
def test_encoded_subjects_obey_their_lengths(text: str) -> None:
    lines = encode_subject(text).split(b"\r\n")

    assert all(len(line) <= 76 for line in lines)
    assert len(lines) == 1 or all(line.strip().startswith(b"=?utf-8?b?") for line in lines)


def test_one_click_headers_stand_only_with_an_address() -> None:
    with_one, without = mail({"body.txt": "x"}), mail({"body.txt": "x"}, url="")

    assert with_one["List-Unsubscribe"] == "<https://o.example.com/u/abc?a=1&b=2>"
    assert with_one["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert without["List-Unsubscribe"] is without["List-Unsubscribe-Post"] is None


def test_what_a_customer_ordered_is_no_bulk_mail() -> None:
    ordered = mail({"body.txt": "x"}, topic="service")
    marketing = mail({"body.txt": "x"}, topic="greetings", public_url="")

    assert [ordered[h] for h in ("List-Id", "Precedence")] == [None, None]
    assert [marketing[h] for h in ("List-Id", "Precedence")] == [
        "<greetings.tea.example.com>",
        "bulk",
    ]
    assert ordered["Feedback-ID"] == "hello:service:transactional:tea-house"


def test_a_mail_is_the_same_bytes_each_time() -> None:
    first = render(
        "email", {"subject.txt": "Hi", "body.html": "<p>{{ orders or 0 }}</p>"}, topic="service"
    )
    again = render(
        "email", {"subject.txt": "Hi", "body.html": "<p>{{ orders or 0 }}</p>"}, topic="service"
    )

    assert isinstance(first, Email)
    assert first == again
    assert NOW + timedelta(0) == parsed(first.content)["Date"].datetime
