"""Who approves campaigns, as it is written under `approval` in outreach.yaml."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from outreach.documents import Document, FileModel, RefusalError
from outreach.errors import Problem
from outreach.settings.company import ApprovalRules
from outreach.settings.written import Several, Whole, Words
from outreach.vocabulary import Approval

NOBODY = ApprovalRules()
NAME_THEM = "name them, as in `people: [mei@example.com, tom@example.com]`"


def _once_each(people: tuple[str, ...]) -> tuple[str, ...]:
    seen: set[str] = set()
    for index, person in enumerate(people):
        if person.casefold() in seen:
            message = f"`{person}` is named twice: one person approves once"
            raise RefusalError(message, "take one out", at=(index,))
        seen.add(person.casefold())
    return people


class AboveFile(FileModel):
    """What a large audience needs."""

    audience: Annotated[Whole, Field(ge=1)] = Field(
        description="An audience of more customers than this.", examples=[5000]
    )
    least: Approval = Field(
        description="How many approve it, whatever the campaign says.", examples=["two"]
    )


class ApprovalFile(FileModel):
    """Who approves campaigns, and when they must."""

    people: Annotated[Several[Words], AfterValidator(_once_each)] = Field(
        description="Who may approve.", examples=[["mei@example.com", "tom@example.com"]]
    )
    least: Approval = Field(
        Approval.NONE,
        description="How many approve each campaign, whatever it says itself. Left out: none.",
        examples=["one"],
    )
    above: AboveFile | None = Field(
        None,
        description="How many approve one with a large audience.",
        examples=[{"audience": 5000, "least": "two"}],
    )

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.above is not None and self.above.least.people <= self.least.people:
            message = f"`above` asks for no more than `least: {self.least}` does for every campaign"
            raise RefusalError(message, "ask for more, or take it out", at=("above", "least"))
        return self

    def rules(self) -> ApprovalRules:
        """The same as the rest uses it."""
        if self.above is None:
            return ApprovalRules(people=self.people, least=self.least)
        return ApprovalRules(
            people=self.people,
            least=self.least,
            audience=self.above.audience,
            above=self.above.least,
        )


def too_few_people(document: Document, rules: ApprovalRules) -> Iterator[Problem]:
    """A problem where more must approve than are named."""
    if rules.most.people > len(rules.people):
        message = f"`{rules.most}` must approve, and `people` names {len(rules.people)}"
        yield document.problem(("approval", "people"), "too-few-people", message, NAME_THEM)
