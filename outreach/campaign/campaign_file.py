"""A campaign's file: what may be written in it."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from outreach.campaign.content_file import ContentFile
from outreach.campaign.experiment_file import ExperimentFile
from outreach.campaign.joined import all_of, are_words, of_a_list, one_expression
from outreach.campaign.misplaced import IN_AUDIENCE, IN_CAMPAIGN, IN_STEP
from outreach.campaign.schedule_file import ScheduleFile
from outreach.documents import FileModel, RefusalError
from outreach.settings.channel_file import Price
from outreach.settings.near_values import near_window
from outreach.settings.rules_file import ONLY_THIS, CapFile
from outreach.settings.written import (
    Country,
    Language,
    Name,
    Several,
    Share,
    Whole,
    Words,
    text_as,
)
from outreach.vocabulary import Status

EVERYONE = "everyone"
_KEY_ALONE = re.compile(r"([a-z_]+):(\S.*)")


class SelectionFile(FileModel):
    """Picks customers: all keys must hold; of a list, any."""

    elsewhere: ClassVar[Mapping[str, str]] = IN_AUDIENCE

    stage: Annotated[Several[Name], of_a_list("stages")] | None = Field(
        None, description="Stages of the customer's life.", examples=[["growth", "maturity"]]
    )
    tier: Annotated[Several[Words], of_a_list("tiers", words=False)] | None = Field(
        None, description="The customer's value.", examples=["A"]
    )
    owner: Annotated[Several[Words], of_a_list("owners", words=False)] | None = Field(
        None, description="The person the customer belongs to.", examples=["mei@example.com"]
    )
    tags: Annotated[Several[Words], of_a_list("tags", words=False)] | None = Field(
        None, description="The customer has any of these tags.", examples=[["vip"]]
    )
    country: Annotated[Several[Country], of_a_list("countries")] | None = Field(
        None, description="Countries, by two letters."
    )
    locale: Annotated[Several[Language], of_a_list("languages")] | None = Field(
        None, description="The customer's language."
    )
    where: Annotated[Words, BeforeValidator(all_of)] | None = Field(
        None,
        description="An expression over what is known of the customer.",
        examples=["last_order_at > now - days(180) and orders >= 2"],
    )


def _expression_as_where(written: object) -> object:
    if isinstance(written, str):
        return {"where": written}
    if written == {}:
        raise RefusalError("this picks nobody in particular", "name somebody, or take it out")
    return written


def _one_expression(written: object) -> object:
    return _expression_as_where(one_expression(written, "or"))


def _everyone_or_expression(written: object) -> object:
    if written == EVERYONE:
        return {}
    if written == {}:
        raise RefusalError("`audience` says nothing", f"for everyone write `audience: {EVERYONE}`")
    whole = written if are_words(written) else all_of(written)
    return _expression_as_where(whole)


Excluded = Annotated[
    SelectionFile,
    BeforeValidator(_one_expression, json_schema_input_type=SelectionFile | str),
]


class AudienceFile(SelectionFile):
    """Who a campaign is for."""

    exclude: Excluded | None = Field(
        None,
        description="Who is left out: keys as above, or an expression.",
        examples=[{"tags": ["do-not-greet"]}],
    )


def parse_template(text: str) -> str:
    """A folder under templates/, `/` between its parts; those that begin with `_` are layouts."""
    parts = text.removesuffix("/").split("/")
    for part in parts:
        if part in (".", "..", "") or part.startswith(("_", ".")) or "\\" in part:
            raise RefusalError(f"`{text}` can not be a template", "name a folder under templates/")
    return "/".join(parts)


_CHANNELS = of_a_list("channels", why=": the first on which the customer can be reached")


class StepFile(FileModel):
    """One message."""

    later: ClassVar[frozenset[str]] = frozenset({"wait", "branch"})
    elsewhere: ClassVar[Mapping[str, str]] = IN_STEP

    id: Name = Field(description="A name for this message.", examples=["greet"])
    channels: Annotated[Several[Name], _CHANNELS] = Field(
        description="Where it goes: the first on which the customer can be reached.",
        examples=[["sms", "email"]],
    )
    template: Annotated[str, *text_as(parse_template, "a template's name", "friday-greeting")] = (
        Field(description="A folder under templates/.", examples=["friday-greeting"])
    )
    when: Words | None = Field(
        None, description="An expression: only those for whom it holds get it."
    )


def _first_of(written: object) -> object:
    """Several steps are refused with one problem (see load); the first is still looked at."""
    if isinstance(written, dict):
        if "-id" in written:
            raise RefusalError("there is no space after `-`", "write a space after it: `- id: …`")
        raise RefusalError("`steps` must be a list", "write `- ` before `id`")
    if is_one_step(written) and isinstance(written, list):
        return [{key: each for part in written for key, each in part.items()}]
    return written[:1] if isinstance(written, list) else written


def _of_a_list(schema: dict[str, Any]) -> None:
    """Behind a validator pydantic takes a list's least length for that of a text."""
    schema["minItems"] = schema.pop("minLength")


def is_one_step(written: object) -> bool:
    """Whether a list of steps is one step with a dash before every line of it."""
    if not isinstance(written, list) or not all(isinstance(each, dict) for each in written):
        return False
    keys = [key for each in written for key in each]
    needed = {"id", "channels", "template"}
    fits = set(keys) <= set(StepFile.model_fields) and len(keys) == len(set(keys))
    return len(written) > 1 and fits and not needed <= set(written[0])


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

    later: ClassVar[frozenset[str]] = frozenset({"approval", "exit", "goal", "reentry"})
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
        BeforeValidator(_everyone_or_expression, json_schema_input_type=AudienceFile | str),
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
    steps: Annotated[
        tuple[StepFile, ...],
        BeforeValidator(_first_of),
        Field(min_length=1, json_schema_extra=_of_a_list),
    ] = Field(
        description="The message.",
        examples=[[{"id": "greet", "channels": ["email"], "template": "friday-greeting"}]],
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
        description="An audience that much larger than last time is held for a person.",
        examples=["50%"],
    )
