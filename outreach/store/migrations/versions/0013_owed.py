"""Tasks that come from events: promises that were missed, answers that are owed."""

import sqlalchemy as sa
from alembic import op

from outreach.store import types

revision = "0013_owed"
down_revision = "0012_tasks"
branch_labels = None
depends_on = None

PROMISED = sa.text("state = 'promised'")


def upgrade() -> None:
    """A task may have no campaign; what came and was not looked at yet."""
    with op.batch_alter_table("tasks") as tasks:
        for name in ("delivery_id", "campaign_id", "run_id"):
            tasks.alter_column(name, existing_type=types.BigId, nullable=True)
        tasks.alter_column("given_at", existing_type=types.Instant(), nullable=True)
    for column in (
        sa.Column("cause", sa.Text(), nullable=False, server_default=sa.text("'campaign'")),
        sa.Column("event_id", types.BigId, nullable=True),
        sa.Column("happened_at", types.Instant(), nullable=True),
        sa.Column("settled_by", types.BigId, nullable=True),
        sa.Column("escalated_to", sa.Text(), nullable=True),
        sa.Column("escalated_at", types.Instant(), nullable=True),
    ):
        op.add_column("tasks", column)
    op.create_index("uq_tasks_event_id", "tasks", ["event_id"], unique=True)
    op.create_index(
        "ix_tasks_promised",
        "tasks",
        ["due_at"],
        postgresql_where=PROMISED,
        sqlite_where=PROMISED,
    )
    op.create_table(
        "pending_events",
        sa.Column("event_id", types.BigId, autoincrement=False, nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("due_at", types.Instant(), nullable=True),
        sa.Column("rules_id", types.BigId, nullable=True),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_pending_events")),
    )
