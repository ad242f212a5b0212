"""What a customer said: the ledger's words, and how things stand by the last of them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, select

from outreach.store.tables import consent_states, consents
from outreach.vocabulary import ConsentState


@dataclass(frozen=True, slots=True)
class Standing:
    """The last word for one channel and topic; a yes that has expired is no yes any more."""

    channel: str
    topic: str
    state: ConsentState
    at: datetime
    expires_at: datetime | None
    expired: bool


@dataclass(frozen=True, slots=True)
class StoredWord:
    """One word as the ledger keeps it."""

    channel: str
    topic: str
    state: ConsentState
    at: datetime
    source: str
    proof: str | None
    expires_at: datetime | None
    recorded_at: datetime
    recorded_by: str | None


def standing(conn: Connection, customer_id: int, now: datetime) -> list[Standing]:
    """How a customer stands, by channel and topic."""
    t = consent_states.c
    query = select(t.channel, t.topic, t.state, t.at, t.expires_at)
    rows = conn.execute(query.where(t.customer_id == customer_id).order_by(t.channel, t.topic))
    return [
        Standing(
            row.channel,
            row.topic,
            ConsentState(row.state),
            row.at,
            row.expires_at,
            row.expires_at is not None and row.expires_at <= now,
        )
        for row in rows
    ]


def words(conn: Connection, customer_id: int, most: int = 1_000) -> list[StoredWord]:
    """A customer's words, the newest first."""
    t = consents.c
    kept = (t.channel, t.topic, t.state, t.at, t.source, t.proof, t.expires_at, t.recorded_at,
            t.recorded_by)  # fmt: skip
    query = select(*kept).where(t.customer_id == customer_id)
    rows = conn.execute(query.order_by(t.at.desc(), t.id.desc()).limit(most))
    return [StoredWord(row[0], row[1], ConsentState(row[2]), *row[3:]) for row in rows]


def is_anyone_agreed(conn: Connection, channel: str, topic: str) -> bool:
    """Whether the last word of any customer about the topic on the channel is yes."""
    state = consent_states.c
    said = (state.channel == channel, state.topic == topic, state.state == ConsentState.GRANTED)
    return bool(conn.execute(select(exists(select(state.customer_id).where(*said)))).scalar())
