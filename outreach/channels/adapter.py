"""What a channel is to the rest: messages pulled from a source, one outcome reported for each.

An adapter knows no database, queue, web or templates. It pulls ready messages, talks to its
provider and reports each outcome as its answer comes. It never raises for what can be foreseen.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, NamedTuple, Protocol, runtime_checkable

from outreach.vocabulary import Answer, Fault, ReceiptKind, TaskKind


@dataclass(slots=True)
class Email:
    """A rendered mail. `content` is the whole message, CRLF line ends, headers first, not dot-stuffed."""

    channel: ClassVar[str] = "email"
    id: int  # the delivery's
    to: str  # normalised address
    sender: str  # envelope sender (MAIL FROM)
    content: bytes
    eight_bit: bool  # needs 8BITMIME
    begin_by: float = field(default=float("inf"), compare=False)  # time.monotonic; see Source.pull
    # Whoever made it knows that no line begins with a dot, and that CR and LF only stand together.
    plain: bool = field(default=False, compare=False)

    @property
    def text(self) -> str:
        """The bytes as text, for people."""
        return self.content.decode("utf-8", "replace")


@dataclass(slots=True)
class Text:
    """A rendered plain text: an SMS."""

    channel: ClassVar[str] = "sms"
    id: int
    to: str  # E.164
    sender: str  # E.164, a sender id, or a messaging service's sid
    text: str
    token: str  # public id of the delivery, for callbacks; says nothing of the customer
    begin_by: float = field(default=float("inf"), compare=False)


@dataclass(slots=True)
class Task:
    """Something for the customer's owner to do: a call, a visit, a letter."""

    channel: ClassVar[str] = "task"
    id: int
    to: str  # the customer's key
    kind: TaskKind
    title: str  # one line
    words: str  # what to say; may be empty
    begin_by: float = field(default=float("inf"), compare=False)

    @property
    def text(self) -> str:
        """The whole of it, for people."""
        return f"{self.kind.value}: {self.title}\n\n{self.words}".strip()


Message = Email | Text | Task


class Outcome(NamedTuple):
    """What came of one message, as far as the adapter can know."""

    id: int
    answer: Answer
    fault: Fault = Fault.NONE
    stage: str = (
        ""  # of the conversation at which it ended: connect, auth, mail, rcpt, data, dot, post
    )
    code: str = ""  # the provider's code, "550 5.1.1", "21610"
    detail: str = ""  # the provider's words; never an address or the message's text
    provider_id: str = ""  # what the provider calls the message
    begun: bool = True  # False: nothing was written; it goes back as if never handed
    task: Task | None = None  # what was accepted to be written into the list of tasks

    @classmethod
    def not_begun(cls, id: int, detail: str = "") -> "Outcome":  # noqa: A002
        """For a message that was pulled and not begun: it is free to be sent again at once."""
        return cls(id, Answer.RETRY, Fault.TEMPORARY, "pull", "", detail, "", begun=False)


class Source(Protocol):
    """Where an adapter gets its messages from and reports to; any thread may call it."""

    def pull(self, most: int, connection: int | None = None) -> Sequence[Message]:
        """Up to `most` messages, each committed as *handing*; may wait shortly; empty: no more work.

        `connection`: the number of the one they are for; None: of its own until all are reported.

        Each message's `begin_by` (time.monotonic) is when it must have been begun: after it,
        report `Outcome.not_begun` and write nothing. Every pulled message is reported once.
        """
        ...

    def pull_soon(
        self, most: int, connection: int | None, came: Callable[[Sequence[Message]], None]
    ) -> None:
        """As `pull`, but returns at once: `came` is called with them, once, from any thread."""
        ...

    def report(self, outcome: Outcome) -> None:
        """Take one outcome; returns at once (it is being written down within 25 ms)."""
        ...

    def stopping(self) -> bool:
        """Whether to begin nothing more; what is in flight is still answered."""
        ...


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `outreach doctor`."""

    check: str
    ok: bool
    detail: str


class Adapter(Protocol):
    """The code that sends on one channel through one provider; one per channel and worker process."""

    name: str
    place: str  # the provider as people know it, host:port; no user, no password

    def serve(self, source: Source) -> None:
        """Pull and send until the source is empty or stopping; returns when every message is reported."""
        ...

    def check(self) -> Sequence[Check]:
        """Whether the provider can be used, without sending anything."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...


@dataclass(frozen=True, slots=True)
class Sought:
    """A message whose answer was never read; the provider may have it since then."""

    message: Message
    since: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """A message in a provider's list that is the one of a delivery by address and text."""

    id: int  # the delivery's
    kind: ReceiptKind
    provider_id: str
    at: datetime
    code: str = ""
    hard: bool = False  # of a bounce: the address does not exist


@runtime_checkable
class Interruptible(Protocol):
    """An adapter that can let go of what its provider has not got the words of yet."""

    def interrupt(self) -> None:
        """Wait for answers to whole messages alone; what has not got so far is not begun."""
        ...


@runtime_checkable
class Inquirer(Protocol):
    """An adapter whose provider can be asked what it has."""

    def ask(self, sought: Sequence[Sought]) -> list[Listed]:
        """Where each is listed, the newest first; of one that is not, or no answer came, nothing.

        What is younger than a minute is left out: its answer may still be on its way.
        """
        ...
