"""Feedback reports (RFC 5965): what providers tell of their readers' buttons."""

import re
from email.message import Message

from outreach.feedback.mail import children, header, parts_of, read_text, words
from outreach.feedback.notice import Kind, Notice

TYPE = "message/feedback-report"
_TYPE = re.compile(r"[a-z0-9-]{1,40}")
RETURNED = ("message/rfc822", "message/global", "text/rfc822-headers")
# RFC 5965 3.5 and the IANA registry: `fraud` is a reader's word as well as `abuse`.
_KINDS = {
    "abuse": Kind.COMPLAINT, "fraud": Kind.COMPLAINT,
    "not-spam": Kind.NOT_SPAM,  # RFC 6430
    "auth-failure": Kind.AUTH_FAILURE,  # RFC 6591
}  # fmt: skip


def report_notice(message: Message) -> Notice | None:
    """What a feedback report says; None where it is none."""
    fields = report_fields(message)
    if fields is None:
        return None
    found = _TYPE.match(header(fields, "Feedback-Type").lower())
    written = found[0] if found else ""
    return Notice(_KINDS.get(written, Kind.REPORT), status=written)


def report_fields(message: Message) -> Message | None:
    """The machine-readable part of a report; None where it has none."""
    for part in parts_of(message, TYPE):
        inner = children(part)
        fields = inner[0] if inner else read_text(words(part))
        if "Feedback-Type" in fields:
            return fields
    return None


def returned_mail(message: Message) -> Message | None:
    """The mail that a report is about, as far as its headers were returned."""
    for part in parts_of(message, *RETURNED):
        inner = children(part)
        return inner[0] if inner else read_text(words(part, 100_000))
    return None
