"""Channels that failed for good for a message, and the channels that a run's message has."""

import sqlalchemy as sa
from alembic import op

from outreach.store import types

revision = "0023_fallbacks"
down_revision = "0022_approvals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table and columns; messages of runs made before go by the channel they were given."""
    op.create_table(
        "fallbacks",
        sa.Column("delivery_id", types.BigId, autoincrement=False, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("consent_id", types.BigId, nullable=True),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("claimed_at", types.Instant(), nullable=True),
        sa.Column("sent_at", types.Instant(), nullable=True),
        sa.Column("settled_at", types.Instant(), nullable=True),
        sa.Column("stopped", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("delivery_id", "channel", name=op.f("pk_fallbacks")),
        sqlite_with_rowid=False,
    )
    named = sa.text("provider_id IS NOT NULL")
    op.create_index(
        "ix_fallbacks_provider_id",
        "fallbacks",
        ["provider_id"],
        postgresql_where=named,
        sqlite_where=named,
    )
    op.add_column("deliveries", sa.Column("fell_from", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("channels", types.Json, nullable=True))
