"""What comes back by mail, as it is written under `channels.email` of outreach.yaml."""

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, model_validator

from outreach.documents import FileModel, RefusalError
from outreach.settings.company import ComplaintsAt, MailFeedback
from outreach.settings.written import Share, Whole, Words, text_as

LONGEST_MAILBOX = 16  # characters; the signed part that follows has 48, and 64 are allowed
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_LEFT_OUT = ComplaintsAt()
NEVER = 10**12  # complaints: more than there are people
_BARE = re.compile(r"([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)@([a-z0-9-]+(?:\.[a-z0-9-]+)*)", re.ASCII)


def parse_bounces(text: str) -> str:
    """`bounces@mail.example.com`: a bare address, in lower case, short enough to be signed."""
    found = _BARE.fullmatch(text.lower())
    if found is None:
        hint = "write a bare address such as `bounces@mail.example.com`"
        raise RefusalError(f"`{text}` can not take bounces", hint)
    if len(found[1]) > LONGEST_MAILBOX:
        raise RefusalError(
            f"`{found[1]}` is longer than {LONGEST_MAILBOX} characters, and a signature follows it",
            "choose a shorter name, such as `bounces`",
        )
    return found[0]


def parse_imap_url(text: str) -> str:
    """`imaps://user@host/INBOX`; never with a password, and in the clear only on this machine."""
    hint = "write for example `imaps://bounces@imap.example.com/INBOX`"
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise RefusalError("this can not be read as a URL", hint) from None
    if parts.password is not None:  # not shown: it is a secret
        raise RefusalError("a password stands in the URL", "set it as OUTREACH_IMAP_PASSWORD")
    if parts.scheme not in ("imaps", "imap") or not host or not parts.username:
        raise RefusalError(f"`{text}` is no mailbox", hint)
    if parts.scheme == "imap" and host not in _LOOPBACK:
        raise RefusalError("`imap://` would show the password to the network", "use `imaps://`")
    return text


Bounces = Annotated[str, *text_as(parse_bounces, "an address", "bounces@mail.example.com")]
ImapUrl = Annotated[
    str, *text_as(parse_imap_url, "a URL", "imaps://bounces@imap.example.com/INBOX")
]


class MailFeedbackFile(FileModel):
    """Where mails that come back are read by `run` and `scheduler`."""

    maildir: Words | None = Field(
        None,
        description="A folder that the mail server drops them into: a Maildir, or plain files.",
        examples=["/var/mail/bounces"],
    )
    imap: ImapUrl | None = Field(
        None,
        description="A mailbox that is asked for them; the password is OUTREACH_IMAP_PASSWORD.",
        examples=["imaps://bounces@imap.example.com/INBOX"],
    )

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if (self.maildir is None) == (self.imap is None):
            raise RefusalError("one of `maildir` and `imap` is needed", "give one of them")
        return self

    def settings(self) -> MailFeedback:
        """The same as the rest uses it."""
        return MailFeedback(maildir=self.maildir or "", imap=self.imap or "")


class ComplaintsFile(FileModel):
    """How many of a run's readers may call it abuse before it is told, and before it is held."""

    warn: Share = Field(
        _LEFT_OUT.warn, description="Told from this share of its mails.", examples=["0.1%"]
    )
    hold: Share = Field(
        _LEFT_OUT.hold, description="Held from this share of its mails.", examples=["0.3%"]
    )
    least: Annotated[Whole, Field(ge=1)] = Field(
        _LEFT_OUT.least, description="And at least so many complaints.", examples=[3]
    )

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.warn > self.hold:
            raise RefusalError("`warn` is more than `hold`", "warn first", at=("warn",))
        return self

    def complaints_at(self) -> ComplaintsAt:
        """The rule itself."""
        return ComplaintsAt(warn=self.warn, hold=self.hold, least=self.least)


def _none_or_rule(written: object) -> object:
    if written == "none":
        return {"least": NEVER}
    if isinstance(written, str):
        hint = "write `{warn: 0.1%, hold: 0.3%, least: 3}`, or `none`"
        raise RefusalError("this must be a rule", hint)
    return written


ComplaintsRule = Annotated[
    ComplaintsFile,
    BeforeValidator(_none_or_rule, json_schema_input_type=Literal["none"] | ComplaintsFile),
]
