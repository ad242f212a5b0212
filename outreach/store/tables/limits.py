"""What was bought of each rate limit: one row a limit, shared by all workers."""

from sqlalchemy import Column, Date, Integer, Table, Text, text

from outreach.store.tables.metadata import metadata
from outreach.store.types import Instant

limits = Table(
    "limits",
    metadata,
    Column("name", Text, primary_key=True),  # `email`, `email/gmail.com`, `email/outlook`
    Column("full_at", Instant, nullable=False),  # when a second's tokens are there again
    Column("day", Date),  # company time; the latest on which a token was bought
    Column("used", Integer, nullable=False, server_default=text("0")),  # tokens of that day
    Column("days", Integer, nullable=False, server_default=text("0")),  # earlier ones with any
)
