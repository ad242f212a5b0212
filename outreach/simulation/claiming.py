"""Claims of a copy, made for thousands at once: the production's chain, one statement for what it says.

A worker's claim (`dispatch/claim.py`) reads each verdict, since others claim beside it and messages are
to be written. On a copy there is nobody else and nothing is written: the chain's answers stay in
the database, and one update does with them what `dispatch/claim.py` and `store/deliveries.py` do.
Whoever shares an address with others is left to the worker's claim: they take each other's places.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Update,
    and_,
    case,
    false,
    literal,
    null,
    or_,
    select,
    true,
    update,
)

from outreach.decisions.order import CODES
from outreach.decisions.recheck import ask_again
from outreach.decisions.ruling import Ruling
from outreach.planning.decided import Decided
from outreach.planning.hands import MOST, PARTS, decided_in, hands_of
from outreach.planning.rows import lane_of_row, variant_of_row
from outreach.store import dialect
from outreach.store.endings import ended
from outreach.store.engine import begin_write
from outreach.store.enrolments import look_again
from outreach.store.sources import named
from outreach.store.tables import customers, deliveries
from outreach.store.types import Instant
from outreach.vocabulary import Reason, RunKind, State

PART = 50_000  # deliveries of one statement
SECOND = timedelta(seconds=1)
d, c = deliveries.c, customers.c


@dataclass(frozen=True, slots=True)
class Batch:
    """Deliveries of one run that have come due on a channel, one of a customer."""

    run: Row[Any]
    ruling: Ruling
    channel: str
    now: datetime
    ids: Sequence[int]

    def settle(self, engine: Engine) -> None:
        """Claim what may go and have it accepted; put off, or end, what may not.

        Parts are decided while others are written: what is one customer's is nobody else's affair.
        """
        moment = literal(self.now, Instant())
        parts = [self.ids[start : start + PART] for start in range(0, len(self.ids), PART)]
        with engine.connect() as conn:
            with begin_write(conn):
                for part in parts:
                    late = and_(_among(conn, part), d.late_at < moment)
                    conn.execute(_ending(State.EXPIRED, Reason.EXPIRED, moment).where(late))
            hands = hands_of(engine) if len(parts) > 1 else 1
            asked = [partial(self._decided, part) for part in parts]
            with decided_in(conn, asked, hands) as found:
                for part, decided in zip(parts, found, strict=True):
                    self._write(part, decided, moment)

    def _decided(self, part: Sequence[int], conn: Connection) -> Decided:
        run, now = self.run, self.now
        return Decided(conn, ask_again(conn, self.ruling, run.id, run.occurrence_at, part, now))

    def _write(
        self, part: Sequence[int], decided: Decided, moment: ColumnElement[datetime]
    ) -> None:
        conn, row = decided.conn, decided.table.c
        with begin_write(conn):
            written = update(deliveries).where(d.id == row.mine_id, d.ready, d.late_at >= moment)
            conn.execute(written.values(self._values(row, moment)))
            gone = and_(_among(conn, part), d.id.not_in(select(row.mine_id)))
            conn.execute(_ending(State.SKIPPED, Reason.NOT_IN_AUDIENCE, moment).where(gone))
            if self.ruling.campaign.exit is not None:
                look_again(conn, part, self.now)

    def _values(self, row: Any, moment: ColumnElement[datetime]) -> dict[str, Any]:
        """What the chain's answers make of deliveries: sent, held, on another channel, skipped."""
        channels = self.ruling.channels
        own, free = channels.index(self.channel), row.code.is_(None)
        held = and_(free, row.why.is_not(None))
        goes = and_(free, row.why.is_(None), row.number == own)
        waits = and_(free, or_(row.why.is_not(None), row.number != own))
        until = case(
            (row.opens_at > moment, row.opens_at), else_=literal(self.now + SECOND, Instant())
        )
        state = case(
            (goes, State.SENT.value), (held, State.HELD.value), (free, State.DUE.value),
            else_=ended(State.SKIPPED),
        )  # fmt: skip
        code = case((free, row.why), else_=row.code)
        reason = case(*((code == each, name.value) for name, each in CODES.items()))
        found: dict[str, Any] = {
            "state": state,
            "ready": case((waits, true()), else_=false()),
            "firm": case((goes, true()), else_=d.doubt),
            "fence": d.fence + case((goes, 1), else_=0),
            "claimed_at": case((goes, moment), (or_(waits, d.doubt), d.claimed_at), else_=moment),
            "slot_at": case(
                (goes, moment), (d.doubt, d.slot_at), (held, until), (waits, d.due_at), else_=null()
            ),
            "reason": reason,
            "due_at": case((held, until), else_=d.due_at),
            "until": case((goes, d.until), (held, until), else_=null()),
            "held_for": case((goes, d.held_for), (held, reason), else_=null()),
            "channel": case(
                *((row.number == number, name) for number, name in enumerate(channels)),
                else_=d.channel,
            ),
            "lane": case((free, lane_of_row(self.ruling, row)), else_=d.lane),
            "sent_at": case((goes, moment), else_=d.sent_at),
            "settled_at": case((goes, moment), else_=d.settled_at),
        }
        for name in ("address", "consent_id", "locale"):
            found[name] = case((goes, row[name]), else_=d[name])
        if self.ruling.variants:
            found["variant"] = case((goes, variant_of_row(self.ruling, row)), else_=d.variant)
        return found


