"""What is kept of an address after its customer was erased: keyed hashes."""

from sqlalchemy import Column, Table, Text

from outreach.store.tables.metadata import metadata
from outreach.store.types import BigId, Instant

erased_addresses = Table(  # a suppression, or a no about one topic, that must outlive the address
    "erased_addresses",
    metadata,
    Column("digest", Text, primary_key=True),  # HMAC-SHA256 of the address, cut to 160 bits
    Column("channel", Text, primary_key=True),  # "": the row that tells the key
    Column("topic", Text, primary_key=True),  # "": a suppression
    Column("reason", Text),  # of a suppression
    Column("at", Instant, nullable=False),
    Column("consent_id", BigId),  # the record of the no
    sqlite_with_rowid=False,
)
