"""Which variant of a run's message did better in its test."""

import sqlalchemy as sa
from alembic import op

from outreach.store import types

revision = "0019_winners"
down_revision = "0018_pictures"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A row for each run that has a test."""
    op.create_table(
        "winners",
        sa.Column("run_id", types.BigId, autoincrement=False, nullable=False),
        sa.Column("due_at", types.Instant(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=True),
        sa.Column("chosen_at", types.Instant(), nullable=True),
        sa.Column("arms", types.Json, nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_winners_run_id_runs")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_winners")),
    )
    op.create_index(
        "ix_winners_open",
        "winners",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("variant IS NULL"),
        postgresql_where=sa.text("variant IS NULL"),
    )
