"""Which of our messages a mail is about: only what we signed ourselves says so.

The envelope's recipient is our return path of one delivery. It is asked of whoever delivered the
mail (`--recipient`), then of the headers that mail servers write, then of To. Answers of people and
feedback reports also carry our signed Message-ID.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.message import Message

from outreach import tokens
from outreach.channels.email.return_path import token_in
from outreach.feedback.mail import addresses, message_ids
from outreach.feedback.notice import Kind
from outreach.feedback.reports import report_fields, returned_mail
from outreach.tokens import Purpose

ENVELOPE = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To")
BY_RETURN_PATH = (Kind.BOUNCED, Kind.DELAYED, Kind.DELIVERED, Kind.RELAYED)
OF_REPORTS = (Kind.COMPLAINT, Kind.NOT_SPAM, Kind.AUTH_FAILURE, Kind.REPORT)
MOST_ASKED = 100  # addresses and message ids of one mail


@dataclass(frozen=True, slots=True)
class Seal:
    """What we sign with: `keys` newest first, `bounces` is the mailbox of the return path or ""."""

    keys: Sequence[str]
    bounces: str

    def by_path(self, recipients: Iterable[str]) -> int | None:
        """The delivery whose return path is among the addresses."""
        if not self.bounces:
            return None
        found = (token_in(self.bounces, each) for each in recipients)
        return self._first(Purpose.BOUNCE, (each for each in found if each))

    def by_message_id(self, ids: Iterable[str]) -> int | None:
        """The delivery whose Message-ID is among these, each without its domain."""
        return self._first(Purpose.MESSAGE, ids)

    def _first(self, purpose: Purpose, found: Iterable[str]) -> int | None:
        numbers = (tokens.verify(self.keys, purpose, each) for each in list(found)[:MOST_ASKED])
        return next((number for number in numbers if number is not None), None)


def delivery_of(
    message: Message, kind: Kind, seal: Seal, recipient: str | None = None
) -> int | None:
    """The id of the delivery that a mail is about; None: nothing that we signed says so.

    A bounce needs our return path as the envelope's recipient (COMPLIANCE 7).
    """
    envelope = [recipient] if recipient else addresses(message, *ENVELOPE)
    by_path = seal.by_path(envelope)
    if by_path is not None or kind in BY_RETURN_PATH:
        return by_path
    if kind in OF_REPORTS:
        return _of_report(message, seal)
    return seal.by_message_id(message_ids(message, "In-Reply-To", "References"))


def _of_report(message: Message, seal: Seal) -> int | None:
    """By what the report says of the mail it is about, or by that mail's own headers."""
    fields, mail = report_fields(message), returned_mail(message)
    paths = [] if fields is None else addresses(fields, "Original-Mail-From")
    if mail is not None:
        paths += addresses(mail, "Return-Path")
    found = seal.by_path(paths)
    if found is None and mail is not None:
        found = seal.by_message_id(message_ids(mail, "Message-ID"))
    return found
