"""Links that are counted, and what readers did with messages."""

import sqlalchemy as sa
from alembic import op

from outreach.store import types

revision = "0017_reactions"
down_revision = "0016_held_for"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two tables; nothing is known of earlier messages."""
    op.create_table(
        "links",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_links")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reactions",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("delivery_id", types.BigId, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("came_at", types.Instant(), nullable=False),
        sa.Column("event_id", types.BigId, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reactions")),
    )
    op.create_index("ix_reactions_delivery_id", "reactions", ["delivery_id"])
