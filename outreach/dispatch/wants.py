"""What connections ask for, and the thread that answers them, as many at once as it can.

One thread for all: a thread for each would be woken, and wait for the interpreter, some ten times
for every group of messages.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from outreach.channels.adapter import Message
from outreach.logger import Logger

log = Logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Want:
    """Up to `most` messages that a connection waits for; `came` is called with them, once."""

    most: int
    pull: int  # its number of those in flight
    came: Callable[[Sequence[Message]], None]


Given = tuple[Want, Sequence[Message]]


class Wants:
    """Asks `give` what there is for those who wait, again and again while anybody does.

    `give` may wait shortly, and answers as many as it has something for, or the end (nothing). An
    error of its ends all: it is told, whoever asks gets nothing, and `failed` says so.
    """

    def __init__(self, give: Callable[[Sequence[Want]], Iterable[Given]], name: str) -> None:
        self._give = give
        self._wants: list[Want] = []
        self._closed = False
        self.failed = False
        self._came = threading.Condition()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def ask(self, want: Want) -> None:
        """Have it answered; returns at once."""
        with self._came:
            closed = self._closed
            if not closed:
                self._wants.append(want)
                self._came.notify()
        if closed:
            want.came([])

    def close(self) -> None:
        """Give nothing more: whoever waits, or asks later, gets nothing."""
        with self._came:
            self._closed = True
            self._came.notify()
        self._thread.join()

    def _work(self) -> None:
        try:
            while wants := self._waiting():
                self._answer(self._give(wants))
        except Exception:
            log.exception("messages can not be given out")
            self.failed = True
        with self._came:
            self._closed = True
            left = tuple(self._wants)
        self._answer((want, []) for want in left)

    def _waiting(self) -> tuple[Want, ...]:
        with self._came:
            self._came.wait_for(lambda: self._wants or self._closed)
            return () if self._closed else tuple(self._wants)

    def _answer(self, given: Iterable[Given]) -> None:
        for want, messages in given:
            with self._came:
                self._wants.remove(want)
            want.came(messages)
