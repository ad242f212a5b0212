"""Mailboxes that are full for now, and on how many days."""

import sqlalchemy as sa
from alembic import op

from outreach.store import types

revision = "0007_soft_bounces"
down_revision = "0006_holds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One row for each address that was full lately."""
    op.create_table(
        "soft_bounces",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("first_at", types.Instant(), nullable=False),
        sa.Column("last_at", types.Instant(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("address", "channel", name=op.f("pk_soft_bounces")),
        sqlite_with_rowid=False,
    )
