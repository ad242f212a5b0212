"""A rendered mail as the bytes of an SMTP conversation."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy

import idna

from outreach.channels.adapter import Email, Outcome
from outreach.channels.email.answers import CONTENT, POLICY, Meaning, Stage

# Nothing is written for people here: `refold_source` leaves each header as it was rendered.
_SEVEN_BIT = policy.SMTP.clone(cte_type="7bit", refold_source="none")
_NOT_IN_AN_ADDRESS = re.compile(r"[\x00-\x20<>\x7f\x85\u2028\u2029\ud800-\udfff]")

_NEITHER_END_NOR_NUL = bytes(set(range(256)) - set(b"\r\n\0"))


@dataclass(frozen=True, slots=True)
class Wire:
    """One mail, ready to be written: two commands, and the body with its final dot."""

    mail: bytes
    rcpt: bytes
    body: bytes

    @property
    def envelope(self) -> bytes:
        """All commands before the body, for a server that takes them in one write."""
        return b"%b\r\n%b\r\nDATA\r\n" % (self.mail, self.rcpt)


def wire(message: Email, extensions: frozenset[str]) -> Wire | Outcome:
    """The bytes to write for a message, or why it can not be written at all.

    `extensions` are the server's, in lower case. Without 8BITMIME (RFC 6152) the body is
    re-encoded to 7 bits; an address that needs SMTPUTF8 (RFC 6531) is refused without it.
    """
    sender, recipient = _envelope_address(message.sender), _envelope_address(message.to)
    if _NOT_IN_AN_ADDRESS.search(sender + recipient):
        return _refused(message, POLICY, "the address has characters that SMTP can not carry")
    wide = not (sender + recipient).isascii()
    if wide and "smtputf8" not in extensions:
        return _refused(message, POLICY, "the server lacks SMTPUTF8, which this address needs")
    if not (message.plain or _has_whole_lines(message.content)):
        return _refused(message, CONTENT, "the message has a bare CR or LF, or a NUL")
    content, options, plain = message.content, b" SMTPUTF8" if wide else b"", message.plain
    if message.eight_bit or not content.isascii():
        if "8bitmime" in extensions:
            options += b" BODY=8BITMIME"
        else:
            try:
                content = message_from_bytes(content, policy=_SEVEN_BIT).as_bytes()
            except (ValueError, LookupError):
                return _refused(message, CONTENT, "the message can not be written in 7 bits")
            plain = False
    return Wire(
        b"MAIL FROM:<" + sender.encode() + b">" + options,
        b"RCPT TO:<" + recipient.encode() + b">",
        ended(content) if plain else stuffed(content),
    )


def stuffed(content: bytes) -> bytes:
    """A message with its lines' leading dots doubled and the final dot (RFC 5321 4.5.2)."""
    return ended((b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:])


def ended(body: bytes) -> bytes:
    """A message that no dots are to be doubled in, with the final one."""
    return body + (b".\r\n" if body.endswith(b"\r\n") or not body else b"\r\n.\r\n")


def _has_whole_lines(content: bytes) -> bool:
    # RFC 5321 2.3.8: CR and LF only together, else one server's text is another's command.
    ends = content.translate(None, _NEITHER_END_NOR_NUL)
    return ends == b"\r\n" * (len(ends) // 2)


def _envelope_address(address: str) -> str:
    """The address with its domain in ASCII (RFC 5890), as far as it has such a form."""
    if address.isascii():
        return address
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        return address


def _refused(message: Email, meaning: Meaning, detail: str) -> Outcome:
    return Outcome(message.id, *meaning, stage=Stage.MAIL, detail=detail)
