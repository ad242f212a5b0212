"""Floors as they are written in outreach.yaml: who is owed a touch once there was none for so long."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BeforeValidator, Field

from outreach.documents import Document, FileModel, RefusalError, Tree
from outreach.errors import Problem
from outreach.settings.company import Floor, Picked
from outreach.settings.near_values import near_days
from outreach.settings.selection_file import SelectionFile, everyone_or_expression
from outreach.settings.written import Name, Whole, or_near, text_as
from outreach.spans import Per, PerKind, parse_per

OWNER = "owner"
_USUAL = 30  # days, where `per` can not be read


def _only_days(text: str) -> Per:
    per = or_near(parse_per, near_days, text)
    if per.kind is not PerKind.DAYS:
        message = f"a floor counts days, not `{per}`: it is looked at once a day"
        raise RefusalError(message, "write for example `30 days`")
    return per


class FloorFile(FileModel):
    """Who would have no touch in a span is owed one."""

    at_least: Annotated[Whole, Field(ge=1)] = Field(
        description="How many touches a customer gets at least in the span: 1.", examples=[1]
    )
    per: Annotated[
        Per, *text_as(_only_days, "a window", "30 days", pattern=r"\d+\s+(day|week)s?")
    ] = Field(description="The span: days count the customer's own dates.", examples=["30 days"])
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

    def floor(self) -> Floor:
        """The rule itself."""
        audience = self.audience.model_dump(exclude_none=True)
        by = "" if self.by == OWNER else self.by
        return Floor(days=self.per.length, audience=Picked(**audience), by=by)


def floor_problems(document: Document) -> Iterator[Problem]:
    """Problems of how often, and of who is to be in touch, whatever else a floor lacks."""
    floors = document.get(("floors",))
    for index in range(len(floors) if isinstance(floors, list) else 0):
        least, path = document.get(("floors", index, "at_least")), ("floors", index, "by")
        if isinstance(least, int) and least > 1:
            days = max(1, _days(document.get(("floors", index, "per"))) // least)
            message = "a floor is one touch: several in a span may all come in its first days"
            hint = f"write `at_least: 1, per: {days} day{'' if days == 1 else 's'}`: none is further from the next"
            yield document.problem(("floors", index, "at_least"), "bad-value", message, hint)
        by = document.get(path)
        if by == OWNER and not document.get(("owners",)):
            message = "a floor `by: owner` needs `owners`: the people who are given the tasks"
            yield document.problem(path, "missing", message, "name them")


def _days(written: Tree) -> int:
    try:
        per = parse_per(written) if isinstance(written, str) else None
    except ValueError:
        per = None
    return per.length if per is not None and per.kind is PerKind.DAYS else _USUAL
