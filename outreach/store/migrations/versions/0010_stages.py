"""Stages in further lifecycles."""

import sqlalchemy as sa
from alembic import op

from outreach.store import types

revision = "0010_stages"
down_revision = "0009_feedback"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One row for each customer and lifecycle beside the main one."""
    op.create_table(
        "customer_stages",
        sa.Column("customer_id", types.BigId, nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("since", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_stages_customer_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", "model", name=op.f("pk_customer_stages")),
        sqlite_with_rowid=False,
    )
