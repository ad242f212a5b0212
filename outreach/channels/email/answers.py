"""What an SMTP answer means, by the stage of the conversation at which it was read."""

import re
from enum import StrEnum

from outreach.vocabulary import Answer, Fault

Meaning = tuple[Answer, Fault]


class Stage(StrEnum):
    """Where in the conversation something ended."""

    CONNECT = "connect"  # opening the connection, greeting, EHLO
    TLS = "tls"  # upgrading it
    AUTH = "auth"  # signing in
    MAIL = "mail"  # MAIL FROM
    RCPT = "rcpt"  # RCPT TO
    DATA = "data"  # DATA, before any byte of the message
    DOT = "dot"  # the message is written, its answer is awaited


ACCEPTED: Meaning = (Answer.ACCEPTED, Fault.NONE)
UNKNOWN: Meaning = (Answer.UNKNOWN, Fault.NONE)
LATER: Meaning = (Answer.RETRY, Fault.TEMPORARY)
NOT_NOW: Meaning = (Answer.UNREACHABLE, Fault.TEMPORARY)  # the server, whomever it is for
FULL: Meaning = (Answer.RETRY, Fault.MAILBOX)
OURS: Meaning = (Answer.RETRY, Fault.CHANNEL)  # goes out once the channel is mended
NO_ADDRESS: Meaning = (Answer.REJECTED, Fault.ADDRESS)
POLICY: Meaning = (Answer.REJECTED, Fault.POLICY)
CONTENT: Meaning = (Answer.REJECTED, Fault.CONTENT)

OPENING = (Stage.CONNECT, Stage.TLS, Stage.AUTH)
BEFORE_RCPT = (*OPENING, Stage.MAIL)

# RFC 3463 and the IANA registry of enhanced status codes; the longest match decides.
_BY_STATUS: dict[str, Meaning] = {
    "5.1": NO_ADDRESS,
    "5.1.7": OURS,  # the *sender's* mailbox is malformed
    "5.1.8": OURS,  # the *sender's* domain does not exist: nobody is suppressed for that
    "5.2": FULL,
    "5.2.3": CONTENT,  # longer than this mailbox takes
    "5.3.4": CONTENT,  # longer than this server takes
    "5.6": CONTENT,
    "5.7": POLICY,
    "5.7.26": OURS,  # RFC 7372: SPF and DKIM failed (Gmail's rule for bulk senders)
    "5.7.515": OURS,  # Outlook's rule for bulk senders: not authenticated
}

AGAINST_US = frozenset(status for status, meaning in _BY_STATUS.items() if meaning == OURS)

# RFC 5321 4.2.3 and RFC 4954 6, where no enhanced status is given.
_BY_CODE: dict[tuple[Stage, int], Meaning] = {
    (Stage.RCPT, 551): NO_ADDRESS,
    (Stage.RCPT, 552): FULL,
    (Stage.RCPT, 553): NO_ADDRESS,
    (Stage.DOT, 552): CONTENT,
}
_SIGN_IN_FIRST = (530, 534, 535, 538)

_STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_QUEUED = re.compile(r"\bqueued as ([\w.:-]+)|^(?:2\.\d\.\d\s+)?ok:?\s+([\w.:-]{16,})\s*$", re.I)
# A bare 550 may be policy as well: it is believed about an address only in plain words.
_NOBODY = re.compile(
    r"(no such|unknown|invalid|non-?existent) (user|recipient|mailbox|address|account)"
    r"|(user|recipient|mailbox|address|account)\b.{0,60}? "
    r"(unknown|not found|(does not|doesn't) exist|not exist)",
    re.IGNORECASE | re.DOTALL,
)


def status_of(text: str) -> str:
    """The enhanced status code (RFC 2034) an answer begins with, or empty."""
    found = _STATUS.match(text)
    return found[1] if found else ""


def queue_id(text: str) -> str:
    """What the server calls a message it accepted, where its answer says so."""
    found = _QUEUED.search(text)
    return (found[1] or found[2]) if found else ""


def classify(stage: Stage, code: int, text: str) -> Meaning:
    """What a complete answer means for the message and whose fault a refusal is.

    GUARANTEES «What an answer means»: a 5xx up to MAIL FROM is our own problem,
    so the message comes again and the channel is held. `code` outside 200…599 is
    an answer that can not be read as SMTP.
    """
    if 500 <= code <= 599:
        return _refused(stage, code, text)
    if stage in OPENING:
        return NOT_NOW
    if 400 <= code <= 499:
        full = stage in (Stage.RCPT, Stage.DOT) and status_of(text).startswith("4.2.")
        return FULL if full else LATER
    if stage is Stage.DOT:
        return ACCEPTED if 200 <= code <= 299 else UNKNOWN
    return LATER


def dropped(stage: Stage) -> Meaning:
    """What a lost or silent connection means: after the final dot nobody can say."""
    if stage is Stage.DOT:
        return UNKNOWN
    return NOT_NOW if stage in OPENING else LATER


def _refused(stage: Stage, code: int, text: str) -> Meaning:
    if stage in BEFORE_RCPT or code in _SIGN_IN_FIRST:
        return OURS
    status = status_of(text)
    if status:
        return _BY_STATUS.get(status) or _BY_STATUS.get(status.rpartition(".")[0]) or POLICY
    if (stage, code) in _BY_CODE:
        return _BY_CODE[stage, code]
    if stage is Stage.RCPT:
        return NO_ADDRESS if code == 550 and _NOBODY.search(text) else POLICY
    return CONTENT
