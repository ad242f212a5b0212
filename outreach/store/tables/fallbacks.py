"""Channels that failed for good for a message, which went on to the next of its step."""

from sqlalchemy import Column, Index, Integer, Table, Text

from outreach.store.tables.metadata import metadata
from outreach.store.types import BigId, Instant

fallbacks = Table(  # a row for each channel that a delivery fell over from, as its row stood then
    "fallbacks",
    metadata,
    Column("delivery_id", BigId, primary_key=True, autoincrement=False),
    Column("channel", Text, primary_key=True),
    Column("at", Instant, nullable=False),  # when it failed, by the decisions' clock
    Column("fence", Integer, nullable=False),  # in the order of which channels were tried
    Column("state", Text, nullable=False),  # failed, bounced or expired; a late receipt raises it
    Column("reason", Text),
    Column("address", Text),
    Column("consent_id", BigId),
    Column("message_id", Text),
    Column("provider_id", Text),
    Column("claimed_at", Instant),
    Column("sent_at", Instant),
    Column("settled_at", Instant),
    Column("stopped", Text),  # why no other channel took over; null: one did, or it waits for one
    sqlite_with_rowid=False,
)

Index(
    "ix_fallbacks_provider_id",
    fallbacks.c.provider_id,
    postgresql_where=fallbacks.c.provider_id.is_not(None),
    sqlite_where=fallbacks.c.provider_id.is_not(None),
)
