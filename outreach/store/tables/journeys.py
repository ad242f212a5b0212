"""Enrolments: each customer's way through a campaign of their own time or of several steps."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from outreach.store.tables.metadata import metadata
from outreach.store.tables.people import customers
from outreach.store.tables.work import campaigns
from outreach.store.types import BigId, Instant, Json

enrolments = Table(
    "enrolments",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("campaign_id", ForeignKey(campaigns.c.id), nullable=False),
    Column("revision_id", BigId, nullable=False),  # the version of the file that they go by
    Column("customer_id", ForeignKey(customers.c.id), nullable=False),
    Column("origin", Text, nullable=False),  # what started it: vocabulary.Origin
    Column("origin_id", BigId, nullable=False),  # which one: each starts it once
    Column("entered_at", Instant, nullable=False),
    Column("position", Integer, nullable=False),  # in the campaign's stops
    Column("begun", Boolean, nullable=False, server_default=text("false")),  # the stop is under way
    Column("next_at", Instant),  # looked at again then; a stop not begun: since when they are there
    Column("run_id", BigId),  # of the message under way
    Column("timed_out", Json, nullable=False, server_default=text("'[]'")),  # ids of waits
    Column("ended_at", Instant),
    Column("ended_as", Text),  # vocabulary.Ending
    Column("variant", Text),  # theirs in all steps; null: what their share of the file gives
    Column("tried_in", Text),  # the test, or the shares, by which they got it; null: neither
    UniqueConstraint("campaign_id", "customer_id", "origin", "origin_id"),
)

Index(
    "uq_enrolments_active",
    enrolments.c.campaign_id,
    enrolments.c.customer_id,
    unique=True,
    postgresql_where=enrolments.c.ended_at.is_(None),
    sqlite_where=enrolments.c.ended_at.is_(None),
)

Index(
    "ix_enrolments_due",
    enrolments.c.revision_id,
    enrolments.c.position,
    enrolments.c.begun,
    enrolments.c.next_at,
    postgresql_where=enrolments.c.next_at.is_not(None),
    sqlite_where=enrolments.c.next_at.is_not(None),
)

Index("ix_enrolments_customer_id", enrolments.c.customer_id)

awaited_events = Table(  # dated ahead when they were looked at: they start a campaign in their time
    "awaited_events",
    metadata,
    Column("campaign_id", ForeignKey(campaigns.c.id), primary_key=True),
    Column("event_id", BigId, primary_key=True),
    Column("at", Instant, nullable=False),
    sqlite_with_rowid=False,
)
