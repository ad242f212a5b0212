"""Who approved which revision of a campaign."""

from sqlalchemy import Column, ForeignKey, Integer, Table, Text

from outreach.store.tables.metadata import metadata
from outreach.store.tables.work import revisions
from outreach.store.types import Instant

approvals = Table(  # of a revision: an edit makes another one, which nobody has approved
    "approvals",
    metadata,
    Column("revision_id", ForeignKey(revisions.c.id), primary_key=True, autoincrement=False),
    Column("person", Text, primary_key=True),
    Column("audience", Integer, nullable=False),  # as large as it was planned to be then
    Column("at", Instant, nullable=False),
)
