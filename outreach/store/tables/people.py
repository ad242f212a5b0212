"""Customers, their places, events and stages."""

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
from outreach.store.types import BigId, Instant, Json, Money

# A place says what a customer's clock and calendar depend on; the zone table has a row for each.
places = Table(
    "places",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("zones", Text, nullable=False),  # IANA names, sorted, ";" between; several: any of these
    Column("known", Boolean, nullable=False),  # the customer's own zone, not guessed from a country
    Column("country", Text, nullable=False),  # ISO 3166 alpha-2, "" when unknown
    UniqueConstraint("zones", "known", "country"),
)

customers = Table(
    "customers",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("first_name", Text),
    Column("last_name", Text),
    Column("nickname", Text),
    Column("title", Text),
    Column("gender", Text),
    Column("email", Text),  # normalised
    Column("phone", Text),  # E.164
    Column("phone_region", Text),  # the country of the number: ISO 3166 alpha-2
    Column("locale", Text),
    Column("timezone", Text),
    Column("country", Text),
    Column("city", Text),
    Column("tier", Text),
    Column("stage", Text),
    Column("stage_since", Instant),
    Column("owner", Text),
    Column("tags", Json, nullable=False, server_default=text("'[]'")),
    Column("interests", Json, nullable=False, server_default=text("'[]'")),
    Column("birthday", Text),  # YYYY-MM-DD or MM-DD
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("attributes", Json, nullable=False, server_default=text("'{}'")),
    # facts, as of `facts_at`; `last_contact_at` adds the touches (store/facts.py)
    Column("orders", Integer, nullable=False, server_default=text("0")),
    Column("spend", Money, nullable=False, server_default=text("0")),
    Column("first_order_at", Instant),
    Column("last_order_at", Instant),
    Column("typical_gap", BigId),  # microseconds
    Column("last_heard_at", Instant),  # last reply, call, visit or complaint
    Column("last_engaged_at", Instant),
    Column("facts_at", Instant),
    Column("place_id", ForeignKey(places.c.id), nullable=False),
    Column("bucket", Integer, nullable=False),  # 31 bits of the key's hash: ids.bucket
    Column(
        "shares", Boolean, nullable=False, server_default=text("false")
    ),  # an address with others
    Column("erased_at", Instant),
    Column("merged_into", ForeignKey("customers.id")),
)

Index(
    "ix_customers_email",
    customers.c.email,
    postgresql_where=customers.c.email.is_not(None),
    sqlite_where=customers.c.email.is_not(None),
)

Index(
    "ix_customers_phone",
    customers.c.phone,
    postgresql_where=customers.c.phone.is_not(None),
    sqlite_where=customers.c.phone.is_not(None),
)

Index(  # few: a plan asks who would use a shared address first without reading everyone
    "ix_customers_shares",
    customers.c.id,
    postgresql_where=customers.c.shares,
    sqlite_where=text("shares = 1"),  # as SQLAlchemy writes the question, or it is not used
)

Index(  # few: who was merged into a customer counts for it
    "ix_customers_merged_into",
    customers.c.merged_into,
    postgresql_where=customers.c.merged_into.is_not(None),
    sqlite_where=customers.c.merged_into.is_not(None),
)

events = Table(
    "events",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("customer_id", ForeignKey(customers.c.id), nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("amount", Money),
    Column("data", Json),
    Column("recorded_at", Instant, nullable=False),
    Index("ix_events_customer_id_kind_at", "customer_id", "kind", "at"),
)

# An event's own id is taken once; a table of its own, so that events can be partitioned by month.
event_ids = Table(
    "event_ids",
    metadata,
    Column("external_id", Text, primary_key=True),
    Column("event_id", BigId, nullable=False),
    sqlite_with_rowid=False,
)

stage_changes = Table(
    "stage_changes",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("customer_id", ForeignKey(customers.c.id), nullable=False),
    Column("model", Text, nullable=False),
    Column("from_stage", Text),
    Column("to_stage", Text),
    Column("at", Instant, nullable=False),
    Column("facts", Json),  # at the time
    Index("ix_stage_changes_customer_id_model_at", "customer_id", "model", "at"),
)
