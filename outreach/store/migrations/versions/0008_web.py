"""Messages that customers sent, so that each is taken once."""

import sqlalchemy as sa
from alembic import op

from outreach.store import types

revision = "0008_web"
down_revision = "0007_soft_bounces"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One row for each message."""
    op.create_table(
        "inbound_messages",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("keyword", sa.Text(), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", "provider", name=op.f("pk_inbound_messages")),
        sqlite_with_rowid=False,
    )
