"""Floors as they are written in outreach.yaml: who is owed a touch once there was none for so long."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from outreach.documents import Document, FileModel, RefusalError
from outreach.errors import Problem
from outreach.settings.company import Floor, Picked
from outreach.settings.selection_file import SelectionFile, everyone_or_expression
from outreach.settings.written import Name, Whole, Window
from outreach.spans import Per, PerKind

OWNER = "owner"


def _only_days(per: Per) -> Per:
    if per.kind is not PerKind.DAYS:
        message = f"a floor counts days, not `{per}`: it is looked at once a day"
        raise RefusalError(message, "write for example `30 days`")
    return per


class FloorFile(FileModel):
    """Who would have no touch in a span is owed one."""

    at_least: Annotated[Whole, Field(ge=1)] = Field(
        description="How many touches a customer gets at least in the span: 1.", examples=[1]
    )
    per: Annotated[Window, AfterValidator(_only_days)] = Field(
        description="The span: days count the customer's own dates.", examples=["30 days"]
    )
    audience: Annotated[
        SelectionFile,
        BeforeValidator(everyone_or_expression, json_schema_input_type=SelectionFile | str),
    ] = Field(
        description="Whom it is about: keys, an expression, or `everyone`.",
        examples=[{"tier": "A"}],
    )
    by: Name = Field(
        description="Who is in touch then: `owner`, the one of `owners` whose customer it is, or a "
        "campaign by its name.",
        examples=[OWNER, "keep-in-touch"],
    )

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        if self.at_least == 1:
            return self
        days = max(1, self.per.length // self.at_least)
        message = "a floor is one touch: several in a span may all come in its first days"
        hint = f"write `at_least: 1, per: {days} day{'' if days == 1 else 's'}`: none is further from the next"
        raise RefusalError(message, hint, at=("at_least",))

    def floor(self) -> Floor:
        """The rule itself."""
        audience = self.audience.model_dump(exclude_none=True)
        by = "" if self.by == OWNER else self.by
        return Floor(days=self.per.length, audience=Picked(**audience), by=by)


def floor_problems(document: Document) -> Iterator[Problem]:
    """Problems of who is to be in touch."""
    floors = document.get(("floors",))
    for index in range(len(floors) if isinstance(floors, list) else 0):
        path = ("floors", index, "by")
        by = document.get(path)
        if by == OWNER and not document.get(("owners",)):
            message = "a floor `by: owner` needs `owners`: the people who are given the tasks"
            yield document.problem(path, "missing", message, "name them")
