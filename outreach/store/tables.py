"""Every table, for SQLite and PostgreSQL alike; migrations/ makes them."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from outreach.store.types import BigId, Instant, Json, Money

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

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
    Column("channel", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("consent_id", ForeignKey(consents.c.id), nullable=False),
    sqlite_with_rowid=False,
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("attempt_id", BigId),  # the attempt whose answer made it
    sqlite_with_rowid=False,
)

blobs = Table(  # bytes by their own digest: campaign files, templates, the company's rules
    "blobs",
    metadata,
    Column("digest", Text, primary_key=True),  # sha256, hexadecimal
    Column("content", LargeBinary, nullable=False),
)
company_rules = Table(  # outreach.yaml and lifecycles/; the newest row is in force
    "company_rules",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("files", Json, nullable=False),  # {path: blob digest}
    Column("at", Instant, nullable=False),
)
campaigns = Table(
    "campaigns",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("active_since", Instant),  # null: not active when last looked at
    Column("looked_until", Instant),  # occurrences up to here have been made
)
revisions = Table(
    "revisions",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("campaign_id", ForeignKey(campaigns.c.id), nullable=False),
    Column("digest", Text, nullable=False),  # over `files`
    Column("files", Json, nullable=False),  # {path: blob digest} of all that a message uses
    Column("at", Instant, nullable=False),
    UniqueConstraint("campaign_id", "digest"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("campaign_id", ForeignKey(campaigns.c.id), nullable=False),
    Column("revision_id", ForeignKey(revisions.c.id), nullable=False),
    Column("kind", Text, nullable=False),
    Column("occurrence_at", Instant, nullable=False),  # local times: the earliest zone's instant
    Column("local_at", Text),  # the wall-clock time of `timezone: customer`, else null
    Column("state", Text, nullable=False),
    Column("reason", Text),  # of held and missed
    Column("rank", Integer, nullable=False),  # claim order: transactional before priority
    Column("params", Json, nullable=False),  # {to, where, again} of a run by hand
    Column("planned", Integer, nullable=False, server_default=text("0")),
    Column(
        "cursor", BigId, nullable=False, server_default=text("0")
    ),  # customers up to here, of this pass
    Column("planned_until", Instant),  # customer-zone instants up to here are planned
    Column("planner", Text),  # who plans now, and until when: a lease
    Column("planner_until", Instant),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text),
    Column("finished_at", Instant),
)
Index(
    "uq_runs_occurrence",
    runs.c.campaign_id,
    runs.c.occurrence_at,
    unique=True,
    postgresql_where=runs.c.kind == "schedule",
    sqlite_where=runs.c.kind == "schedule",
)
Index("ix_runs_state", runs.c.state)

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
    Column("address", Text),
    Column("variant", Text),
    Column("locale", Text),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("planned_at", Instant, nullable=False),  # this customer's instant of the occurrence
    Column("due_at", Instant),  # not before (decisions' clock)
    Column("until", Instant),  # what a hold was planned for
    Column("late_at", Instant, nullable=False),  # not out by then: expired
    Column("retry_at", Instant),  # not before (real clock)
    Column("slot_at", Instant),  # occupies a cadence slot at this instant; null: none
    Column("firm", Boolean, nullable=False, server_default=text("false")),  # claimed once: a touch
    Column("ready", Boolean, nullable=False, server_default=text("false")),  # due or held
    Column("fence", Integer, nullable=False, server_default=text("0")),
    Column("worker_id", BigId),
    Column("lapses", Integer, nullable=False, server_default=text("0")),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("consent_id", BigId),  # the record that allowed it
    Column("message_id", Text),
    Column("provider_id", Text),
    Column("claimed_at", Instant),
    Column("sent_at", Instant),
    Column("settled_at", Instant),
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
    deliveries.c.due_at,
    deliveries.c.id,
    postgresql_where=deliveries.c.ready,
    sqlite_where=deliveries.c.ready,
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
