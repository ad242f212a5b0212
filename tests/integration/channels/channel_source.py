"""A source of messages for adapters: a list instead of a database, and what came of each."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

from outreach.channels.adapter import Adapter, Email, Message, Outcome, Text

SENDER = "shop@example.com"


def mail(number: int, to: str = "", body: str = "Hello", **fields: object) -> Email:
    """A rendered mail whose Message-ID names the delivery."""
    to = to or f"customer{number}@example.net"
    head = (
        f"Message-ID: <{number}@example.com>\r\nTo: {to}\r\nContent-Type: text/plain; charset=utf-8"
    )
    head += "\r\nContent-Transfer-Encoding: 8bit" if fields.get("eight_bit") else ""
    content = f"{head}\r\n\r\n{body}\r\n".encode()
    values: dict[str, object] = {"sender": SENDER, "content": content, "eight_bit": False} | fields
    return Email(number, to, **values)  # type: ignore[arg-type]


def text(number: int, to: str = "", **fields: object) -> Text:
    """A rendered SMS."""
    values: dict[str, object] = {"sender": "+15005550006", "text": "Hello", "token": f"t{number}"}
    return Text(number, to or f"+4477009{number:05d}", **(values | fields))  # type: ignore[arg-type]


class ListSource:
    """Gives out a list, in groups as asked for, and records what it is told."""

    def __init__(
        self, messages: Sequence[Message], stop: Callable[["ListSource"], bool] | None = None
    ) -> None:
        self._lock = threading.Lock()
        self._left = list(messages)
        self._stop = stop
        self.pulled: list[int] = []
        self.reported: list[Outcome] = []

    def pull(self, most: int, connection: int | None = None) -> Sequence[Message]:
        with self._lock:
            given, self._left = self._left[:most], self._left[most:]
            self.pulled += [message.id for message in given]
            return given

    def pull_soon(
        self, most: int, connection: int | None, came: Callable[[Sequence[Message]], None]
    ) -> None:
        came(self.pull(most, connection))

    def report(self, outcome: Outcome) -> None:
        with self._lock:
            self.reported.append(outcome)

    def stopping(self) -> bool:
        return self._stop is not None and self._stop(self)

    @property
    def by_id(self) -> dict[int, Outcome]:
        return {outcome.id: outcome for outcome in self.reported}

    def each_once(self) -> bool:
        """Whether every pulled message was reported, and none twice."""
        return Counter(self.pulled) == Counter(outcome.id for outcome in self.reported)


def serve(adapter: Adapter, *messages: Message) -> ListSource:
    """What came of the messages."""
    source = ListSource(messages)
    adapter.serve(source)
    return source


def outcome_of(adapter: Adapter, message: Message) -> Outcome:
    """What came of one message; all stops then, so that no wait for a better time is waited out."""
    source = ListSource([message], stop=lambda source: bool(source.reported))
    adapter.serve(source)
    return source.by_id[message.id]


def passed() -> float:
    """A `begin_by` that has passed."""
    return time.monotonic() - 1
