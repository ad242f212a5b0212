"""Lets customers do what is assumed: by the statements that take in events, clicks and noes."""

import heapq
from array import array
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select

from outreach.simulation.assumptions import (
    DAY,
    Assumptions,
    Deed,
    Done,
    Happening,
    Reached,
    deeds,
    happenings,
)
from outreach.store.engine import reading, writing
from outreach.store.events import Event, add_events
from outreach.store.opt_outs import OptOut, addressed, opt_out
from outreach.store.reactions import Reaction, keep, sent_by
from outreach.store.spelling import text_order
from outreach.store.tables import campaigns, customers, deliveries
from outreach.vocabulary import ReactionKind

SOURCE = "simulated"
ORDER, REPLY = "order", "reply"
_READ = {Deed.OPEN: ReactionKind.OPENED, Deed.CLICK: ReactionKind.CLICKED}
_EVENTS = {Deed.REPLY: REPLY, Deed.PURCHASE: ORDER}
d, c = deliveries.c, customers.c


@dataclass(slots=True)
class Behaviour:
    """What is yet to be done; `ordered` are the transactional topics."""

    engine: Engine
    assumptions: Assumptions
    seed: int
    ordered: frozenset[str]
    begins_at: datetime
    done: Counter[Deed] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)  # of themselves, by kind
    _ahead: list[Done] = field(default_factory=list)
    _customers: Sequence[int] = ()  # ids in order, where anything happens to them of itself
    _to_come: deque[Happening] = field(default_factory=deque)
    _drawn_until: datetime | None = None

    def prepare(self) -> None:
        """Make the copy ready to be asked what went at an instant."""
        with writing(self.engine) as conn:
            conn.exec_driver_sql("CREATE INDEX scratch_sent_at ON deliveries (sent_at)")
            if self.assumptions.events_per_day:
                known = select(c.id).where(c.erased_at.is_(None), c.merged_into.is_(None))
                ids = conn.execute(known.order_by(text_order(c.key))).scalars()
                self._customers = array("q", ids)

    def note(self, at: datetime) -> None:
        """Draw what will be done with the messages that went at an instant."""
        with reading(self.engine) as conn:
            for reached in _reached(conn, at, self.ordered):
                for done in deeds(self.assumptions, reached, self.seed):
                    heapq.heappush(self._ahead, done)

    def act(self, until: datetime) -> list[int]:
        """Do what is due up to an instant; the customers who did anything."""
        due = []
        while self._ahead and self._ahead[0].at <= until:
            due.append(heapq.heappop(self._ahead))
        events = self._happening(until)
        if not (due or events):
            return []
        with writing(self.engine) as conn:
            if events:
                add_events(conn, events, until)
            _do(conn, due, until)
        self.done.update(one.deed for one in due)
        self.happened.update(event.kind for event in events)
        return sorted({done.customer_id for done in due} | {each.customer_id for each in events})

    def _happening(self, until: datetime) -> list[Event]:
        """What happens of itself up to an instant and has not been given out."""
        day = self._drawn_until or self.begins_at
        while self._customers and day <= until:
            drawn = happenings(self.assumptions, day, len(self._customers), self.seed)
            self._to_come.extend(drawn)
            day = self._drawn_until = day + DAY
        found = []
        while self._to_come and self._to_come[0].at <= until:
            at, kind, place = self._to_come.popleft()
            found.append(Event(self._customers[place], kind, at))
        return found


def _reached(conn: Connection, at: datetime, ordered: frozenset[str]) -> Iterable[Reached]:
    query = (
        select(
            d.id, func.coalesce(c.merged_into, c.id), c.key, c.stage, campaigns.c.name, d.step, d.channel,
            d.sent_at, d.topic,
        )
        .join(customers, c.id == d.customer_id)
        .join(campaigns, campaigns.c.id == d.campaign_id)
        .where(d.sent_at == at, c.erased_at.is_(None))
        .execution_options(yield_per=2_000)
    )  # fmt: skip
    for row in conn.execute(query):
        yield Reached(*row[:-1], ordered=row.topic in ordered)


def _do(conn: Connection, due: Sequence[Done], now: datetime) -> None:
    """Write down what was done, each kind as it comes in."""
    read = [
        Reaction(done.delivery_id, _READ[done.deed], done.at, done.at)
        for done in due
        if done.deed in _READ
    ]
    if read:
        keep(conn, read, sent_by(conn, {one.delivery_id for one in read}), now)
    events = [
        Event(done.customer_id, _EVENTS[done.deed], done.at, done.amount)
        for done in due
        if done.deed in _EVENTS
    ]
    if events:
        add_events(conn, events, now)
    noes = [done.delivery_id for done in due if done.deed is Deed.OPT_OUT]
    if noes:
        known = addressed(conn, noes)
        said = [
            OptOut(row.customer_id, row.channel, row.topic, row.address, SOURCE, f"message {id_}")
            for id_ in noes
            if (row := known.get(id_)) is not None
        ]
        opt_out(conn, said, now)
