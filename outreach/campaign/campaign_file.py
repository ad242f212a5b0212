"""A campaign's file: what may be written in it."""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from outreach.campaign.content_file import ContentFile
from outreach.campaign.experiment_file import ExperimentFile
from outreach.campaign.misplaced import IN_CAMPAIGN
from outreach.campaign.schedule_file import ScheduleFile
from outreach.campaign.steps_file import Steps
from outreach.campaign.trigger_file import GoalFile, ReentryText
from outreach.documents import RefusalError
from outreach.settings.channel_file import Price
from outreach.settings.near_values import near_window
from outreach.settings.rules_file import ONLY_THIS, CapFile
from outreach.settings.selection_file import (
    EVERYONE,
    SelectionFile,
    any_expression,
    everyone_or_expression,
)
from outreach.settings.written import (
    Name,
    Share,
    Whole,
    Words,
)
from outreach.vocabulary import Approval, Status

_KEY_ALONE = re.compile(r"([a-z_]+):(\S.*)")

Excluded = Annotated[
    SelectionFile,
    BeforeValidator(any_expression, json_schema_input_type=SelectionFile | str),
]


class AudienceFile(SelectionFile):
    """Who a campaign is for."""

    exclude: Excluded | None = Field(
        None,
        description="Who is left out: keys as above, or an expression.",
        examples=[{"tags": ["do-not-greet"]}],
    )


def _schedule(written: object) -> object:
    if not isinstance(written, str):
        return written
    if (typed := _KEY_ALONE.fullmatch(written)) is not None:
        hint = f"write a space after `:`, as in `{typed[1]}: {typed[2]}`"
        raise RefusalError(f"there is no space after `{typed[1]}:`", hint)
    form = "cron: " + f'"{written}"' if len(written.split()) == 5 else "manual: true"
    hint = "write `schedule: {cron: …}`, `{at: …}` or `{manual: true}`"
    if written == "manual" or form.startswith("cron"):
        hint = f"write `schedule: {{{form}}}`"
    raise RefusalError("`schedule` must be a group of keys, not text", hint)


def _rules(written: object) -> object:
    if isinstance(written, dict):
        most, per = written.get("at_most", 1), written.get("per", "14 days")
        per = (near_window(per) if isinstance(per, str) else "") or per
        rest = "".join(f", {key}: {written[key]}" for key in ("channel", "topic") if key in written)
        hint = f"write `cadence:` and below it `  - {{at_most: {most}, per: {per}{rest}}}`"
        if "campaign" in written:
            hint = f"{ONLY_THIS} under `audience` `exclude: received('{written['campaign']}', days(30))`"
        raise RefusalError("`cadence` must be a list, not a group of keys", hint)
    if written in ("none", []):
        raise RefusalError(
            "a campaign can only add limits to the company's", "take `cadence` out of the campaign"
        )
    return written


class CampaignFile(ContentFile):
    """One campaign: what to say, to whom, when, how often."""

    elsewhere: ClassVar[Mapping[str, str]] = IN_CAMPAIGN

    title: Words | None = Field(
        None,
        description="What people read. Left out: the file's name.",
        examples=["Friday greeting"],
    )
    owner: Words = Field(description="Who answers for this campaign.", examples=["mei@example.com"])
    topic: Name = Field(
        description="What the customer must have agreed to hear about; one of outreach.yaml's.",
        examples=["greetings"],
    )
    status: Status = Field(
        Status.DRAFT,
        description="Only active campaigns go out. Left out: draft.",
        examples=["active"],
    )
    priority: Annotated[Whole, Field(ge=0, le=100)] = Field(
        50, description="Who gets the last message a customer may be sent: the higher wins."
    )
    audience: Annotated[
        AudienceFile,
        BeforeValidator(everyone_or_expression, json_schema_input_type=AudienceFile | str),
    ] = Field(description="Who it is for: keys, an expression, or `everyone`.", examples=[EVERYONE])
    schedule: Annotated[
        ScheduleFile, BeforeValidator(_schedule, json_schema_input_type=ScheduleFile)
    ] = Field(description="When it goes out.", examples=[{"cron": "0 17 * * FRI"}])
    cadence: Annotated[tuple[CapFile, ...], BeforeValidator(_rules)] = Field(
        (),
        description="Limits besides the company's: at most so many messages to one customer, of "
        "any campaign unless `channel` or `topic` says which count.",
    )
    when_capped: Literal["skip", "hold"] = Field(
        "skip", description="What happens to a message above a limit: left out, or sent later."
    )
    on_unknown: Literal["keep", "resend"] = Field(
        "keep",
        description="When nobody can say whether a message arrived: `resend` only for what the "
        "customer ordered or must know.",
    )
    steps: Steps = Field(
        description="The message; or several, with waits and branches between them.",
        examples=[[{"id": "greet", "channels": ["email"], "template": "friday-greeting"}]],
    )
    exit: Words | None = Field(
        None,
        description="An expression: for whom it holds the rest is over.",
        examples=["count('order', since=entered_at) > 0"],
    )
    goal: GoalFile | None = Field(
        None,
        description="What `report` measures of those who came in; it ends nothing.",
        examples=[{"when": "count('order', since=entered_at) > 0", "within": "30 days"}],
    )
    reentry: ReentryText | None = Field(
        None,
        description="Whether who was in it may come in again; never twice at once. Left out: always,"
        " for `on_stage` and `idle` after 30 days.",
        examples=["always", "after 90 days", "never"],
    )
    migrate: Literal["here"] | None = Field(
        None,
        description="`here`: who is under way changes to this version of the file, from the step "
        "where they are. Left out: they go on by the version by which they came in.",
    )
    experiment: ExperimentFile | None = Field(
        None,
        description="Compares variants of the message, or sends some customers nothing, to see "
        "what the campaign does.",
    )
    budget: Price | None = Field(
        None,
        description="In the company's currency: a run that would cost more is held for a person.",
        examples=[300],
    )
    brake: Share | None = Field(
        None,
        description="An audience that much larger than approved, or than last time, is held for a "
        "person.",
        examples=["50%"],
    )
    approval: Approval = Field(
        Approval.NONE,
        description="How many of the people in outreach.yaml approve it before anything goes out. "
        "Left out: none, or as many as outreach.yaml asks for.",
        examples=["one", "two"],
    )
