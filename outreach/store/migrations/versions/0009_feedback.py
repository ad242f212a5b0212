"""Mails that came back about our messages, so that each is taken once."""

import sqlalchemy as sa
from alembic import op

from outreach.store import types

revision = "0009_feedback"
down_revision = "0008_web"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One row for each mail that was believed."""
    op.create_table(
        "feedback_mails",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("delivery_id", types.BigId, nullable=False),
        sa.Column("run_id", types.BigId, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("held_with", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_feedback_mails")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_feedback_mails_delivery_id", "feedback_mails", ["delivery_id"])
    only = sa.text("kind = 'complaint'")
    op.create_index(
        "ix_feedback_mails_complaints",
        "feedback_mails",
        ["run_id"],
        postgresql_where=only,
        sqlite_where=only,
    )
