"""Campaigns, their revisions and runs."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from outreach.store.tables.metadata import metadata
from outreach.store.types import BigId, Instant, Json

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
    Column("revision_id", BigId),  # its files as last looked at: what its next run would pin
    Column("events_until", BigId),  # events up to this id have been looked at
    Column("moves_until", BigId),  # moves between stages likewise
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
    Column("step", Text),  # the message that it is about; null: the campaign's first
    Column("channels", Json),  # of that message, in the file's order
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

Index(
    "uq_runs_of_steps",
    runs.c.campaign_id,
    runs.c.revision_id,
    runs.c.step,
    runs.c.occurrence_at,
    unique=True,
    postgresql_where=runs.c.kind == "journey",
    sqlite_where=runs.c.kind == "journey",
)

Index("ix_runs_state", runs.c.state)
