"""One SMTP connection that is ready for mails, and what became of each.

aiosmtplib raises the same exception for a refusal of DATA and of the message, so the commands of a
delivery are written here, where the stage of each failure is known. Where the server can (RFC
2920) an envelope goes in one write, the next one behind the words of the message before: one round
trip a message, and never more than one whose words are written and not answered.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from outreach.channels.adapter import Email, Message, Outcome
from outreach.channels.email.answers import POLICY, Stage, dropped
from outreach.channels.email.endings import Ending, Timeouts, answered, words_of
from outreach.channels.email.replies import UNREADABLE, Replies, Reply
from outreach.channels.email.wire import Wire, wire
from outreach.channels.wording import place_of
from outreach.logger import Logger

log = Logger("outreach.channels.smtp")
GOING_AWAY = 421  # RFC 5321 3.8: the server closes the connection with it, at any stage
GO_ON = 354
# A server that takes longer for a message gets no envelope behind it: it would read that one when
# its customer may long have been told that nothing comes any more.
PROMPT_SECONDS = 0.5
Report = Callable[[Outcome], None]


class Dial(Protocol):
    """Opens a connection, or says why there is none."""

    async def __call__(self) -> "Connection | Ending": ...


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A message with the bytes of its conversation."""

    message: Email
    wire: Wire


