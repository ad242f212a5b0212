"""What staff are asked to do, and whose customers were handed over."""

from sqlalchemy import Column, ForeignKey, Index, Table, Text, text

from outreach.store.tables.metadata import metadata
from outreach.store.tables.people import customers
from outreach.store.types import BigId, Instant

tasks = Table(
    "tasks",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("customer_id", ForeignKey(customers.c.id), nullable=False),
    Column("owner", Text, nullable=False),  # a key of `owners` in outreach.yaml
    Column("delivery_id", BigId, nullable=False, unique=True),  # given once, however often settled
    Column("campaign_id", BigId, nullable=False),
    Column("run_id", BigId, nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("given_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("closed_by", Text),
    Column("note", Text),
    Index("ix_tasks_customer_id", "customer_id"),
    Index("ix_tasks_state_closed_at", "state", "closed_at"),
)

Index(  # what an owner has to do, the most urgent first
    "ix_tasks_open",
    tasks.c.owner,
    tasks.c.due_at,
    tasks.c.id,
    postgresql_where=tasks.c.state == "open",
    sqlite_where=text("state = 'open'"),
)

owner_changes = Table(  # a customer who was handed over by `customers assign`
    "owner_changes",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("customer_id", ForeignKey(customers.c.id), nullable=False),
    Column("from_owner", Text, nullable=False),
    Column("to_owner", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Index("ix_owner_changes_customer_id_at", "customer_id", "at"),
)
