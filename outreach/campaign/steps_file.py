"""The steps of a campaign as they are written: messages, waits and branches."""

import re
from collections.abc import Mapping
from datetime import time, timedelta
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from outreach.campaign.every_text import weekday_called
from outreach.campaign.misplaced import IN_STEP
from outreach.campaign.on_date_file import parse_time_of_day
from outreach.campaign.triggers import Moment
from outreach.documents import FileModel, Path, RefusalError
from outreach.settings.joined import of_a_list
from outreach.settings.written import SPANS, Name, Several, Words, parse_late, text_as
from outreach.spans import WEEKDAYS

LONGEST_WAIT = timedelta(days=730)
_MOMENT = re.compile(r"(?:(?P<day>[a-z]+)\s+)?(?:at\s+)?(?P<at>\d{1,2}:\d\d)", re.IGNORECASE)
_CHANNELS = of_a_list("channels", why=": the first on which the customer can be reached")


def parse_template(text: str) -> str:
    """A folder under templates/, `/` between its parts; those that begin with `_` are layouts."""
    parts = text.removesuffix("/").split("/")
    for part in parts:
        if part in (".", "..", "") or part.startswith(("_", ".")) or "\\" in part:
            raise RefusalError(f"`{text}` can not be a template", "name a folder under templates/")
    return "/".join(parts)


class StepFile(FileModel):
    """One message."""

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


def parse_wait(text: str) -> timedelta:
    """How long nothing is sent."""
    span = parse_late(text)
    if span > LONGEST_WAIT:
        hint = f"write at most {LONGEST_WAIT.days} days"
        raise RefusalError(f"`{text}` is longer than a journey can be foreseen", hint)
    return span


def moment_of(text: str) -> Moment | None:
    """`monday at 10:00`, `day at 09:00` or `09:00`; None where it is an expression."""
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        return None
    at: time = parse_time_of_day(match["at"])
    if match["day"] is None or match["day"].lower() == "day":
        return Moment(at)
    weekday = weekday_called(match["day"].lower())
    if weekday is None:
        hint = f"write `monday at {match['at']}`; there are {', '.join(WEEKDAYS)}, and `day`"
        raise RefusalError(f"`{match['day']}` is no day of the week", hint)
    return Moment(at, weekday)


Waiting = Annotated[
    timedelta, *text_as(parse_wait, "a span of time", "3 days", "36 hours", pattern=SPANS)
]


def is_moment(text: str) -> bool:
    """Whether a time of the clock is meant, be it one that there is or not."""
    return _MOMENT.fullmatch(text.strip()) is not None


class WaitGroupFile(FileModel):
    """What is waited for: `for` a span, or `until` something."""

    elsewhere: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("days", "span", "hours"), "write `for: 3 days`"),
        **dict.fromkeys(("timeout", "max", "most", "within"), "how long at most is `at_most`"),
    }

    id: Name | None = Field(
        None, description="A name, for `timed_out(…)` in later steps.", examples=["patience"]
    )
    span: Waiting | None = Field(
        None, alias="for", description="So long after the step before was sent or left out."
    )
    until: Words | None = Field(
        None,
        description="The next such time of the customer's clock, or an expression.",
        examples=["monday at 10:00", "count('order', since=entered_at) > 0"],
    )
    at_most: Waiting | None = Field(
        None, description="It ends so long after it began, whatever is so.", examples=["5 days"]
    )

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if (self.span is None) == (self.until is None):
            message = (
                "`wait` says `for` and `until`" if self.span else "`wait` does not say for what"
            )
            raise RefusalError(message, "write one: `wait: 3 days`, or `until` with `at_most`")
        moment = None if self.until is None else moment_of(self.until)
        if self.until is not None and moment is None and self.at_most is None:
            hint = "write for example `at_most: 5 days`"
            raise RefusalError("how long at most it waits is not said", hint)
        if self.at_most is not None and (moment is not None or self.span is not None):
            hint = "take `at_most` out"
            raise RefusalError(
                "`at_most` is for `until` with an expression", hint, at=("at_most",), key=True
            )
        return self


def _group_of_wait(written: object) -> object:
    """`3 days` and `monday at 10:00` are short for a group of one key."""
    if not isinstance(written, str):
        return written
    if is_moment(written):
        raise RefusalError("a time of the clock is `until`", f"write `wait: {{until: {written}}}`")
    return {"for": written}


class WaitFile(FileModel):
    """A pause between two steps."""

    told_by: ClassVar[str] = "wait"
    elsewhere: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("until", "at_most", "id"), "write `wait: {until: …, at_most: 5 days}`"),
        **dict.fromkeys(
            ("channels", "template", "when"), "a message is a step of its own: put `- ` before it"
        ),
    }

    wait: Annotated[
        WaitGroupFile, BeforeValidator(_group_of_wait, json_schema_input_type=WaitGroupFile | str)
    ] = Field(
        description="A span, from when the step before was sent or left out; or `until` something.",
        examples=["3 days"],
    )


class WayFile(FileModel):
    """One way of a branch: `when` an expression holds, or `otherwise`."""

    when: Words | None = Field(None, description="An expression: for whom this way is.")
    otherwise: "Steps | None" = Field(None, description="The steps of all others; the last way.")
    steps: "Steps | None" = Field(None, description="The steps of this way.")

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.otherwise is not None and (self.when is not None or self.steps is not None):
            hint = "write `otherwise: [its steps]` alone"
            raise RefusalError("`otherwise` stands alone", hint, at=("otherwise",), key=True)
        if self.otherwise is None and (self.when is None or self.steps is None):
            raise RefusalError(
                "a way of a branch has `when` and `steps`",
                "write `{when: tier == 'A', steps: [...]}` or `{otherwise: [...]}`",
            )
        return self


class BranchFile(FileModel):
    """Different steps for different customers, decided once on arrival."""

    told_by: ClassVar[str] = "branch"

    branch: tuple[WayFile, ...] = Field(
        description="The first way whose `when` holds is taken; none: on behind the branch.",
        json_schema_extra={"minItems": 1},
    )

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if not self.branch:
            raise RefusalError(
                "`branch` has nothing in it", "write at least one way", at=("branch",)
            )
        for number, way in enumerate(self.branch[:-1]):
            if way.otherwise is not None:
                at: Path = ("branch", number, "otherwise")
                raise RefusalError(
                    "`otherwise` is not the last way", "put it last", at=at, key=True
                )
        return self


def _kind_of(written: object) -> str:
    """Which of the three an item is; told by its key."""
    for model in (WaitFile, BranchFile):
        if isinstance(written, model) or (isinstance(written, dict) and model.told_by in written):
            return f"<{model.told_by}>"
    return "<message>"


Item = Annotated[
    Annotated[StepFile, Tag("<message>")]
    | Annotated[WaitFile, Tag("<wait>")]
    | Annotated[BranchFile, Tag("<branch>")],
    Discriminator(_kind_of),
]


def _listed(written: object) -> object:
    if isinstance(written, dict):
        if "-id" in written:
            raise RefusalError("there is no space after `-`", "write a space after it: `- id: …`")
        raise RefusalError("`steps` must be a list", "write `- ` before `id`")
    if is_one_step(written) and isinstance(written, list):
        return [{key: each for part in written for key, each in part.items()}]
    return written


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


Steps = Annotated[
    tuple[Item, ...],
    BeforeValidator(_listed),
    Field(min_length=1, json_schema_extra=_of_a_list),
]
WayFile.model_rebuild()
BranchFile.model_rebuild()
