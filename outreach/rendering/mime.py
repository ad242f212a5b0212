"""Mails as bytes: the standard library builds a skeleton once, values fill its holes.

Building a message with the standard library costs a hundred times what filling does, and in
Python before 3.11.10 lets line breaks in (CVE-2024-6923); so only holes pass through it.
"""

import re
from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from typing import Literal, NamedTuple

from outreach.rendering.assets import Asset
from outreach.rendering.headers import verify_header_block

Encoding = Literal["7bit", "8bit", "quoted-printable", "base64"]
_LONGEST_LINE = 998  # octets, RFC 5322 2.1.1
_DROPPED = bytes(c for c in range(32) if c not in b"\t\n") + b"\x7f"  # CR too: CRLF is made anew
_HOLE = re.compile(rb"outreach-hole-([a-z]+)")
_ANY_DATE = "Thu, 01 Jan 1970 00:00:00 +0000"  # a hole that the date's parser lets through
_LETTERS = "abcdefghij"
_BEGINS = {"alternative": "", "related": "=_r", "mixed": "=_x"}
# Lines that go as they are: not too long, no dot to be doubled, none that could be a boundary.
_AS_THEY_ARE = re.compile(rb"(?:(?!\.|--).{0,%d}+\n)*+" % _LONGEST_LINE)
_ROOM = 900  # octets of values, beside which no line of the skeleton's is too long
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
    related: tuple[Asset, ...] = ()  # pictures of its page
    attached: tuple[Asset, ...] = ()


class Filling(NamedTuple):
    """What is one mail's own, fit for headers already."""

    to: str
    subject: bytes
    sent_at: datetime  # aware
    message_id: str
    unsubscribe_url: str  # "" for none
    text: str
    html: str  # "" for a mail of text alone
    attached: Sequence[bytes] = ()  # base64 of what is attached, in the envelope's order


class Built(NamedTuple):
    """A whole mail with CRLF line ends."""

    content: bytes
    eight_bit: bool  # it needs 8BITMIME (RFC 6152)
    plain: bool  # known to have no line that begins with a dot, no NUL, no CR or LF alone


@dataclass(frozen=True, slots=True)
class _Skeleton:
    head: tuple[bytes, ...]  # of the header block: fixed bytes and names of holes in turn
    rest: tuple[bytes, ...]  # from its last line's end on, the same
    names: tuple[bytes, ...]  # of its headers, in order
    length: int  # octets of the header block without what goes into its holes

    def verify(self, block: bytes) -> None:
        """Look at a finished header block; RenderError where it is not what was meant.

        Fixed bytes with as many line ends as they have themselves, each of CR and LF: then no
        value has brought any, and the names are those of the skeleton.
        """
        ends = len(self.names) - 1
        sound = (
            block.count(b"\n") == ends == block.count(b"\r")
            and block.isascii()
            and b"\x00" not in block
            and len(block) - self.length <= _ROOM
        )
        if not sound:
            verify_header_block(block, self.names)


def build(envelope: Envelope, filling: Filling) -> Built:
    """The whole mail, filled into the skeleton that all of its kind have in common."""
    text, text_encoding, text_plain = _body(filling.text, envelope.boundary)
    html, html_encoding, html_plain = _body(filling.html, envelope.boundary)
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
    for place, asset in enumerate(envelope.related):
        holes[_hole("related", place)] = asset.encoded
    for place, encoded in enumerate(filling.attached):
        holes[_hole("attached", place)] = encoded
    head = _filled(skeleton.head, holes)
    skeleton.verify(head)
    plain = text_plain and html_plain and not (envelope.related or filling.attached)
    content = head + _filled(skeleton.rest, holes)
    return Built(content, "8bit" in (text_encoding, html_encoding), plain)


def _filled(pieces: Sequence[bytes], holes: Mapping[bytes, bytes]) -> bytes:
    filled = list(pieces)
    for place in range(1, len(filled), 2):
        filled[place] = holes[filled[place]]
    return b"".join(filled)


