"""Whether a machine wrote a mail: nobody is answered, and nothing follows from it."""

import re
from email.message import Message

from outreach.feedback.mail import FAULTS, header, parts_of, sender

_MARKS = (  # headers that only machines write
    "X-Autoreply", "X-Auto-Reply", "X-Autorespond", "X-Autoresponder", "X-Mail-Autoreply",
    "X-AutoReply-From", "X-POST-MessageClass", "X-FC-MachineGenerated", "List-Id", "List-Unsubscribe",
    "Feedback-ID",
)  # fmt: skip
_PRECEDENCE = ("bulk", "junk", "list", "auto_reply", "auto-reply")
_NOBODY = re.compile(
    r"(mailer-daemon|postmaster|(no|do-?not|dont)[-_.]?reply|nobody|autoresponder|auto-?reply"
    r"|out-?of-?office|vacation)\b",
)
_SUBJECT = re.compile(
    r"(auto(matic|mated)?[- ]?(reply|response|re)\b|out of (the )?office|away from|on vacation"
    r"|automatische antwort|abwesenheit|réponse automatique|absence du bureau|respuesta automática"
    r"|fuera de la oficina|risposta automatica|automatisch antwoord|自动回复|自動回覆|自動返信)",
    re.IGNORECASE,
)


def is_automatic(message: Message) -> bool:
    """Whether a mail was not written by a person (RFC 3834, and what programs do instead).

    Auto-Submitted other than `no` (RFC 3834 5), Precedence, an empty return path, a read receipt
    (RFC 8098), senders and headers of programs, and subjects of answers while away.
    """
    submitted = header(message, "Auto-Submitted").lower()
    return (
        (bool(submitted) and not submitted.startswith("no"))
        or header(message, "Return-Path") == "<>"
        or header(message, "Precedence").lower() in _PRECEDENCE
        or any(name in message for name in _MARKS)
        or message.get_content_type() == "multipart/report"
        or _is_receipt(message)
        or _NOBODY.match(sender(message)) is not None
        or _SUBJECT.match(_subject(message)) is not None
    )


def _is_receipt(message: Message) -> bool:
    return next(parts_of(message, "message/disposition-notification"), None) is not None


def _subject(message: Message) -> str:
    """The subject with its encoded words read (RFC 2047), as far as they can be."""
    from email.header import decode_header, make_header

    written = header(message, "Subject")[:500]
    try:
        return str(make_header(decode_header(written))).strip()
    except FAULTS:
        return written
