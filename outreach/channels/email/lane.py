"""One connection's work: messages pulled in small groups, and delivered over it."""

import asyncio
import functools
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from outreach.channels.adapter import Email, Message, Outcome, Source
from outreach.channels.backoff import Backoff
from outreach.channels.email.answers import LATER, OPENING, Stage
from outreach.channels.email.connection import Connection, Dial
from outreach.channels.email.endings import Ending
from outreach.logger import Logger
from outreach.vocabulary import Answer, Fault

MOST_PULLED = 16
QUICK_SECONDS = 0.25  # a group that took less may be larger the next time
SLOW_SECONDS = 0.5  # one that took longer must be smaller: each message has to begin in time
MOST_DROPS = 3  # lost connections in a row before the server is left alone for a while
STEP_SECONDS = 0.1  # how soon a stop is noticed while connecting

log = Logger("outreach.channels.smtp")


@dataclass(slots=True)
class Service:
    """What the lanes of one `serve` share."""

    source: Source
    dial: Dial
    backoff: Backoff
    idle: list[Connection]  # open ones, kept from earlier
    lanes_connected: int = field(default=0, init=False)
    drops: int = field(default=0, init=False)  # in a row
    trouble: Ending | None = field(default=None, init=False)  # why nothing more is begun

    def over(self) -> bool:
        """Whether nothing more may be begun."""
        return self.trouble is not None or self.source.stopping()


class Lane:
    """Pulls and delivers over one connection until there is no more work, or no use in trying."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._connection: Connection | None = None
        self._closed = False  # this lane gets no connection, while others have theirs
        self._most = 1  # connecting takes its time, and what is pulled must begin soon

    async def run(self) -> None:
        """Work until the source is empty or stopping, or the server can not be used."""
        service = self._service
        try:
            while not self._closed and not service.over():
                messages = await asyncio.to_thread(service.source.pull, self._most)
                if not messages:
                    return
                await self._group(messages)
        finally:
            self._give_back()

    def interrupt(self) -> None:
        """Let go of a message whose words are not written yet; call it on the loop."""
        if self._connection is not None:
            self._connection.interrupt()

    async def _group(self, messages: Sequence[Message]) -> None:
        started_at = time.monotonic()
        left = deque(messages)
        # One that is answered late must not keep those behind it: they can not begin any more.
        loop = asyncio.get_running_loop()
        too_late = loop.call_at(messages[-1].begin_by, self._return, left)
        try:
            while left:
                connection = await self._connected()
                if connection is None:
                    self._service.source.report(self._unsent(left.popleft()))
                    continue
                report = functools.partial(self._report, connection)
                await connection.deliver(left, report, self._service.over)
        finally:
            too_late.cancel()
        took = time.monotonic() - started_at
        if took < QUICK_SECONDS:
            self._most = min(self._most * 2, MOST_PULLED)
        elif took > SLOW_SECONDS:
            self._most = max(self._most // 2, 1)

    def _return(self, left: deque[Message]) -> None:
        report = self._service.source.report
        if self._connection is not None:
            self._connection.let_go(report)
        while left:
            report(Outcome.not_begun(left.popleft().id, "too late to begin"))

    def _report(self, connection: Connection, outcome: Outcome) -> None:
        if outcome.begun:
            self._learn(connection, outcome)
        self._service.source.report(outcome)

    def _unsent(self, message: Message) -> Outcome:
        trouble = self._service.trouble
        if trouble and trouble.stage in OPENING and isinstance(message, Email):
            return trouble.of(message)
        return Outcome.not_begun(message.id, "stopped, or no connection to be had")

    def _learn(self, connection: Connection, outcome: Outcome) -> None:
        service = self._service
        if outcome.answer is Answer.ACCEPTED:
            service.backoff.reset()
        service.drops = 0 if connection.alive else service.drops + 1
        stage = Stage(outcome.stage)
        if outcome.fault is Fault.CHANNEL:
            meaning = (outcome.answer, outcome.fault)
            service.trouble = Ending(meaning, stage, outcome.code, outcome.detail)
        elif service.drops >= MOST_DROPS:
            service.trouble = Ending(LATER, stage, detail="connections are lost in a row")
        if service.trouble:
            log.warning("smtp_stopped", stage=stage, code=outcome.code, fault=outcome.fault)

    async def _connected(self) -> Connection | None:
        """The lane's connection, opened where there is none; None: there is none to be had."""
        service = self._service
        if self._connection and self._connection.alive:
            return None if service.over() else self._connection
        self._give_back()
        if service.over():
            return None
        found = service.idle.pop() if service.idle else await self._dialled()
        if isinstance(found, Connection):
            service.lanes_connected += 1
            self._connection = found
        elif found is not None:
            self._not_connected(found)
        return self._connection

    async def _dialled(self) -> Connection | Ending | None:
        dialling = asyncio.ensure_future(self._service.dial())
        try:
            while not dialling.done():
                await asyncio.wait({dialling}, timeout=STEP_SECONDS)
                if self._service.source.stopping():
                    return None
            return dialling.result()
        finally:
            dialling.cancel()

    def _not_connected(self, ending: Ending) -> None:
        log.warning("smtp_not_connected", stage=ending.stage, code=ending.code)
        # A server may allow fewer connections than we would like: the others do the work.
        self._closed = self._service.lanes_connected > 0 and ending.meaning[1] is not Fault.CHANNEL
        if not self._closed:
            self._service.trouble = ending

    def _give_back(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        self._service.lanes_connected -= 1
        if connection.alive:
            connection.used = True
            self._service.idle.append(connection)