def _body(text: str, boundary: str) -> tuple[bytes, Encoding, bool]:
    """A part's bytes, how they are encoded (RFC 2045 section 6), as plainly as they can be.

    Also whether no line of it begins with a dot, as far as is known.
    """
    raw = text.encode("utf-8", "replace").translate(None, _DROPPED).rstrip(b"\n") + b"\n"
    if _AS_THEY_ARE.fullmatch(raw):
        return raw.replace(b"\n", b"\r\n"), "7bit" if raw.isascii() else "8bit", True
    safe = boundary.encode() not in raw
    lines = raw.split(b"\n")
    raw = b"\r\n".join(lines)
    if safe and max(map(len, lines)) <= _LONGEST_LINE:
        return raw, "7bit" if raw.isascii() else "8bit", False
    if safe and raw.isascii():
        return b2a_qp(raw, istext=True), "quoted-printable", False
    return encodebytes(raw).replace(b"\n", b"\r\n"), "base64", True


@lru_cache(maxsize=256)
def _date(at: datetime) -> bytes:
    return format_datetime(at.astimezone(UTC)).encode()  # equal instants share a cache entry


@lru_cache(maxsize=1024)
def _skeleton(
    envelope: Envelope, one_click: bool, text: Encoding, html: Encoding | None
) -> _Skeleton:
    message = _part("plain", "text", text)
    if html is not None:
        message = _together("alternative", envelope, message, _page(envelope, html))
    if envelope.attached:
        files = (_file("attached", *each) for each in enumerate(envelope.attached))
        message = _together("mixed", envelope, message, *files)
    body_headers = message.items()
    for name in message.keys():  # noqa: SIM118 - a message iterates over its text
        del message[name]
    for name, value in (*_headers(envelope, one_click), *body_headers):
        message[name] = value
    flat = message.as_bytes().replace(_ANY_DATE.encode(), b"outreach-hole-date", 1)
    block, rest = flat[: (end := flat.index(b"\r\n\r\n"))], flat[end:]
    head = tuple(_HOLE.split(block))
    names = tuple(name.encode() for name in message.keys())  # noqa: SIM118
    # A fixed line of its own that is near the limit leaves values no room for the quick look.
    longest = max(map(len, block.split(b"\r\n")))
    length = sum(map(len, head[::2])) if longest <= _LONGEST_LINE - _ROOM else -_ROOM
    return _Skeleton(head, tuple(_HOLE.split(rest)), names, length)


def _page(envelope: Envelope, html: Encoding) -> EmailMessage:
    """The page, with its pictures if they stand in the mail (RFC 2387)."""
    page = _part("html", "html", html)
    if not envelope.related:
        return page
    pictures = (_file("related", *each) for each in enumerate(envelope.related))
    whole = _together("related", envelope, page, *pictures)
    whole.set_param("type", "text/html")
    return whole


def _together(kind: str, envelope: Envelope, *parts: EmailMessage) -> EmailMessage:
    whole = EmailMessage(policy=_POLICY)
    whole["Content-Type"] = f"multipart/{kind}"
    # None begins as another does, nor holds another's name in a line of its own.
    whole.set_boundary(_BEGINS[kind] + envelope.boundary)
    for part in parts:
        whole.attach(part)
    return whole


def _file(kind: str, place: int, asset: Asset) -> EmailMessage:
    """One file's part, with a hole for its content."""
    main, _, sub = asset.media_type.partition("/")
    part = EmailMessage(policy=SMTP)
    picture = kind == "related"
    how = "inline" if picture else "attachment"
    cid = f"<{asset.id}>" if picture else None
    part.set_content(b"", main, sub, disposition=how, filename=asset.file_name, cid=cid)
    if main == "text":
        part.set_param("charset", "utf-8")
    part.set_payload("outreach-hole-" + _hole(kind, place).decode())
    del part["MIME-Version"]
    return part


def _hole(kind: str, place: int) -> bytes:
    """A hole's name: letters alone."""
    return (kind + "".join(_LETTERS[int(digit)] for digit in str(place))).encode()


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
