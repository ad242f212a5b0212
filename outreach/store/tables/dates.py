"""Named dates of customers: a wedding, a child's birthday, a contract's renewal."""

from sqlalchemy import Column, ForeignKey, Index, Table, Text

from outreach.store.tables.metadata import metadata
from outreach.store.tables.people import customers

customer_dates = Table(
    "customer_dates",
    metadata,
    Column("customer_id", ForeignKey(customers.c.id), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("day", Text, nullable=False),  # YYYY-MM-DD or MM-DD
    Column("month_day", Text, nullable=False),  # of `day`: what comes back each year
    Column("note", Text),  # whose day it is, or what else staff should know
    Index("ix_customer_dates_name_month_day", "name", "month_day"),
    sqlite_with_rowid=False,
)
