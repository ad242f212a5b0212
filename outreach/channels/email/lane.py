"""One connection's work: messages pulled in small groups, and delivered over it."""

import asyncio
import functools
import time
from collections import deque
from dataclasses import dataclass, field

from outreach.channels.adapter import Email, Message, Outcome, Source
from outreach.channels.backoff import Backoff
from outreach.channels.email.answers import LATER, OPENING, Stage
from outreach.channels.email.connection import Connection, Dial
from outreach.channels.email.endings import Ending
from outreach.channels.loop import pulled
from outreach.logger import Logger
from outreach.vocabulary import Answer, Fault

MOST_PULLED = 16
QUICK_SECONDS = 0.25  # a group that takes less may be larger the next time
SLOW_SECONDS = 0.5  # one that takes longer must be smaller: each message has to begin in time
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
    """Pulls and delivers over one connection until there is no more work, or no use in trying.

    The next messages are pulled while the last one of those before is still on the wire.
    """

    def __init__(self, service: Service, number: int) -> None:
        """`number`: of its connection, for the source."""
        self._service = service
        self._number = number
        self._connection: Connection | None = None
        self._closed = False  # this lane gets no connection, while others have theirs
        self._most = 1  # connecting takes its time, and what is pulled must begin soon
        self._left: deque[Message] = deque()
        self._pulling: asyncio.Task[bool] | None = None
        self._since = 0.0  # of the answer before, or of the pull; time.monotonic

    async def run(self) -> None:
        """Work until the source is empty or stopping, or the server can not be used."""
        try:
            while not (self._closed or self._service.over()) and await self._has_work():
                await self._work()
        finally:
            try:
                if self._pulling is not None:
                    await self._pulling
            finally:
                while self._left:
                    self._service.source.report(self._unsent(self._left.popleft()))
                self._give_back()

    def interrupt(self) -> None:
        """Let go of a message whose words are not written yet; call it on the loop."""
        if self._connection is not None:
            self._connection.interrupt()

    async def _has_work(self) -> bool:
        """Whether there is a message; waits for what is being pulled."""
        came = True
        while came and not self._left:
            pulling, self._pulling = self._pulling or self._pull(), None
            came = await pulling
        return came

    def _pull(self) -> "asyncio.Task[bool]":
        return asyncio.ensure_future(self._pulled())

    def _pull_ahead(self) -> None:
        """Begin to pull, unless it was begun."""
        if (self._pulling is None or self._pulling.done()) and not self._service.over():
            self._pulling = self._pull()

    async def _pulled(self) -> bool:
        """Pull; whether anything came."""
        messages = await pulled(self._service.source, self._most, self._number)
        if not messages:
            return False
        self._since = time.monotonic()
        self._left.extend(messages)
        # One that is answered late must not keep those behind it: they can not begin any more.
        loop = asyncio.get_running_loop()
        loop.call_at(messages[-1].begin_by, self._give_up, messages[-1].begin_by)
        return True

    async def _work(self) -> None:
        """Deliver what is there, and what comes meanwhile, while the connection lives."""
        connection = await self._connected()
        if connection is None:
            self._service.source.report(self._unsent(self._left.popleft()))
            return
        report = functools.partial(self._report, connection)
        await connection.deliver(self._left, report, self._service.over, self._pull_ahead)

    def _give_up(self, begin_by: float) -> None:
        """Report what can not begin in time any more: pulled together, and those before."""
        if self._connection is not None:
            self._connection.let_go(self._service.source.report, begin_by)
        for one in [one for one in self._left if one.begin_by <= begin_by]:
            self._left.remove(one)
            self._service.source.report(Outcome.not_begun(one.id, "too late to begin"))

    def _report(self, connection: Connection, outcome: Outcome) -> None:
        if outcome.begun:
            self._learn(connection, outcome)
            self._pace()
        self._service.source.report(outcome)

    def _pace(self) -> None:
        """Pull more at a time where messages go quickly, fewer where they do not."""
        now = time.monotonic()
        took, self._since = (now - self._since) * self._most, now
        if took < QUICK_SECONDS:
            self._most = min(self._most * 2, MOST_PULLED)
        elif took > SLOW_SECONDS:
            self._most = max(self._most // 2, 1)

    def _unsent(self, message: Message) -> Outcome:
        trouble = self._service.trouble
        if trouble and trouble.stage in OPENING and isinstance(message, Email):
            return trouble.of(message)
        return Outcome.not_begun(message.id, "stopped, or no connection to be had")

    def _learn(self, connection: Connection, outcome: Outcome) -> None:
        service = self._service
        if outcome.answer is Answer.ACCEPTED:
            service.backoff.reset()
            if connection.alive:
                service.drops = 0
                return
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
