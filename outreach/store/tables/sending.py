"""Deliveries with what came of them, and the workers."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from outreach.store.tables.metadata import metadata
from outreach.store.types import BigId, Instant, Json

workers = Table(  # one row a process that claims; its lease covers all it holds
    "workers",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("alive_until", Instant, nullable=False),  # by the database's clock
    Column("swept_at", Instant),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("run_id", BigId, nullable=False),
    Column("run_at", Instant, nullable=False),
    Column("campaign_id", BigId, nullable=False),
    Column("step", Text, nullable=False),
    Column("customer_id", BigId, nullable=False),
    Column("topic", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("channel", Text),
    Column("lane", Text, nullable=False, server_default=text("''")),  # what a rate limit holds back
    Column("address", Text),
    Column("variant", Text),
    Column("locale", Text),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("planned_at", Instant, nullable=False),  # this customer's instant of the occurrence
    Column("due_at", Instant),  # not before (decisions' clock)
    Column("until", Instant),  # what a hold was planned for
    Column("held_for", Text),  # the rule that it was held by
    Column("late_at", Instant, nullable=False),  # not out by then: expired
    Column("retry_at", Instant),  # not before (real clock)
    Column("slot_at", Instant),  # occupies a cadence slot at this instant; null: none
    Column("firm", Boolean, nullable=False, server_default=text("false")),  # claimed once: a touch
    Column(
        "doubt", Boolean, nullable=False, server_default=text("false")
    ),  # an earlier attempt may be out
    Column("ready", Boolean, nullable=False, server_default=text("false")),  # due or held
    Column("fence", Integer, nullable=False, server_default=text("0")),
    Column("worker_id", BigId),
    Column("claim", Integer, nullable=False, server_default=text("0")),  # its worker's, by number
    Column("lapses", Integer, nullable=False, server_default=text("0")),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("consent_id", BigId),  # the record that allowed it
    Column("message_id", Text),
    Column("provider_id", Text),
    Column("claimed_at", Instant),
    Column("sent_at", Instant),
    Column("settled_at", Instant),
    Column("enrolment_id", BigId),  # whose step it is; null: of no journey
    Column("fell_from", Text),  # the channel that failed before this one; null: none did
    UniqueConstraint("run_id", "run_at", "step", "customer_id"),
    CheckConstraint("(state IN ('due', 'held')) = ready", name="ready"),
)

Index(
    "ix_deliveries_slots",
    deliveries.c.customer_id,
    deliveries.c.slot_at,
    deliveries.c.firm,
    deliveries.c.channel,
    deliveries.c.topic,
    deliveries.c.priority,
    deliveries.c.run_at,
    deliveries.c.campaign_id,
    postgresql_where=deliveries.c.slot_at.is_not(None),
    sqlite_where=deliveries.c.slot_at.is_not(None),
)

Index(
    "ix_deliveries_ready",
    deliveries.c.run_id,
    deliveries.c.channel,
    deliveries.c.lane,
    deliveries.c.due_at,
    deliveries.c.id,
    postgresql_where=deliveries.c.ready,
    sqlite_where=text("ready = 1"),  # as SQLAlchemy writes the question, or it is not used
)

Index(
    "ix_deliveries_held_by_worker",
    deliveries.c.worker_id,
    postgresql_where=deliveries.c.worker_id.is_not(None),
    sqlite_where=deliveries.c.worker_id.is_not(None),
)

Index(
    "ix_deliveries_provider_id",
    deliveries.c.provider_id,
    postgresql_where=deliveries.c.provider_id.is_not(None),
    sqlite_where=deliveries.c.provider_id.is_not(None),
)

Index(
    "ix_deliveries_unknown",
    deliveries.c.claimed_at,
    postgresql_where=deliveries.c.state == "unknown",
    sqlite_where=deliveries.c.state == "unknown",
)

Index(
    "ix_deliveries_enrolment_id",
    deliveries.c.enrolment_id,
    deliveries.c.step,
    postgresql_where=deliveries.c.enrolment_id.is_not(None),
    sqlite_where=deliveries.c.enrolment_id.is_not(None),
)

attempts = Table(  # one call to an adapter for one delivery
    "attempts",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("delivery_id", BigId, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("adapter", Text, nullable=False),
    Column("worker_id", BigId, nullable=False),
    Column("at", Instant, nullable=False),  # real clock
    Column("answer", Text, nullable=False),
    Column("fault", Text, nullable=False),
    Column("stage", Text),  # of the conversation: connect, mail, rcpt, data, dot …
    Column("code", Text),
    Column("detail", Text),
    Column("provider_id", Text),
    Index("ix_attempts_delivery_id", "delivery_id"),
)

receipts = Table(  # what a provider said later
    "receipts",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("delivery_id", BigId, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("provider_id", Text),
    Column("raw", Json),
    Index("ix_receipts_delivery_id", "delivery_id"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Json),
)

marks = Table(  # instants of the whole base: `facts`: what the stored facts and stages are as of
    "marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Instant, nullable=False),
)
