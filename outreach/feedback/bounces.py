"""Delivery status notifications (RFC 3464), and what other servers write instead.

Who bounced is never taken from what they say: our return path says it (origin.py).
"""

import re
from collections.abc import Iterator
from email.message import Message

from outreach.channels.email.answers import Stage, classify
from outreach.feedback.mail import MOST_BYTES, children, header, parts_of, read_text, sender, words
from outreach.feedback.notice import Kind, Notice
from outreach.vocabulary import Fault

STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")  # RFC 3464, RFC 6533
MOST_RECIPIENTS = 100  # of one notification; each mail of ours has one
_DAEMONS = ("mailer-daemon", "postmaster", "mail-daemon", "mdaemon", "bounce", "bounces")
_ACTION = re.compile(r"[a-z]+")
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.]*\d)[ -]")
_RETURNED = re.compile(r"^(?:return-path|received|message-id|from|subject):", re.I | re.M)
_GENERIC = re.compile(r"[45]\.0\.\d{1,3}")  # RFC 3463 3.1: nothing further is known
_ROUTING = re.compile(r"5\.4\.\d{1,3}")  # RFC 3463 3.5: the way there, not the address
_KINDS = {
    "failed": Kind.BOUNCED, "delayed": Kind.DELAYED, "delivered": Kind.DELIVERED,
    "relayed": Kind.RELAYED, "expanded": Kind.RELAYED,
}  # fmt: skip
# Where a server tells of several recipients, an alias of theirs was expanded: what reached one of
# them has arrived, and the mildest of several faults is the one that is certain.
_MILDEST = (Kind.DELIVERED, Kind.RELAYED, Kind.DELAYED, Kind.BOUNCED)


def status_notice(message: Message) -> Notice | None:
    """What a delivery status notification says (RFC 3464 2.3); None where it is none.

    Its Status decides; the Diagnostic-Code only where that says nothing further.
    """
    found = [
        notice
        for part in parts_of(message, *STATUS_TYPES)
        for group in list(_groups(part))[:MOST_RECIPIENTS]
        for notice in [_of_recipient(group)]
        if notice is not None
    ]
    return min(found, key=_severity, default=None)


def _severity(notice: Notice) -> tuple[int, int]:
    return _MILDEST.index(notice.kind), 2 if notice.hard else 0 if notice.soft else 1


def _groups(part: Message) -> Iterator[Message]:
    """The fields of each recipient; the message's own fields, which come first, have no Action."""
    for block in children(part):
        yield block
        # RFC 6533: read as a mail, whose body has the recipients
        rest = words(block, MOST_BYTES)
        yield from map(read_text, re.split(r"\r?\n\r?\n", rest))


def _of_recipient(group: Message) -> Notice | None:
    action = _ACTION.match(header(group, "Action").lower())
    found = _STATUS.search(header(group, "Status"))
    status = found[1] if found else ""
    if action is None and (not status or "Final-Recipient" not in group):
        return None
    said = action[0] if action else {"2": "delivered", "4": "delayed"}.get(status[:1], "failed")
    kind = _KINDS.get(said)
    if kind is not Kind.BOUNCED:
        return None if kind is None else Notice(kind, status=status)
    diagnostic = header(group, "Diagnostic-Code")
    fault, status = fault_of(status, diagnostic)
    return Notice(Kind.BOUNCED, fault=fault, status=status, detail=diagnostic)


def fault_of(status: str, diagnostic: str) -> tuple[Fault, str]:
    """Whose fault a permanent return is, and the status that says so (RFC 3463).

    ADDRESS: it does not exist. TEMPORARY, MAILBOX: it may work another day. Else it is policy, the
    text, or ourselves: nobody is suppressed for that.
    """
    if not status or _GENERIC.fullmatch(status):
        inner = _STATUS.search(diagnostic)
        if inner and not _GENERIC.fullmatch(inner[1]):
            status = inner[1]
        else:
            return _fault_by_words(status, diagnostic), status
    if _ROUTING.fullmatch(status):
        return Fault.TEMPORARY, status
    return classify(Stage.RCPT, 450 if status[0] == "4" else 550, status)[1], status


def _fault_by_words(status: str, diagnostic: str) -> Fault:
    code = _CODE.search(diagnostic)
    if code is not None:
        return classify(Stage.RCPT, int(code[1]), diagnostic[code.end() :])[1]
    if status.startswith("5"):
        return classify(Stage.RCPT, 550, diagnostic)[1]
    return Fault.TEMPORARY


def odd_notice(message: Message) -> Notice | None:
    """What a bounce in a format of a server's own says; None where it does not look like one.

    Only from a machine: a person may quote a bounce. That it bounced is flufl.bounce's finding, why
    is what its words say; where they say nothing, it may have been for a day.
    """
    if not _from_a_daemon(message):
        return None
    temporary, permanent = _failures(message)
    text = " ".join(words(part) for part in parts_of(message, "text/plain", "text/html"))[:20_000]
    if not temporary and not permanent:
        return None
    if not permanent:
        return Notice(Kind.DELAYED)
    fault, status = fault_of("", _RETURNED.split(text, 1)[0])
    return Notice(Kind.BOUNCED, fault=fault, status=status)


def _from_a_daemon(message: Message) -> bool:
    local = sender(message).partition("@")[0]
    return header(message, "Return-Path") == "<>" or local in _DAEMONS


def _failures(message: Message) -> tuple[frozenset[bytes], frozenset[bytes]]:
    from flufl.bounce import all_failures

    try:
        temporary, permanent = all_failures(message)
    except Exception:  # the library's own faults with strange mails are not ours
        return frozenset(), frozenset()
    return frozenset(temporary), frozenset(permanent)
