"""Stand-ins at the edges of dispatch: rules that know one cap, and an adapter that is told what to say."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from makers import NOW, make_customers, make_deliveries
from sqlalchemy import Connection, Engine, func, select

from outreach.channels.adapter import Check, Email, Message, Outcome, Source
from outreach.clock import FrozenClock
from outreach.decisions.verdict import Verdict
from outreach.dispatch.held import Held, Ready
from outreach.dispatch.lease import register
from outreach.dispatch.retry import Backoff
from outreach.dispatch.shift import Limits, Shift
from outreach.settings.company import Brand, Company
from outreach.store.engine import reading, writing
from outreach.store.tables import customers, deliveries
from outreach.vocabulary import Answer, Decision, Reason

LIMITS = Limits(lease=timedelta(seconds=30), backoff=Backoff(timedelta(milliseconds=100)))


def accept(message: Message) -> Outcome:
    """What a provider says that takes everything."""
    return Outcome(message.id, Answer.ACCEPTED, provider_id=f"p{message.id}")


@dataclass
class OneCap:
    """A rulebook that knows one rule: at most so many touches of a customer, ever."""

    at_most: int = 1_000_000
    on_unknown: str = "keep"
    unwritable: frozenset[str] = frozenset()  # addresses whose message can not be rendered
    verdict: Callable[[Verdict], Verdict] = lambda verdict: verdict
    on_write: Callable[[], None] = lambda: None

    company: Company = field(default_factory=lambda: Company(brand=Brand(name="Harbour Tea")))

    def ruling(self, conn: Connection, revision_id: int, step: str | None = None) -> Any:
        campaign = SimpleNamespace(on_unknown=self.on_unknown, exit=None)
        return SimpleNamespace(campaign=campaign, company=self.company)

    def recheck(
        self, conn: Connection, ruling: Any, run_id: int, run_at: datetime, ids: Sequence[int],
        now: datetime,
    ) -> dict[int, Verdict]:  # fmt: skip
        d, other = deliveries.c, deliveries.alias("other").c
        touches = (
            select(func.count())
            .where(other.customer_id == d.customer_id, other.slot_at.is_not(None), other.firm)
            .scalar_subquery()
        )
        rows = conn.execute(
            select(d.id, d.customer_id, d.channel, d.late_at, customers.c.email, touches)
            .join(customers, customers.c.id == d.customer_id)
            .where(d.id.in_(ids))
        )
        return {row.id: self.verdict(self._verdict(*row, now)) for row in rows}

    def _verdict(
        self, id_: int, customer_id: int, channel: str, late_at: datetime, email: str,
        touches: int, now: datetime,
    ) -> Verdict:  # fmt: skip
        full = touches >= self.at_most
        return Verdict(
            customer_id, id_, 0, Decision.SKIP if full else Decision.SEND,
            Reason.CAPPED if full else None, None, channel, email, None, None, late_at, now,
        )  # fmt: skip

    def write(
        self, engine: Engine, ruling: Any, held: Sequence[Held], now: datetime
    ) -> list[Ready]:
        self.on_write()
        return [
            Ready(one, Email(one.id, one.address, "us@example.com", b"Hi", False), f"<{one.id}@x>")
            for one in held
            if one.address not in self.unwritable
        ]


@dataclass
class Told:
    """An adapter that says what it is told; it keeps what it was given."""

    say: Callable[[Message], Outcome | None] = accept
    group: int = 20
    lanes: int = 2
    name: str = "told"
    place: str = "provider.example.com:25"
    wrong: list[Check] = field(default_factory=list)  # what the check says
    sent: list[Message] = field(default_factory=list)
    most_in_flight: int = 0
    closed: bool = False

    def serve(self, source: Source) -> None:
        threads = [threading.Thread(target=self._lane, args=(source,)) for _ in range(self.lanes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _lane(self, source: Source) -> None:
        while messages := source.pull(self.group):
            for message in messages:
                if time.monotonic() > message.begin_by:
                    source.report(Outcome.not_begun(message.id))
                    continue
                self.sent.append(message)
                outcome = self.say(message)
                if outcome is not None:
                    source.report(outcome)

    def check(self) -> list[Check]:
        return self.wrong

    def close(self) -> None:
        self.closed = True


def make_due(
    conn: Connection, run_id: int, count: int, first: int = 0, **columns: Any
) -> list[int]:
    """So many deliveries that are due, each to a customer of its own; their ids."""
    people = make_customers(conn, [f"k{number}" for number in range(first, first + count)])
    return make_deliveries(conn, people, "due", run_id=run_id, **columns)


def make_shift(
    engine: Engine, rulebook: Any = None, limits: Limits = LIMITS, now: datetime = NOW
) -> Shift:
    """A shift of a new worker, its clock of decisions standing at `now`."""
    worker_id = register(engine, "worker", limits.lease)
    return Shift(engine, worker_id, FrozenClock(now), rulebook or OneCap(), limits)


def states(engine: Engine) -> dict[str, int]:
    """How many deliveries are in each state."""
    d = deliveries.c
    with reading(engine) as conn:
        rows = conn.execute(select(d.state, func.count().label("n")).group_by(d.state))
        return {row.state: row.n for row in rows}


def rows(engine: Engine) -> dict[int, Any]:
    """Every delivery by its id."""
    with reading(engine) as conn:
        return {row.id: row for row in conn.execute(select(deliveries))}


def kill(engine: Engine, worker_id: int) -> None:
    """Let a worker's lease run out, as that of a killed process does."""
    from outreach.store.tables import workers

    with writing(engine) as conn:
        conn.execute(
            workers.update()
            .where(workers.c.id == worker_id)
            .values(alive_until=NOW - timedelta(days=400))
        )