def claim_as_planned(
    conn: Connection, run: Row[Any], channel: str, before: datetime, now: datetime
) -> int:
    """Claim what was planned at this very instant for who has nothing else since the look `before`.

    The chain let it go by the same clock, and nothing it could ask about has happened to them since:
    it would say the same again. How many.
    """
    if run.kind != RunKind.SCHEDULE.value:  # of a journey: what is so on the way may be another now
        return 0
    moment = literal(now, Instant())
    fresh = and_(
        d.run_id == run.id, d.channel == channel, d.ready, d.due_at == moment,
        d.planned_at == moment, d.state == State.DUE.value, d.fell_from.is_(None),
        is_undisturbed(d.customer_id, before, d.id),
    )  # fmt: skip
    gone = conn.execute(
        update(deliveries)
        .where(fresh)
        .values(
            state=State.SENT.value, ready=false(), firm=true(), fence=d.fence + 1,
            claimed_at=moment, slot_at=moment, reason=null(), sent_at=moment, settled_at=moment,
        )
    )  # fmt: skip
    return gone.rowcount


def is_undisturbed(
    customer_id: ColumnElement[int], before: datetime, but: ColumnElement[int] | None = None
) -> ColumnElement[bool]:
    """Whether nothing but the delivery `but` stands in a slot of the customer's after `before`.

    Of who shares an address that is never known.
    """
    other, whose = named(deliveries, "other").c, named(customers, "whose").c
    elsewhere = select(other.id).where(other.customer_id == customer_id, other.slot_at > before)
    if but is not None:
        elsewhere = elsewhere.where(other.id != but)
    theirs = select(whose.id).where(whose.id == customer_id, ~whose.shares)
    return and_(
        theirs.correlate_except(whose.id.table).exists(),
        ~elsewhere.correlate_except(other.id.table).exists(),
    )


def went(run: Row[Any], channel: str, now: datetime) -> ColumnElement[bool]:
    """What went of a run on a channel at an instant."""
    at = d.claimed_at == literal(now, Instant())
    return and_(d.run_id == run.id, d.channel == channel, d.state == State.SENT.value, at)


def come_due(conn: Connection, run_id: int, channel: str, now: datetime) -> list[int]:
    """Deliveries of a run that may go on a channel, the first due of each customer; some of many.

    Of customers who share no address; what fell over from another channel is left out as well.
    """
    query = (
        select(d.id, d.customer_id)
        .join(customers, c.id == d.customer_id)
        .where(
            d.run_id == run_id, d.channel == channel, d.ready, d.due_at <= now,
            ~c.shares, d.fell_from.is_(None),
        )
        .order_by(d.due_at, d.id)
        .limit(MOST * PARTS * PART)  # all are decided before the first is written
    )  # fmt: skip
    first: dict[int, int] = {}
    for id_, customer_id in conn.execute(query):
        first.setdefault(customer_id, id_)
    return list(first.values())


def _among(conn: Connection, ids: Sequence[int]) -> ColumnElement[bool]:
    return and_(dialect.is_any_of(conn, d.id, ids), d.ready)


def _ending(state: State, reason: Reason, moment: ColumnElement[datetime]) -> Update:
    """What ends without having been in anybody's hands."""
    return update(deliveries).values(
        state=ended(state),
        reason=reason.value,
        until=null(),
        held_for=null(),
        slot_at=case((d.doubt, d.slot_at), else_=null()),
        ready=false(),
        firm=d.doubt,
        claimed_at=case((d.doubt, d.claimed_at), else_=moment),
    )
