"""Hashes of addresses that were erased; who was merged into whom is found by an index."""

import sqlalchemy as sa
from alembic import op

from outreach.store import types

revision = "0011_mending"
down_revision = "0010_stages"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A row for each suppression and each no that must outlive an address; the index."""
    op.create_table(
        "erased_addresses",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("consent_id", types.BigId, nullable=True),
        sa.PrimaryKeyConstraint("digest", "channel", "topic", name=op.f("pk_erased_addresses")),
        sqlite_with_rowid=False,
    )
    merged = sa.text("merged_into IS NOT NULL")
    op.create_index(
        "ix_customers_merged_into",
        "customers",
        ["merged_into"],
        postgresql_where=merged,
        sqlite_where=merged,
    )