class Connection:
    """A signed-in connection that delivers one message after the other."""

    def __init__(self, replies: Replies, extensions: frozenset[str], timeouts: Timeouts) -> None:
        self._replies = replies
        self._timeouts = timeouts
        self._stage = Stage.MAIL
        self.extensions = extensions
        self.used = False  # it may have gone stale since
        self._interrupted = False
        self._ahead = "pipelining" in extensions
        self._prompt = True  # the last message was answered soon
        self._current: _Prepared | None = None
        self._next: _Prepared | None = None  # its envelope is written, no word of it
        self._low: Callable[[], None] = lambda: None
        self._spoilt = False  # there is an envelope that no words may follow

    @property
    def alive(self) -> bool:
        """Whether it can take another message, as far as is known."""
        return self._replies.alive

    @property
    def encrypted(self) -> bool:
        """Whether it is private."""
        return self.alive and self._replies.encrypted

    async def deliver(
        self,
        left: deque[Message],
        report: Report,
        over: Callable[[], bool],
        low: Callable[[], None] = lambda: None,
    ) -> None:
        """Hand over messages off the left of a queue, and report what becomes of each.

        Ends when none is left, when it is `over`, or when this connection is of no more use; what
        nothing was written of stays in the queue. `low` is called when the last one is taken while
        the server answers soon.
        """
        self._low = low
        try:
            self._begin(left, report)
            while self._current is not None:
                await self._finish(self._current, left, report, over)
        except Exception as error:  # a fault of ours, too, must not take other messages along
            if not isinstance(error, OSError):
                log.error("smtp_failed", error=place_of(error))
            self.drop()
            self._lost(error, left, report)

    def let_go(self, report: Report, begin_by: float) -> None:
        """Report the message behind one that waits at its dot, if it had to begin by that instant."""
        following = self._next
        if following is not None and following.message.begin_by <= begin_by:
            self._next, self._spoilt = None, True
            report(Outcome.not_begun(following.message.id, "too late to begin"))

    def _begin(self, left: deque[Message], report: Report) -> None:
        """Take the next message that can be sent off the queue, and write its envelope."""
        self._stage = Stage.MAIL
        self._current = self._prepared(left, report)
        if self._current is not None and self._ahead:
            self._replies.write(self._current.wire.envelope, commands=3)

    async def _finish(
        self, current: _Prepared, left: deque[Message], report: Report, over: Callable[[], bool]
    ) -> None:
        """Converse about a message that has begun, report it, and begin the next one."""
        goes_on = self._ahead and self._replies.go_on()  # as nearly always
        ending = None if goes_on else await self._envelope(current.wire)
        if ending is None:
            if self._ahead and self._prompt and not over():
                self._next = self._prepared(left, report)
            ending = await self._words(current.wire)
        self.used = True
        self._current, self._next, following = None, None, self._next
        report(ending.of(current.message))
        if following is None and self.alive and not over():
            self._begin(left, report)
        elif following is not None and (over() or not self.alive):
            report(Outcome.not_begun(following.message.id, "stopped, or hung up"))
            self.drop()  # it has an envelope, which no words may follow now
        else:
            self._current = following

    async def _envelope(self, wire: Wire) -> Ending | None:
        """None: the server waits for the words. Else why it does not."""
        times, refusal, taken = self._timeouts, None, False
        for stage, command, seconds in (
            (Stage.MAIL, wire.mail, times.command),
            (Stage.RCPT, wire.rcpt, times.command),
            (Stage.DATA, b"DATA", times.data),
        ):
            if not self._ahead:
                self._replies.write(command + b"\r\n", commands=1)
            if refusal is None:
                self._stage = stage
            try:
                reply = await self._replies.next(seconds)
            except OSError:
                if refusal is None:
                    raise
                self.drop()  # it refused, and hung up before it came to the rest
                return refusal
            agreed = reply.code // 100 == (3 if stage is Stage.DATA else 2)
            taken = taken or (agreed and stage is Stage.RCPT)
            if refusal is None and not agreed:
                if reply.code == GOING_AWAY and stage is Stage.MAIL and self.used:
                    raise ConnectionResetError(reply.text)  # kept for too long
                refusal = answered(stage, reply)
            if not agreed and (reply.code < 400 or reply.code == GOING_AWAY):
                self.drop()  # it closes, or nobody knows what it would say next
                return refusal
            if refusal is not None and not self._ahead:
                break
        if refusal is not None:
            await self._undo(reply, taken=taken)
        return refusal

    async def _undo(self, last: Reply, *, taken: bool) -> None:
        """Have the server forget an envelope that it refused in part."""
        if last.code == GO_ON and taken:  # words would go to somebody
            self.drop()
            return
        try:
            if last.code == GO_ON:  # RFC 2920 3.1: a lone dot, to nobody
                self._replies.write(b".\r\n", commands=1)
                await self._replies.next(self._timeouts.dot)
            self._replies.write(b"RSET\r\n", commands=1)
            await self._replies.next(self._timeouts.command)
        except OSError:
            self.drop()

    async def _words(self, wire: Wire) -> Ending:
        """Write the message, and the next one's envelope behind it; what the server says to it."""
        if self._next is None:
            self._replies.write(wire.body, commands=1)
        else:
            self._replies.write(wire.body + self._next.wire.envelope, commands=4)
        self._stage, since = Stage.DOT, time.monotonic()
        reply = await self._replies.next(self._timeouts.dot)
        self._prompt = time.monotonic() - since < PROMPT_SECONDS
        if reply.code in (GOING_AWAY, UNREADABLE) or self._spoilt:
            self.drop()
        ending = answered(Stage.DOT, reply)
        self._stage = Stage.MAIL
        return ending

    def _prepared(self, left: deque[Message], report: Report) -> _Prepared | None:
        """The next message of the queue that can be written; what can not is reported."""
        while left:
            message = left.popleft()
            if self._prompt and not left:
                self._low()
            if not isinstance(message, Email):
                words = "SMTP carries mails only"
                report(Outcome(message.id, *POLICY, stage=Stage.MAIL, detail=words))
            elif _is_late(message):  # the last look: MAIL FROM is written next
                report(Outcome.not_begun(message.id, "too late to begin"))
            else:
                found = self._wire(message)
                if isinstance(found, Wire):
                    return _Prepared(message, found)
                report(found)
        return None

    def _wire(self, message: Email) -> Wire | Outcome:
        try:
            return wire(message, self.extensions)
        except Exception as error:  # a fault of ours is this message's alone
            log.error("smtp_failed", delivery=message.id, error=place_of(error))
            return Ending(dropped(Stage.MAIL), Stage.MAIL, detail=words_of(error)).of(message)

    def _lost(self, error: Exception, left: deque[Message], report: Report) -> None:
        """Report what was under way as the connection was lost."""
        current, following = self._current, self._next
        self._current = self._next = None
        if following is not None:
            report(Outcome.not_begun(following.message.id, "the connection was lost before it"))
        if current is None:
            return
        if self._interrupted and self._stage is not Stage.DOT:
            report(Outcome.not_begun(current.message.id, f"hung up at {self._stage}"))
        elif self.used and self._stage is Stage.MAIL:
            left.appendleft(current.message)  # servers close kept connections at will
        else:
            ending = Ending(dropped(self._stage), self._stage, detail=words_of(error))
            report(ending.of(current.message))

    async def refuses(self, sender: str) -> Ending | None:
        """Whether the server refuses mails from a sender; nothing is sent. None: it does not."""
        self._stage = Stage.MAIL
        if not sender or not sender.isascii() or not sender.isprintable() or " " in sender:
            return None  # its spelling on the wire goes by the message
        try:
            self._replies.write(f"MAIL FROM:<{sender}>\r\n".encode("ascii"), commands=1)
            reply = await self._replies.next(self._timeouts.connect)
            if reply.code // 100 != 2:
                return answered(Stage.MAIL, reply)
            self._replies.write(b"RSET\r\n", commands=1)
            await self._replies.next(self._timeouts.connect)
        except OSError as error:
            self.drop()
            return Ending(dropped(Stage.MAIL), Stage.MAIL, detail=words_of(error))
        return None

    def interrupt(self) -> None:
        """Hang up, unless the words of a message are written; what is under way ends as not begun."""
        self._interrupted = True
        if self._stage is not Stage.DOT:
            self.drop()

    def drop(self) -> None:
        """Close it at once."""
        self._replies.close()

    async def leave(self) -> None:
        """Close it politely."""
        try:
            if self.alive:
                self._replies.write(b"QUIT\r\n", commands=1)
                await self._replies.next(self._timeouts.leave)
        except OSError:
            pass
        finally:
            self.drop()


def _is_late(message: Email) -> bool:
    return time.monotonic() >= message.begin_by
