"""A channel as it is written in outreach.yaml."""

import re
from collections.abc import Mapping
from decimal import Decimal
from email.utils import parseaddr
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from outreach.documents import FileModel, RefusalError
from outreach.settings.company import ChannelSettings
from outreach.settings.domain_file import DomainLimits, domain_limits
from outreach.settings.feedback_file import Bounces, ComplaintsRule, MailFeedbackFile
from outreach.settings.hold_file import HoldAtRule
from outreach.settings.rates import Rates
from outreach.settings.utm_file import UtmRule
from outreach.settings.written import (
    Name,
    Several,
    Whole,
    Words,
    YesNo,
    parse_country,
    text_as,
)

_SMS_SENDER = re.compile(r"\+[1-9]\d{6,14}|\d{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}", re.ASCII)
_OF_EMAIL = frozenset(
    [
        "reply_to",
        "connections",
        "per_domain",
        "bounces",
        "feedback",
        "complaints",
        "track_opens",
        "images",
    ]
)
_PARTS = {"rate", "per_domain", "hold_at", "feedback", "complaints", "utm"}
_OF_SMS = frozenset({"messaging_service", "signature", "stop_words", "price"})
_NOT_OF_TASKS = _OF_EMAIL | _OF_SMS | {"sender", "track_links", "utm"}


def parse_mailbox(text: str) -> str:
    """`news@example.com` or `Harbour Tea <news@example.com>`; nothing may be smuggled in."""
    from email_validator import EmailNotValidError, validate_email

    if text.isprintable():
        try:
            validate_email(parseaddr(text)[1], check_deliverability=False)
        except EmailNotValidError:
            pass
        else:
            return text
    raise RefusalError(
        f"`{text}` is no address", "write `news@example.com` or `Harbour Tea <news@example.com>`"
    )


def parse_sms_sender(text: str) -> str:
    """A number with its `+`, a short code, or a name of at most 11 letters (3GPP TS 23.040)."""
    if _SMS_SENDER.fullmatch(text):
        return text
    raise RefusalError(
        f"`{text}` can not send text messages",
        "write a number such as `+15555550100` in quotes, or a name of at most 11 letters and digits",
    )


def _number(written: object) -> object:
    if isinstance(written, bool) or not isinstance(written, int | Decimal):
        raise RefusalError("this must be a number", "write for example `0.05`")
    return written


def _parse_price_key(text: str) -> str:
    return text if text == "default" else parse_country(text)


Mailbox = Annotated[str, *text_as(parse_mailbox, "an address", "Harbour Tea <news@example.com>")]
PriceKey = Annotated[str, *text_as(_parse_price_key, "a country or `default`", "default", "CN")]
Price = Annotated[Decimal, BeforeValidator(_number, json_schema_input_type=float), Field(ge=0)]


