"""Mails that came back about our messages."""

from sqlalchemy import Column, Index, Integer, Table, Text

from outreach.store.tables.metadata import metadata
from outreach.store.types import BigId, Instant

feedback_mails = Table(  # each taken once; no address, and nothing that a person wrote
    "feedback_mails",
    metadata,
    Column("digest", Text, primary_key=True),  # sha256 of the mail, hexadecimal
    Column("delivery_id", BigId, nullable=False),
    Column("run_id", BigId, nullable=False),
    Column("kind", Text, nullable=False),  # bounced, complaint, reply …
    Column("status", Text),  # of a bounce, RFC 3463; of a report its Feedback-Type
    Column("detail", Text),  # the server's words
    Column("at", Instant, nullable=False),
    Column("held_with", Integer),  # a complaint that held its run: how many there were
    Index("ix_feedback_mails_delivery_id", "delivery_id"),
    sqlite_with_rowid=False,
)

Index(
    "ix_feedback_mails_complaints",
    feedback_mails.c.run_id,
    postgresql_where=feedback_mails.c.kind == "complaint",
    sqlite_where=feedback_mails.c.kind == "complaint",
)
