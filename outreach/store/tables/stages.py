"""Where customers stand in the lifecycles beside the main one, whose stage is in `customers`."""

from sqlalchemy import Column, ForeignKey, Table, Text

from outreach.store.tables.metadata import metadata
from outreach.store.tables.people import customers
from outreach.store.types import Instant

customer_stages = Table(
    "customer_stages",
    metadata,
    Column("customer_id", ForeignKey(customers.c.id), primary_key=True),
    Column("model", Text, primary_key=True),  # a name under `lifecycles` in outreach.yaml
    Column("stage", Text),  # null: was in one, and no rule takes them any more
    Column("since", Instant, nullable=False),
    sqlite_with_rowid=False,
)
