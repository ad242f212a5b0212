"""Header values that can be nothing but values, and a last look at every header block."""

import re
from base64 import b64encode
from collections.abc import Sequence
from email.utils import parseaddr
from urllib.parse import urlsplit

import idna

from outreach.rendering.refusal import RenderError

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}")
_MESSAGE_ID = re.compile(r"<[^<>@\s]{1,200}@[A-Za-z0-9.-]{1,200}>")
_URL = re.compile(r"[!#-;=?-Z\[\]_a-z~%]{1,900}")  # printable ASCII but space " < > \ ^ ` { | }
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ROOM = 76 - len("Subject: ")  # RFC 5322 2.1.1: lines of at most 78
_WORD_BYTES = 42  # in base64 and its frame 68 characters, under the 75 of RFC 2047 section 2
_LONGEST_SUBJECT = 500


def one_line(text: str) -> str:
    """The text on one line: CR, LF, NUL, U+0085, U+2028/9 and other controls become a space."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def encode_subject(text: str) -> bytes:
    """A subject's value; what is not plain ASCII goes into encoded words (RFC 2047).

    So does whatever could be read as an encoded word itself: it arrives as it was written.
    """
    line = one_line(text)[:_LONGEST_SUBJECT]
    if line.isascii() and len(line) <= _ROOM and "=?" not in line:
        return line.encode()
    words, word = [], b""
    for char in line:
        encoded = char.encode()
        if len(word) + len(encoded) > _WORD_BYTES:
            words.append(word)
            word = b""
        word += encoded
    return b"\r\n ".join(b"=?utf-8?b?" + b64encode(w) + b"?=" for w in (*words, word))


def bare_address(address: str) -> str:
    """A customer's address fit for a header and the wire; else RenderError. See `plain_address`."""
    plain = plain_address(address)
    if plain is None:
        raise RenderError("the customer's address can not be written to")
    return plain


def plain_address(address: str) -> str | None:
    """The address in ASCII, an international domain as xn--; None when it can not be.

    No quoted local parts, no comments, no Unicode before the @ (it would need SMTPUTF8).
    """
    local, at, domain = address.rpartition("@")
    if at and not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode()
        except idna.IDNAError:
            return None
    plain = f"{local}@{domain}"
    return None if _ADDRESS.fullmatch(plain) is None or ".." in plain else plain


def sender_parts(sender: str) -> tuple[str, str]:
    """Display name and bare address of `Name <address>`; ValueError when there is no address."""
    name, address = parseaddr(sender)
    plain = plain_address(address)
    if _CONTROLS.search(sender) or plain is None:
        raise ValueError(f"`{one_line(sender)}` is no sender; write `Name <name@example.com>`")
    return name, plain


def message_id(text: str) -> str:
    """A Message-ID in its angle brackets; RenderError for anything else."""
    bracketed = text if text.startswith("<") else f"<{text}>"
    if not bracketed.isascii() or _MESSAGE_ID.fullmatch(bracketed) is None:
        raise RenderError("the Message-ID is malformed")
    return bracketed


def one_click_url(url: str) -> str:
    """An unsubscribe address fit for List-Unsubscribe: https, or http on loopback (RFC 8058 3.1)."""
    if _URL.fullmatch(url) is None:
        raise RenderError("the unsubscribe address holds characters that no address has")
    if url.startswith("https://"):
        return url
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise RenderError("the unsubscribe address must be https")
    return url


def verify_header_block(block: bytes, names: Sequence[bytes]) -> None:
    """Look at a finished header block: these names in this order, no more, nothing between lines.

    RenderError when a line is neither one of the headers nor the continuation of one, when CR or
    LF stand alone, a line is over 998 octets (RFC 5322 2.1.1) or not ASCII. `block` has no empty
    line at its end.
    """
    lines = block.split(b"\r\n")
    found: list[bytes] = []
    for line in lines:
        if line[:1] in (b" ", b"\t"):
            if not found or not line.strip():
                raise RenderError("the header block is broken: an empty continuation")
        else:
            found.append(line.partition(b":")[0])
    ends = len(lines) - 1
    if found != list(names) or block.count(b"\r") != ends or block.count(b"\n") != ends:
        raise RenderError("the header block is broken: a header that was not meant")
    if b"\x00" in block or not block.isascii() or max(map(len, lines)) > 998:
        raise RenderError("the header block is broken: a line no server takes")
