"""What starts a campaign for each customer by itself, and how often it may: as it is written."""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from outreach.campaign.steps_file import Waiting
from outreach.campaign.triggers import Reentry, ReentryKind
from outreach.documents import FileModel, RefusalError, did_you_mean
from outreach.settings.joined import of_a_list
from outreach.settings.near_values import near_span
from outreach.settings.written import Name, Several, Words, parse_late, text_as

CONTACT = "last_contact_at"
INSTANTS = (
    CONTACT, "last_engaged_at", "last_order_at", "first_order_at", "stage_since", "created_at",
)  # fmt: skip
_BACKLOG = re.compile(r"(\d{1,7})\s+(?:(?:a|per|each|every)\s+day|/\s*day)", re.ASCII)


class OnEventFile(FileModel):
    """What happens to a customer."""

    elsewhere: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("event", "name", "type"), "the kind of event is `kind`"),
        **dict.fromkeys(("delay", "wait"), "so long after it is `after: 2 hours`"),
        "when": "which of them is `where: event.amount > 100`",
    }

    kind: Words = Field(description="The kind of event that starts it.", examples=["order"])
    where: Words | None = Field(
        None,
        description="An expression: only such events start it.",
        examples=["event.amount > 100"],
    )
    after: Waiting | None = Field(None, description="So long after the event. Left out: at once.")


def group_of_event(written: object) -> object:
    """`order` is short for `{kind: order}`."""
    return {"kind": written} if isinstance(written, str) else written


class OnStageFile(FileModel):
    """A move between stages of the main lifecycle: `enter` one, or `leave` one."""

    enter: Annotated[Several[Name], of_a_list("stages")] | None = Field(
        None, description="Into one of these stages, from another one.", examples=["decline"]
    )
    leave: Annotated[Several[Name], of_a_list("stages")] | None = Field(
        None, description="Out of one of these stages.", examples=["maturity"]
    )

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if (self.enter is None) == (self.leave is None):
            raise RefusalError(
                "a move is into a stage or out of one", "write one of `enter` and `leave`"
            )
        return self


def group_of_stage(written: object) -> object:
    """A stage alone does not say whether it is entered or left."""
    if isinstance(written, str):
        hint = f"write `{{enter: {written}}}` or `{{leave: {written}}}`"
        raise RefusalError("whether the stage is entered or left is not said", hint)
    return written


def parse_since(text: str) -> str:
    """An instant of the customer's that is counted from."""
    if text not in INSTANTS:
        hint = did_you_mean(text, INSTANTS, listing="there are")
        raise RefusalError(f"`{text}` can not be counted from", hint)
    return text


class IdleFile(FileModel):
    """So long nothing of a kind."""

    elsewhere: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("days", "span", "after", "at_least"), "how long is `for: 30 days`"),
        **dict.fromkeys(("from", "last"), f"what is counted from is `since: {CONTACT}`"),
    }

    since: Annotated[str, *text_as(parse_since, "an instant of the customer's", *INSTANTS)] = Field(
        description="What is counted from. Who has none is counted from `created_at`.",
        examples=[CONTACT],
    )
    span: Waiting = Field(alias="for", description="How long there is none.", examples=["30 days"])


def group_of_idle(written: object) -> object:
    """A span alone does not say since when."""
    if isinstance(written, str):
        span = near_span(written) or "30 days"
        hint = f"write `idle: {{since: {CONTACT}, for: {span}}}`"
        raise RefusalError("since when is not said", hint)
    return written


def parse_backlog(text: str) -> int:
    """`200 a day`."""
    match = _BACKLOG.fullmatch(text)
    if match is None or not int(match[1]):
        raise RefusalError(f"`{text}` is no number a day", "write for example `200 a day`")
    return int(match[1])


Backlog = Annotated[
    int, *text_as(parse_backlog, "so many a day", "200 a day", pattern=r"\d{1,7}\s+a\s+day")
]


def parse_reentry(text: str) -> Reentry:
    """`always`, `never` or `after 90 days`."""
    if text in (ReentryKind.ALWAYS, ReentryKind.NEVER):
        return Reentry(ReentryKind(text))
    word, _, span = text.partition(" ")
    if word == "after" and span:
        return Reentry(ReentryKind.AFTER, parse_late(span))
    hint = "write `always`, `never` or for example `after 90 days`"
    if span_meant := near_span(text):
        hint = f"write `after {span_meant}`"
    raise RefusalError(f"`{text}` does not say when again", hint)


ReentryText = Annotated[
    Reentry, *text_as(parse_reentry, "when again", "always", "after 90 days", "never")
]


class GoalFile(FileModel):
    """What is measured of those who came in."""

    when: Words = Field(
        description="An expression: what counts as reached.",
        examples=["count('order', since=entered_at) > 0"],
    )
    within: Waiting = Field(description="How long after they came in.", examples=["30 days"])
