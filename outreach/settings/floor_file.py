"""Floors as they are written in outreach.yaml: who is owed a touch once there was none for so long."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from outreach.documents import Document, FileModel, RefusalError
from outreach.documents.validation import LATER
from outreach.errors import Problem
from outreach.settings.company import Floor, Picked
from outreach.settings.selection_file import SelectionFile, everyone_or_expression
from outreach.settings.written import Name, Whole, Window
from outreach.spans import Per, PerKind

OWNER = "owner"
_ONE = "write `at_least: 1`, with a shorter `per` for more"


def _only_one(number: int) -> int:
    if number != 1:
        raise RefusalError("more than one touch per span is not supported yet", _ONE)
    return number


def _only_days(per: Per) -> Per:
    if per.kind is not PerKind.DAYS:
        message = f"a floor counts days, not `{per}`: it is looked at once a day"
        raise RefusalError(message, "write for example `30 days`")
    return per


class FloorFile(FileModel):
    """Who would have no touch in a span is owed one."""

    at_least: Annotated[Whole, Field(ge=1), AfterValidator(_only_one)] = Field(
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
        description="Who is in touch then: `owner`, the one of `owners` whose customer it is.",
        examples=[OWNER],
    )

    def floor(self) -> Floor:
        """The rule itself."""
        audience = self.audience.model_dump(exclude_none=True)
        return Floor(days=self.per.length, audience=Picked(**audience))


def floor_problems(document: Document) -> Iterator[Problem]:
    """Problems of who is to be in touch."""
    floors = document.get(("floors",))
    for index in range(len(floors) if isinstance(floors, list) else 0):
        path = ("floors", index, "by")
        by = document.get(path)
        if by == OWNER and not document.get(("owners",)):
            message = "a floor `by: owner` needs `owners`: the people who are given the tasks"
            yield document.problem(path, "missing", message, "name them")
        elif isinstance(by, str) and by != OWNER:
            message = f"`by: {by}`: a floor by a campaign is not supported yet"
            yield document.problem(path, LATER, message, f"write `by: {OWNER}`")