class ChannelFile(FileModel):
    """How one channel sends."""

    adapter: Name | None = Field(
        None,
        description="What sends: smtp, twilio, capture, task, or a package's own. Left out: by what the "
        "environment has, else `capture`, which keeps messages as files.",
        examples=["smtp", "twilio", "capture"],
    )
    sender: Words | None = Field(
        None,
        alias="from",
        description="Who the message is from: a mail address, or a number or name for SMS; or one of "
        "`senders` by its name.",
        examples=["Harbour Tea <news@example.com>"],
    )
    reply_to: Mailbox | None = Field(None, description="Where answers to mails go.")
    connections: Annotated[Whole, Field(ge=1, le=100)] | None = Field(
        None, description="How many connections to the mail server a worker keeps.", examples=[4]
    )
    messaging_service: Words | None = Field(
        None, description="Twilio's messaging service, instead of `from`.", examples=["MG0123"]
    )
    signature: Words | None = Field(
        None, description="Stands in each SMS, as some countries ask.", examples=["【Harbour Tea】"]
    )
    stop_words: Several[Words] | None = Field(
        None, description="Answers that opt out, besides STOP and its like.", examples=[["ARRET"]]
    )
    price: dict[PriceKey, Price] | None = Field(
        None,
        description="What one SMS segment or message costs, by the number's country.",
        examples=[{"default": 0.05, "CN": 0.03}],
    )

    rate: Rates | None = Field(
        None,
        description="At most so many messages on the channel; of several rates all hold. "
        "`100/day, doubling to 20000/day` warms a new sender up.",
        examples=["50/second", ["50/second", "100/day, doubling to 20000/day"]],
    )
    per_domain: DomainLimits | None = Field(
        None,
        description="Limits by the recipient's domain: a domain and its rate, a group of domains "
        "that share one, and `default` for each other domain.",
        examples=[{"default": "20/second", "gmail.com": "100/day, doubling to 20000/day"}],
    )

    hold_at: HoldAtRule | None = Field(
        None,
        description="When a run holds itself: so large a share of its messages refused for good, "
        "and so many of them. Left out: 10% and 50; `none`: never.",
        examples=[{"share": "10%", "least": 50}],
    )

    bounces: Bounces | None = Field(
        None,
        description="Where mails come back to that can not be delivered: each goes out with a "
        "signed address of this mailbox, `bounces+…@mail.example.com`. Left out: `from`, and "
        "bounces are not believed.",
        examples=["bounces@mail.example.com"],
    )
    feedback: MailFeedbackFile | None = Field(
        None, description="Where `run` and `scheduler` read what comes back by mail."
    )
    complaints: ComplaintsRule | None = Field(
        None,
        description="When complaints are told, and hold a run. Left out: 0.1%, 0.3% and 3; "
        "`none`: never.",
        examples=[{"warn": "0.1%", "hold": "0.3%", "least": 3}],
    )

    images: Literal["inline", "hosted"] | None = Field(
        None,
        description="Pictures of a template's folder stand in each mail, or are fetched from "
        "`public_url`. Left out: inline; a campaign may say otherwise.",
    )
    track_links: YesNo | None = Field(
        None,
        description="Links in messages lead over `public_url`, so that clicks are known: "
        "`clicked` in reports, `last_engaged_at`. Left out: false; a campaign may say otherwise.",
    )
    track_opens: YesNo | None = Field(
        None,
        description="A hidden picture tells when a mail is opened, as far as mail programs let it. "
        "Left out: false; a campaign may say otherwise.",
    )
    utm: UtmRule | None = Field(
        None,
        description="Added to the links of messages, for the website's own statistics.",
        examples=[{"source": "newsletter"}],
    )

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.sender and self.messaging_service:
            raise RefusalError(
                "`from` and `messaging_service` stand together",
                "keep one",
                at=("messaging_service",),
            )
        return self

    def check_for(self, channel: str, senders: Mapping[str, str]) -> None:
        """RefusalError when a key does not belong to this channel, or its sender can not be.

        `senders` are those of the company, by name.
        """
        foreign = {"email": _OF_SMS, "sms": _OF_EMAIL, "task": _NOT_OF_TASKS}
        for key in sorted(self.model_fields_set & foreign.get(channel, frozenset())):
            hint = "take it out"
            raise RefusalError(f"`{key}` means nothing for {channel}", hint, "unknown-key", (key,))
        if (channel == "task") is not (self.adapter == "task") and self.adapter is not None:
            message = f"channel `{channel}` can not have the adapter `{self.adapter}`"
            hint = "the adapter `task` stands under the channel `task`, and no other does"
            raise RefusalError(message, hint, at=("adapter",))
        if channel not in ("email", "sms", "task") and self.adapter is None:
            raise RefusalError(
                f"channel `{channel}` has no `adapter`", "name the package's adapter", "missing"
            )
        parse = {"email": parse_mailbox, "sms": parse_sms_sender}.get(channel)
        if parse and self.sender:
            try:
                parse(senders.get(self.sender, self.sender))
            except RefusalError as refusal:
                raise RefusalError(refusal.message, refusal.hint, at=("from",)) from None

    def settings(self, senders: Mapping[str, str]) -> ChannelSettings:
        """The channel as the rest uses it; `senders` as above."""
        given = self.model_dump(exclude_none=True, exclude=_PARTS)
        if self.sender is not None:
            given["sender"] = senders.get(self.sender, self.sender)
        if self.hold_at is not None:
            given["hold_at"] = self.hold_at.hold_at()
        if self.feedback is not None:
            given["feedback"] = self.feedback.settings()
        if self.complaints is not None:
            given["complaints"] = self.complaints.complaints_at()
        if self.utm is not None:
            given["utm"] = self.utm.utm()
        return ChannelSettings(
            **given, rate=self.rate or (), per_domain=domain_limits(self.per_domain or {})
        )
