"""What a mail says, whatever its format."""

from dataclasses import replace
from email.message import Message

from outreach.feedback.automatic import is_automatic
from outreach.feedback.bounces import odd_notice, status_notice
from outreach.feedback.mail import FAULTS, dated, sender
from outreach.feedback.notice import Kind, Notice
from outreach.feedback.reports import report_notice


def notice_of(message: Message | None) -> Notice:
    """What a mail says. Formats for machines first; what is left is a person's answer.

    None is what could not be read.
    """
    if message is None:
        return Notice(Kind.UNREADABLE)
    try:
        said = report_notice(message) or status_notice(message) or odd_notice(message)
        return replace(said or Notice(_plain(message)), at=dated(message))
    except FAULTS:  # in a corner that nobody has thought of: who made it wants no answer
        return Notice(Kind.UNREADABLE)


def _plain(message: Message) -> Kind:
    if is_automatic(message):
        return Kind.AUTOMATIC
    return Kind.REPLY if sender(message) else Kind.NOTHING
