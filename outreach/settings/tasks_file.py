"""Which events become tasks, as it is written under `tasks` in outreach.yaml."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from outreach.documents import Document, FileModel, RefusalError
from outreach.errors import Problem
from outreach.settings.company import MANAGER, Escalation, TaskRules
from outreach.settings.rules_file import unknown_name
from outreach.settings.written import Late, Whole, Words

_LEFT_OUT = TaskRules()
NEVER = 2**31 - 1  # urgent tasks: more than anybody has, and a number that databases compare


class ServiceLevelFile(FileModel):
    """How soon customers get an answer, by the clock; what is left out asks for none."""

    reply: Late | None = Field(None, description="To what they wrote to us.", examples=["1 day"])
    complaint: Late | None = Field(None, description="To a complaint.", examples=["4 hours"])


class EscalateFile(FileModel):
    """Who is told of a task from promises, replies, complaints and floors that is long overdue.

    It is listed under them in `outreach tasks list --owner`; no message is sent.
    """

    after: Late = Field(description="So long after it was due.", examples=["1 day"])
    to: Words = Field(
        description="One of `owners`; an owner's own `manager` goes before.",
        examples=["tom@example.com"],
    )


class AtMostFile(FileModel):
    """How many tasks from promises, replies, complaints and floors are given out at once; others wait.

    Tasks that campaigns give out are not counted.
    """

    customer: Annotated[Whole, Field(ge=1)] = Field(
        _LEFT_OUT.per_customer, description="About one customer.", examples=[3]
    )
    owner: Annotated[Whole, Field(ge=1)] = Field(
        _LEFT_OUT.per_owner, description="To one owner.", examples=[20]
    )


def _none_or_rule(written: object) -> object:
    if written == "none":
        return {"customer": NEVER, "owner": NEVER}
    if isinstance(written, str):
        hint = "write `{customer: 3, owner: 20}`, or `none`"
        raise RefusalError("this must be a rule", hint)
    return written


class TasksFile(FileModel):
    """Promises that are missed and answers that are owed, as tasks of the customers' owners."""

    service_level: ServiceLevelFile | None = Field(
        None,
        description="How soon a `reply` or `complaint` is answered. Left out: it is no task.",
        examples=[{"reply": "1 day", "complaint": "4 hours"}],
    )
    late: Late | None = Field(
        None,
        description="What is older when it arrives is history, and no task. Left out: 7 days.",
        examples=["7 days"],
    )
    escalate: EscalateFile | None = Field(
        None,
        description="Under whom a promise, reply, complaint or floor that is long overdue is listed as well: no "
        "message is sent, and tasks of campaigns never are. Left out: nobody.",
    )
    at_most: (
        Annotated[
            AtMostFile,
            BeforeValidator(_none_or_rule, json_schema_input_type=Literal["none"] | AtMostFile),
        ]
        | None
    ) = Field(
        None,
        description="How many tasks from promises, replies, complaints and floors are given out at once; those of "
        "campaigns are not counted. Left out: 3 and 20; `none`: no limit.",
    )
    fallback: Words | None = Field(
        None,
        description="The one of `owners` who takes what is of customers without a known owner.",
        examples=["tom@example.com"],
    )

    def rules(self) -> TaskRules:
        """The same as the rest uses it."""
        given: dict[str, Any] = {}
        if self.service_level is not None:
            given["service_levels"] = self.service_level.model_dump(exclude_none=True)
        if self.late is not None:
            given["late"] = self.late
        if self.escalate is not None:
            given["escalation"] = Escalation(after=self.escalate.after, to=self.escalate.to)
        if self.at_most is not None:
            given |= {"per_customer": self.at_most.customer, "per_owner": self.at_most.owner}
        return TaskRules(fallback=self.fallback or "", **given)


def unknown_people(document: Document) -> Iterator[Problem]:
    """Problems of those who are named as somebody's manager or to take tasks, and are no owners."""
    found = document.get(("owners",))
    owners = found if isinstance(found, dict) else {}
    if document.has(("tasks",)) and not owners:
        message = "`tasks` needs `owners`: the people who are given tasks"
        yield document.problem(("tasks",), "missing", message, "name them", key=True)
        return
    paths = [("tasks", "fallback"), ("tasks", "escalate", "to")]
    for path in [*paths, *(("owners", name, MANAGER) for name in owners)]:
        yield from unknown_name(document, path, "owner", owners, "add it to `owners`")
