"""Tasks for staff, and customers who were handed over to somebody else."""

import sqlalchemy as sa
from alembic import op

from outreach.store import types

revision = "0012_tasks"
down_revision = "0011_mending"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A row for each task, found by owner, customer and delivery; a row for each handing over."""
    op.create_table(
        "tasks",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("customer_id", types.BigId, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("delivery_id", types.BigId, nullable=False),
        sa.Column("campaign_id", types.BigId, nullable=False),
        sa.Column("run_id", types.BigId, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("given_at", types.Instant(), nullable=False),
        sa.Column("due_at", types.Instant(), nullable=False),
        sa.Column("closed_at", types.Instant(), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_tasks_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("delivery_id", name=op.f("uq_tasks_delivery_id")),
    )
    op.create_index("ix_tasks_customer_id", "tasks", ["customer_id"])
    op.create_index("ix_tasks_state_closed_at", "tasks", ["state", "closed_at"])
    still_open = sa.text("state = 'open'")
    op.create_index(
        "ix_tasks_open",
        "tasks",
        ["owner", "due_at", "id"],
        postgresql_where=still_open,
        sqlite_where=still_open,
    )
    op.create_table(
        "owner_changes",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("customer_id", types.BigId, nullable=False),
        sa.Column("from_owner", sa.Text(), nullable=False),
        sa.Column("to_owner", sa.Text(), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_owner_changes_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner_changes")),
    )
    op.create_index("ix_owner_changes_customer_id_at", "owner_changes", ["customer_id", "at"])
