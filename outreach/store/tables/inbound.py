"""What customers send us, as far as it must be known again."""

from sqlalchemy import Column, Table, Text

from outreach.store.tables.metadata import metadata
from outreach.store.types import Instant

inbound_messages = Table(  # taken once, however often a provider tells of it; no number, no text
    "inbound_messages",
    metadata,
    Column("name", Text, primary_key=True),  # the provider's own
    Column("provider", Text, primary_key=True),
    Column("keyword", Text, nullable=False),  # stop, start, help, or none
    Column("at", Instant, nullable=False),
    sqlite_with_rowid=False,
)
