"""Tasks that come from floors: nobody was in touch for too long."""

import sqlalchemy as sa
from alembic import op

from outreach.store import types

revision = "0021_floors"
down_revision = "0020_journeys"
branch_labels = None
depends_on = None

STANDS = sa.text("cause = 'floor' AND closed_at IS NULL")


def upgrade() -> None:
    """Such a task is given once, and ends with a touch."""
    op.add_column("tasks", sa.Column("floor_key", sa.Text(), nullable=True))
    op.add_column("tasks", sa.Column("owed_since", types.Instant(), nullable=True))
    op.create_index("uq_tasks_floor_key", "tasks", ["floor_key"], unique=True)
    op.create_index(
        "ix_tasks_floor", "tasks", ["customer_id"], postgresql_where=STANDS, sqlite_where=STANDS
    )
