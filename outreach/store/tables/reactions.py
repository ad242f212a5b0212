"""What became of a message with its reader: links that were followed, mails that were opened."""

from sqlalchemy import Column, Index, LargeBinary, Table, Text

from outreach.store.tables.metadata import metadata
from outreach.store.types import BigId, Instant

links = Table(  # addresses that links of messages name; none is ever taken away
    "links",
    metadata,
    Column("name", Text, primary_key=True),  # made from the address
    Column("address", Text, nullable=False),
    sqlite_with_rowid=False,
)

pictures = Table(  # that mails fetch; none is ever taken away
    "pictures",
    metadata,
    Column("name", Text, primary_key=True),  # made from the bytes
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

reactions = Table(
    "reactions",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("delivery_id", BigId, nullable=False),
    Column("kind", Text, nullable=False),  # ReactionKind
    Column("link", Text),  # the name of an address in `links`; null: one of this message alone
    Column("address", Text),  # that one, without what stands behind its path
    Column("at", Instant, nullable=False),
    Column("came_at", Instant, nullable=False),  # real clock
    Column("event_id", BigId),  # what it is told by, of the customer
    Index("ix_reactions_delivery_id", "delivery_id"),
)
