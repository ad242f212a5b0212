"""Mails as bytes: the standard library builds a skeleton once, values fill its holes.

Building a message with the standard library costs a hundred times what filling does, and in
Python before 3.11.10 lets line breaks in (CVE-2024-6923); so only holes pass through it.
"""

import re
from base64 import encodebytes
from binascii import b2a_qp
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from typing import Literal, NamedTuple

from outreach.rendering.headers import verify_header_block

Encoding = Literal["7bit", "8bit", "quoted-printable", "base64"]
_LONGEST_LINE = 998  # octets, RFC 5322 2.1.1
_DROPPED = bytes(c for c in range(32) if c not in b"\t\n") + b"\x7f"  # CR too: CRLF is made anew
_HOLE = re.compile(rb"outreach-hole-([a-z]+)")
_ANY_DATE = "Thu, 01 Jan 1970 00:00:00 +0000"  # a hole that the date's parser lets through
_POLICY = SMTP.clone(max_line_length=None)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What all mails of one campaign share in their headers, as plain text."""

    sender_name: str
    sender: str
    reply_to: str = ""
    list_id: str = ""  # `topic.domain`; "" for what a customer ordered
    feedback_id: str = ""
    boundary: str = "outreach"


class Filling(NamedTuple):
    """What is one mail's own, fit for headers already."""

    to: str
    subject: bytes
    sent_at: datetime  # aware
    message_id: str
    unsubscribe_url: str  # "" for none
    text: str
    html: str  # "" for a mail of text alone


@dataclass(frozen=True, slots=True)
class _Skeleton:
    pieces: tuple[bytes, ...]  # fixed bytes and names of holes in turn
    names: tuple[bytes, ...]  # of its headers, in order


def build(envelope: Envelope, filling: Filling) -> tuple[bytes, bool]:
    """The whole mail with CRLF line ends, and whether it needs 8BITMIME (RFC 6152)."""
    text, text_encoding = _body(filling.text, envelope.boundary)
    html, html_encoding = _body(filling.html, envelope.boundary)
    skeleton = _skeleton(
        envelope,
        bool(filling.unsubscribe_url),
        text_encoding,
        html_encoding if filling.html else None,
    )
    holes = {
        b"to": filling.to.encode(),
        b"subject": filling.subject,
        b"date": _date(filling.sent_at),
        b"id": filling.message_id.encode(),
        b"unsubscribe": filling.unsubscribe_url.encode(),
        b"text": text,
        b"html": html,
    }
    content = b"".join(
        holes[piece] if index % 2 else piece for index, piece in enumerate(skeleton.pieces)
    )
    verify_header_block(content[: content.index(b"\r\n\r\n")], skeleton.names)
    return content, "8bit" in (text_encoding, html_encoding)


def _body(text: str, boundary: str) -> tuple[bytes, Encoding]:
    """A part's bytes and how they are encoded (RFC 2045 section 6), as plainly as they can be."""
    raw = text.encode("utf-8", "replace").translate(None, _DROPPED).rstrip(b"\n") + b"\n"
    safe = boundary.encode() not in raw
    lines = raw.split(b"\n")
    raw = b"\r\n".join(lines)
    if safe and max(map(len, lines)) <= _LONGEST_LINE:
        return raw, "7bit" if raw.isascii() else "8bit"
    if safe and raw.isascii():
        return b2a_qp(raw, istext=True), "quoted-printable"
    return encodebytes(raw).replace(b"\n", b"\r\n"), "base64"


@lru_cache(maxsize=256)
def _date(at: datetime) -> bytes:
    return format_datetime(at.astimezone(UTC)).encode()  # equal instants share a cache entry


@lru_cache(maxsize=1024)
def _skeleton(
    envelope: Envelope, one_click: bool, text: Encoding, html: Encoding | None
) -> _Skeleton:
    message = _part("plain", "text", text)
    if html is not None:
        both = EmailMessage(policy=_POLICY)
        both["Content-Type"] = "multipart/alternative"
        both.set_boundary(envelope.boundary)
        both.attach(message)
        both.attach(_part("html", "html", html))
        message = both
    body_headers = message.items()
    for name in message.keys():  # noqa: SIM118 - a message iterates over its text
        del message[name]
    for name, value in (*_headers(envelope, one_click), *body_headers):
        message[name] = value
    flat = message.as_bytes().replace(_ANY_DATE.encode(), b"outreach-hole-date", 1)
    pieces = tuple(_HOLE.split(flat))
    return _Skeleton(pieces, tuple(name.encode() for name in message.keys()))  # noqa: SIM118


def _headers(envelope: Envelope, one_click: bool) -> list[tuple[str, str]]:
    sender = str(Address(envelope.sender_name, addr_spec=envelope.sender))
    headers = [
        ("From", sender),
        ("To", "outreach-hole-to"),
        ("Subject", "outreach-hole-subject"),
        ("Date", _ANY_DATE),
        ("Message-ID", "outreach-hole-id"),
    ]
    if envelope.reply_to:
        headers.append(("Reply-To", envelope.reply_to))
    if envelope.list_id:  # RFC 2919; Precedence keeps vacation answers away (RFC 3834 2)
        headers += [("List-Id", f"<{envelope.list_id}>"), ("Precedence", "bulk")]
    if one_click:
        # RFC 8058: without List-Unsubscribe-Post no mail reader offers one click, only a link.
        headers += [
            ("List-Unsubscribe", "<outreach-hole-unsubscribe>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ]
    if envelope.feedback_id:
        headers.append(("Feedback-ID", envelope.feedback_id))
    return [*headers, ("MIME-Version", "1.0")]


def _part(subtype: str, hole: str, encoding: Encoding) -> EmailMessage:
    part = EmailMessage(policy=_POLICY)
    part["Content-Type"] = f'text/{subtype}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = encoding
    part.set_payload(f"outreach-hole-{hole}")
    return part
