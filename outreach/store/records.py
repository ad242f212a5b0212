"""What is recorded of one customer in one run: the delivery, and every attempt to hand it over."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from outreach.store.tables import attempts, deliveries, fallbacks
from outreach.vocabulary import Decision, Reason, State


@dataclass(frozen=True, slots=True)
class Answered:
    """One attempt; `at` by the real clock, `detail` in the provider's words without addresses."""

    at: datetime
    channel: str
    adapter: str
    answer: str
    stage: str | None
    code: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A delivery as it stands; instants by the decisions' clock, but for `retry_at`."""

    id: int
    channel: str | None
    variant: str | None
    locale: str | None
    state: State
    reason: str | None
    planned_at: datetime
    due_at: datetime | None  # None: it was left out when it was planned
    until: datetime | None
    late_at: datetime
    retry_at: datetime | None
    claimed_at: datetime | None
    sent_at: datetime | None
    consent_id: int | None
    fell_from: str | None = None  # the channel that failed before this one

    @property
    def is_as_it_failed(self) -> bool:
        """Whether it failed for good, and no other channel took over."""
        return self.fell_from is not None and self.channel == self.fell_from

    @property
    def decision(self) -> Decision:
        """What was decided, whatever came of it."""
        return decision_of(self.state, self.until)

    @property
    def was_past(self) -> bool:
        """Whether their turn was over before the run was planned."""
        return self.reason == Reason.EXPIRED and self.due_at is None

    @property
    def decided_at(self) -> datetime:
        """The last instant known at which it was decided: by a worker, else when it was planned."""
        if self.claimed_at is not None or self.state not in (State.SKIPPED, State.EXPIRED):
            return self.claimed_at or self.planned_at
        return self.due_at or self.planned_at  # left out by a worker, not before then


def decision_of(state: State, until: datetime | None) -> Decision:
    """The decision that a delivery's columns tell of."""
    if state is State.SKIPPED:
        return Decision.SKIP
    return Decision.SEND if until is None else Decision.HOLD


def recorded(conn: Connection, run_id: int, customer_id: int) -> Recorded | None:
    """The customer's delivery in a run; None where the run has none for them."""
    row = deliveries.c
    names = list(Recorded.__dataclass_fields__)
    query = select(*(row[name] for name in names)).where(
        row.run_id == run_id, row.customer_id == customer_id
    )
    found = conn.execute(query.order_by(row.id).limit(1)).mappings().first()
    return None if found is None else Recorded(**{**found, "state": State(found["state"])})


def answers_to(conn: Connection, delivery_id: int) -> tuple[Answered, ...]:
    """Every attempt to hand a delivery over, in order."""
    row = attempts.c
    names = (row.at, row.channel, row.adapter, row.answer, row.stage, row.code, row.detail)
    query = select(*names).where(row.delivery_id == delivery_id).order_by(row.id)
    return tuple(Answered(*each) for each in conn.execute(query))


@dataclass(frozen=True, slots=True)
class Failed:
    """A channel on which a delivery failed for good; `stopped`: why no other one took over."""

    channel: str
    at: datetime
    state: State
    reason: str | None
    stopped: str | None


def failures_of(conn: Connection, delivery_id: int) -> tuple[Failed, ...]:
    """Every channel that a delivery fell over from, in order."""
    row = fallbacks.c
    query = select(row.channel, row.at, row.state, row.reason, row.stopped)
    found = conn.execute(query.where(row.delivery_id == delivery_id).order_by(row.fence))
    return tuple(Failed(name, at, State(state), *why) for name, at, state, *why in found)
