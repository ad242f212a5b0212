"""Where each of a customer's interests was learnt; which they are stands in `customers.interests`."""

from sqlalchemy import Column, ForeignKey, Table, Text

from outreach.store.tables.metadata import metadata
from outreach.store.tables.people import customers
from outreach.store.types import Instant

interest_origins = Table(
    "interest_origins",
    metadata,
    Column("customer_id", ForeignKey(customers.c.id), primary_key=True),
    Column("interest", Text, primary_key=True),
    Column("source", Text, nullable=False),  # a form, a purchase, a conversation, a file
    Column("at", Instant, nullable=False),
    sqlite_with_rowid=False,
)
