"""A file of campaign tests: what may be written in it."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from outreach.documents import FileModel, RefusalError
from outreach.settings.written import Name, Several, Whole, Words, YesNo
from outreach.vocabulary import Decision, Reason

_AT = "2026-07-03T17:00+02:00"
_IN_EXPECT = {
    key: f"`{key}` belongs under `expect`"
    for key in (
        "decision",
        "reason",
        "until",
        "next",
        "channel",
        "variant",
        "text",
        "not_text",
        "ended",
    )
}
_IN_JOURNEY = {
    key: f"`{key}` belongs under `journey`" for key in ("entered", "since", "step", "timed_out")
}


class ConsentFile(FileModel):
    """One word of a customer on a channel and topic."""

    yes: Words | None = Field(None, description="They agreed.", examples=["email/greetings"])
    no: Words | None = Field(None, description="They said no.", examples=["sms/offers"])
    at: Words | None = Field(
        None, description="When it was said. Left out: a year ago.", examples=["-30 days"]
    )
    expires_at: Words | None = Field(None, description="Until when the yes holds.")
    source: Words = Field("test", description="Where it was said.")
    proof: Words | None = Field(None, description="What shows it.")
    customer: Words | None = Field(None, description="Whose word it is: a key of `others`.")


class EventFile(FileModel):
    """Something that happened to a customer; keys it does not name are the event's data."""

    model_config: ClassVar[Any] = FileModel.model_config | {"extra": "allow"}

    kind: Words = Field(description="What happened.", examples=["order"])
    at: Words = Field(description="When.", examples=["-20 days"])
    customer: Words | None = Field(None, description="To whom: a key of `others`.")


class TouchFile(FileModel):
    """A message of any campaign that went to a customer, or that waits for them."""

    at: Words = Field(description="When it went out, or will.", examples=["-3 days"])
    campaign: Name | None = Field(None, description="Whose message. Left out: the tested one's.")
    channel: Name | None = Field(None, description="Left out: the campaign's first.")
    topic: Name | None = Field(None, description="Left out: the campaign's.")
    priority: Annotated[Whole, Field(ge=0, le=100)] | None = Field(
        None, description="Left out: the campaign's."
    )
    open: YesNo = Field(False, description="It waits and has not gone out yet.")
    customer: Words | None = Field(None, description="To whom: a key of `others`.")


class MessageFile(FileModel):
    """A message of the journey that the customer had, and what they did with it."""

    step: Name = Field(description="Which message.", examples=["invite"])
    at: Words = Field(description="When it went out.", examples=["-3 days"])
    channel: Name | None = Field(None, description="Left out: the message's first.")
    clicked: Words | None = Field(None, description="When they followed a link in it.")
    opened: Words | None = Field(None, description="When it was shown to them.")
    replied: Words | None = Field(None, description="When they wrote back.")


class JourneyFile(FileModel):
    """Where on the way through the campaign's steps the customer stands; from there they go on at `at`."""

    entered: Words | None = Field(
        None,
        description="When they came in. Left out: by the event that begins the campaign, else as "
        "the first of `touches` went out.",
        examples=["-10 days"],
    )
    touches: tuple[MessageFile, ...] = Field(
        (),
        description="Messages of the journey that they had.",
        examples=[[{"step": "invite", "at": "-10 days"}]],
    )
    step: Name | None = Field(
        None,
        description="The message that they have come to, or the wait by its `id`. Left out: what "
        "comes behind the last of `touches`; without these the first step.",
        examples=["patience"],
    )
    since: Words | None = Field(
        None,
        description="Since when they are there. Left out: of a message `at`, else since the last of "
        "`touches` went out.",
        examples=["-2 days"],
    )
    timed_out: Several[Name] | None = Field(
        None,
        description="Waits behind them that only their time has ended.",
        examples=[["patience"]],
    )


def _a_yes(written: object) -> object:
    return {"yes": written} if isinstance(written, str) else written


