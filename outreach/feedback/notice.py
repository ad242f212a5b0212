"""What a mail that came back says; nothing of whom it is about."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from outreach.vocabulary import Fault


class Kind(StrEnum):
    """What kind of mail it is; `docs/bounces.md` says what each leads to."""

    BOUNCED = "bounced"  # a message was returned
    DELAYED = "delayed"  # a server still tries
    DELIVERED = "delivered"  # it arrived
    RELAYED = "relayed"  # it went on to where nobody tells what comes of it
    COMPLAINT = "complaint"  # its reader called it abuse
    NOT_SPAM = "not_spam"  # its reader took it out of the junk folder
    AUTH_FAILURE = "auth_failure"  # it failed SPF, DKIM or DMARC somewhere
    REPORT = "report"  # feedback of another type
    REPLY = "reply"  # a person answers
    AUTOMATIC = "automatic"  # a machine answers: away, received, read
    NOTHING = "nothing"  # says nothing to us
    UNREADABLE = "unreadable"  # is no mail, or made to be hard to read


@dataclass(frozen=True, slots=True)
class Notice:
    """What one mail says; `fault`, `status` and `detail` are of a bounce."""

    kind: Kind
    at: datetime | None = None  # by its own Date; None: it has none that can be believed
    fault: Fault = Fault.NONE
    status: str = ""  # RFC 3463: 5.1.1; of a report its Feedback-Type
    detail: str = ""  # the server's words, addresses and all

    @property
    def hard(self) -> bool:
        """Of a bounce: the address does not exist."""
        return self.fault is Fault.ADDRESS

    @property
    def soft(self) -> bool:
        """Of a bounce: the address may work another day."""
        return self.fault in (Fault.TEMPORARY, Fault.MAILBOX)
