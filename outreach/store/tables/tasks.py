"""What staff are asked to do, by campaigns, events or floors, and whose customers were handed over."""

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
    # of a campaign; a delivery's task is given once, however often it is settled
    Column("delivery_id", BigId, unique=True),
    Column("campaign_id", BigId),
    Column("run_id", BigId),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("given_at", Instant),  # null: not yet
    Column("due_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("closed_by", Text),
    Column("note", Text),
    # of an event
    Column("cause", Text, nullable=False, server_default=text("'campaign'")),
    Column("event_id", BigId),
    Column("happened_at", Instant),  # when the event did
    Column("settled_by", BigId),  # the event that answered it, or kept the promise
    Column("escalated_to", Text),
    Column("escalated_at", Instant),
    # of a floor
    Column("floor_key", Text),  # the customer and the day, so that it is given once
    Column("owed_since", Instant),  # any touch from here on ends it
    Index("ix_tasks_customer_id", "customer_id"),
    Index("ix_tasks_state_closed_at", "state", "closed_at"),
)

Index("uq_tasks_event_id", tasks.c.event_id, unique=True)

Index("uq_tasks_floor_key", tasks.c.floor_key, unique=True)

Index(  # which may be ended by a touch
    "ix_tasks_floor",
    tasks.c.customer_id,
    postgresql_where=text("cause = 'floor' AND closed_at IS NULL"),
    sqlite_where=text("cause = 'floor' AND closed_at IS NULL"),
)

Index(  # which promises are due
    "ix_tasks_promised",
    tasks.c.due_at,
    postgresql_where=tasks.c.state == "promised",
    sqlite_where=text("state = 'promised'"),
)

Index(  # what an owner has to do, the most urgent first
    "ix_tasks_open",
    tasks.c.owner,
    tasks.c.due_at,
    tasks.c.id,
    postgresql_where=tasks.c.state == "open",
    sqlite_where=text("state = 'open'"),
)

# Events that may give out a task or end one, until somebody has looked; with the company's rules
# that were in force when they came.
pending_events = Table(
    "pending_events",
    metadata,
    Column("event_id", BigId, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("due_at", Instant),  # of a promise
    Column("rules_id", BigId),
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
