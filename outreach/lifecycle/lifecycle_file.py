"""A lifecycle's file: what may be written in it."""

import re
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from outreach.campaign.schema import schema_of
from outreach.documents import FileModel, RefusalError
from outreach.settings.written import Several, Whole, YesNo

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
MOST_DAYS = 3_650
Days = Annotated[Whole, Field(ge=1, le=MOST_DAYS)]


class StageFile(FileModel):
    """One stage as it is written."""

    id: str = Field(description="What campaigns call it.", examples=["growth"])
    title: str = Field("", description="What people read. Left out: the id.")
    meaning: str = Field("", description="One sentence for people.")
    when: str = Field(
        description="An expression, or `otherwise`: everyone whom no rule before took.",
        examples=["orders >= 2"],
    )
    least_days: Days | None = Field(
        None, description="Who came to this stage stays so many days (of 24 hours) at least."
    )
    unless: str | None = Field(
        None,
        description="An expression: where it holds, `least_days` keeps nobody.",
        examples=["count('order', since=now - days(1)) > 0"],
    )

    @field_validator("id")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        if _ID.fullmatch(value) is None:
            raise RefusalError(f"`{value}` is no name for a stage", "letters, digits, - and _")
        return value

    @model_validator(mode="after")
    def _has_what_unless_ends(self) -> "StageFile":
        if self.unless is not None and self.least_days is None:
            raise RefusalError(
                "`unless` stands only beside `least_days`", "write how long", at=("unless",)
            )
        return self


class LifecycleFile(FileModel):
    """A lifecycle as it is written."""

    title: str = Field("", description="What people read. Left out: the file's name.")
    stages: list[StageFile] = Field(
        min_length=1, max_length=50, description="The stages in the order of life."
    )
    evaluation: Several[str] | None = Field(
        None,
        description="All stages, in the order in which their rules are asked. Left out: as they "
        "stand under `stages`.",
        examples=[["lost", "regular", "new"]],
    )
    moves: dict[str, Several[str]] | None = Field(
        None,
        description="Where a customer may go from a stage. A stage that is not named here may be "
        "left for any other.",
        examples=[{"growth": ["maturity", "decline"]}],
    )
    high_water: YesNo = Field(
        False, description="A stage that was reached is never left for one that stands before it."
    )


def lifecycle_schema() -> dict[str, Any]:
    """The JSON Schema of a lifecycle's file."""
    return schema_of(LifecycleFile, "A lifecycle")
