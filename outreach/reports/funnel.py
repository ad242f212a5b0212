"""What came of a campaign, or of one run: counts by state with reasons."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select, true

from outreach.store.tables import campaigns, deliveries
from outreach.vocabulary import OPEN_STATES, State

ACCEPTED = (State.SENT, State.DELIVERED, State.BOUNCED, State.COMPLAINED)


@dataclass(frozen=True, slots=True)
class Report:
    """Counts of deliveries; `planned` is the sum of all states at any instant."""

    planned: int
    states: dict[State, int]
    skipped: dict[str, int]  # by reason
    channels: dict[str, int]  # of those that a provider accepted

    @property
    def sent(self) -> int:
        """All that a provider accepted, whatever came after."""
        return sum(self.states.get(state, 0) for state in ACCEPTED)

    @property
    def open(self) -> int:
        """Due or held: may still go out."""
        return sum(self.states.get(state, 0) for state in OPEN_STATES)


def report(conn: Connection, campaign: str | None = None, run_id: int | None = None) -> Report:
    """The counts of one run, of one campaign, or of everything."""
    row = deliveries.c
    query = select(row.state, row.reason, row.channel, func.count().label("deliveries"))
    query = query.where(which(campaign, run_id)).group_by(row.state, row.reason, row.channel)
    states: Counter[State] = Counter()
    skipped: Counter[str] = Counter()
    channels: Counter[str] = Counter()
    for state, reason, channel, number in conn.execute(query):
        states[State(state)] += number
        if state == State.SKIPPED:
            skipped[reason] += number
        elif state in ACCEPTED:
            channels[channel] += number
    return Report(
        planned=sum(states.values()),
        states={state: states[state] for state in State if states[state]},
        skipped=dict(skipped.most_common()),
        channels=dict(sorted(channels.items())),
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is held in a run, by reason; `until`: the earliest and the latest instant, aware UTC."""

    held: dict[str, int]
    until: tuple[datetime, datetime] | None


def waiting_in(conn: Connection, run_id: int) -> Waiting:
    """Why messages of a run are held, and until when."""
    row, number = deliveries.c, func.count().label("deliveries")
    query = select(row.reason, number, func.min(row.due_at), func.max(row.due_at)).where(
        row.run_id == run_id, row.state == State.HELD.value
    )
    found = conn.execute(query.group_by(row.reason).order_by(number.desc(), row.reason)).all()
    until = (min(each[2] for each in found), max(each[3] for each in found)) if found else None
    return Waiting({reason: count for reason, count, _, _ in found}, until)


def which(campaign: str | None, run_id: int | None) -> ColumnElement[bool]:
    """The deliveries of a run, else of a campaign, else all."""
    if run_id is not None:
        return deliveries.c.run_id == run_id
    if campaign is not None:
        known = select(campaigns.c.id).where(campaigns.c.name == campaign)
        return deliveries.c.campaign_id == known.scalar_subquery()
    return true()