class GivenFile(FileModel):
    """What is so before the campaign is asked."""

    elsewhere: ClassVar[Mapping[str, str]] = _IN_EXPECT | _IN_JOURNEY

    customer: dict[str, Any] | None = Field(
        None,
        description="The customer who is asked about: keys as the columns of a file of customers.",
        examples=[{"stage": "growth", "timezone": "Europe/Berlin", "email": "anna@example.com"}],
    )
    others: tuple[dict[str, Any], ...] | None = Field(
        None, description="More customers, each with a `key`: who share an address, say."
    )
    consents: (
        tuple[
            Annotated[
                ConsentFile,
                BeforeValidator(_a_yes, json_schema_input_type=ConsentFile | str),
            ],
            ...,
        ]
        | None
    ) = Field(
        None, description="What they agreed to, as `channel/topic`.", examples=[["email/greetings"]]
    )
    suppressions: Several[Words] | None = Field(
        None,
        description="Addresses that are never used, as `channel/address`; a channel alone is the customer's own.",
        examples=[["sms/+4915123456789"]],
    )
    events: tuple[EventFile, ...] | None = Field(
        None, description="What happened: orders, replies, visits …; facts follow from it."
    )
    touches: tuple[TouchFile, ...] | None = Field(
        None, description="Messages that they had before, of any campaign."
    )
    journey: JourneyFile | None = Field(
        None,
        description="The customer is under way in the campaign. Left out: it begins with them.",
        examples=[{"touches": [{"step": "invite", "at": "-10 days"}]}],
    )


class ExpectFile(FileModel):
    """What must come of it; what is left out is not looked at."""

    decision: Decision | None = Field(None, description="`send`, `hold` or `skip`.")
    reason: Reason | None = Field(None, description="The rule in the way.", examples=["capped"])
    until: Words | None = Field(None, description="When a held message goes.", examples=[_AT])
    next: Words | None = Field(
        None, description="When it would be allowed next; `never` where no time helps."
    )
    channel: Name | None = Field(None, description="Where it goes.", examples=["sms"])
    variant: Words | None = Field(None, description="Which variant they get.")
    step: Name | None = Field(
        None, description="Which message it is; of who is under way also the wait that they are in."
    )
    ended: Literal["finished", "exited"] | None = Field(
        None, description="Their journey is over: they came to its end, or its `exit` held."
    )
    text: Several[Words] | None = Field(
        None, description="What the message must contain: subject and text."
    )
    not_text: Several[Words] | None = Field(None, description="What it must not contain.")


def _something(written: object) -> object:
    if written == {}:
        raise RefusalError("nothing is expected", "write for example `expect: {decision: send}`")
    return written


class CaseFile(GivenFile):
    """One case: a customer at one time, and what must come of it."""

    name: Words = Field(description="The case in words.", examples=["had an offer on Tuesday"])
    at: Words | None = Field(None, description="The planned instant.", examples=[_AT])
    arm: Words | None = Field(
        None,
        description="`holdout`, `control_group` or a variant. Left out: the first variant, held out by nobody.",
        examples=["holdout"],
    )
    expect: Annotated[ExpectFile, BeforeValidator(_something)] = Field(
        description="What must come of it.", examples=[{"decision": "send", "channel": "sms"}]
    )


def _at_least_one(cases: tuple[CaseFile, ...]) -> tuple[CaseFile, ...]:
    if not cases:
        raise RefusalError("there is no case", "write at least one")
    return cases


class CasesFile(FileModel):
    """Tests of one campaign."""

    campaign: Words = Field(
        description="The campaign's name: its file's, without .yaml.", examples=["friday-greeting"]
    )
    at: Words | None = Field(
        None,
        description="The planned instant of all cases; without an offset it is company time.",
        examples=[_AT],
    )
    given: GivenFile = Field(GivenFile(), description="What is so in every case.")
    cases: Annotated[tuple[CaseFile, ...], AfterValidator(_at_least_one)] = Field(
        description="The cases.",
        examples=[[{"name": "gets it", "expect": {"decision": "send"}}]],
    )
