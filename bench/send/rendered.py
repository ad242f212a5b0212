"""A source of messages that are rendered already, for a sender alone."""

import threading
from collections.abc import Callable, Sequence

from outreach.channels.adapter import Message, Outcome
from outreach.vocabulary import Answer


class Rendered:
    """Gives out messages, in groups as asked for, and counts those that were accepted."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self._lock = threading.Lock()
        self._left = list(messages)
        self.accepted = 0

    def pull(self, most: int, connection: int | None = None) -> Sequence[Message]:  # noqa: ARG002
        with self._lock:
            given, self._left = self._left[-most:], self._left[:-most]
            return given

    def pull_soon(
        self, most: int, connection: int | None, came: Callable[[Sequence[Message]], None]
    ) -> None:
        came(self.pull(most, connection))

    def report(self, outcome: Outcome) -> None:
        self.accepted += outcome.answer is Answer.ACCEPTED

    def stopping(self) -> bool:
        return False
