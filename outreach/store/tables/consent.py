"""Consent, refusals and suppressions."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

from outreach.store.tables.metadata import metadata
from outreach.store.tables.people import customers
from outreach.store.types import BigId, Instant

consents = Table(  # rows are only added
    "consents",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("customer_id", ForeignKey(customers.c.id), nullable=False),
    Column("channel", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("source", Text, nullable=False),
    Column("proof", Text),
    Column("expires_at", Instant),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", Text),
    Index("ix_consents_customer_id", "customer_id"),
)

consent_states = Table(  # the ledger's last word for each customer, topic and channel
    "consent_states",
    metadata,
    Column("customer_id", ForeignKey(customers.c.id), primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("consent_id", ForeignKey(consents.c.id), nullable=False),
    sqlite_with_rowid=False,
)

refusals = Table(  # the latest no said at an address: it holds for every customer who shares it
    "refusals",
    metadata,
    Column("address", Text, primary_key=True),  # first: SQLite compares keys by it faster
    Column("channel", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("consent_id", ForeignKey(consents.c.id), nullable=False),
    sqlite_with_rowid=False,
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("address", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("attempt_id", BigId),  # the attempt whose answer made it
    Column("run_id", BigId),  # the run of that attempt
    sqlite_with_rowid=False,
)

Index(
    "ix_suppressions_run_id",
    suppressions.c.run_id,
    postgresql_where=suppressions.c.run_id.is_not(None),
    sqlite_where=suppressions.c.run_id.is_not(None),
)

further_suppressions = Table(  # said of an address that is suppressed already: takes over if lifted
    "further_suppressions",
    metadata,
    Column("address", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("run_id", BigId, primary_key=True, autoincrement=False),  # 0: no run's answer said it
    Column("reason", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("attempt_id", BigId),
    Index("ix_further_suppressions_run_id", "run_id"),
    sqlite_with_rowid=False,
)

soft_bounces = Table(  # mailboxes that are full or disabled for now: given up after some days
    "soft_bounces",
    metadata,
    Column("address", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("days", Integer, nullable=False),
    sqlite_with_rowid=False,
)
