"""Tasks for staff: the provider is our own list, so each is accepted at once.

The list is in the database, which an adapter does not know: it hands the task back with its
answer, and what settles the answer writes both in one transaction.
"""

import time

from outreach.channels.adapter import Check, Message, Outcome, Source, Task
from outreach.settings.company import Company
from outreach.settings.environment import Environment
from outreach.vocabulary import Answer, Fault

PULLED = 100
STAGE = "list"


class TaskAdapter:
    """Gives each customer's owner something to do."""

    name = "task"

    def __init__(self, channel: str, company: Company, environment: Environment) -> None:  # noqa: ARG002
        self._channel = channel
        self._owners = len(company.owners)
        self.place = "the list of tasks"

    def serve(self, source: Source) -> None:
        """Accept until the source is empty or stopping."""
        while not source.stopping():
            messages = source.pull(PULLED)
            if not messages:
                return
            for message in messages:
                late = source.stopping() or time.monotonic() >= message.begin_by
                source.report(Outcome.not_begun(message.id) if late else _accepted(message))

    def check(self) -> list[Check]:
        """Whether there is anybody to give tasks to."""
        detail = f"owners who are given tasks: {self._owners}"
        return [Check(self._channel, ok=self._owners > 0, detail=detail)]

    def close(self) -> None:
        """Nothing to give back."""


def _accepted(message: Message) -> Outcome:
    if not isinstance(message, Task):
        return Outcome(message.id, Answer.REJECTED, Fault.CONTENT, STAGE, detail="no task")
    return Outcome(message.id, Answer.ACCEPTED, stage=STAGE, task=message)
