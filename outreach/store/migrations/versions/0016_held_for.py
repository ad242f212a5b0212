"""Which rule a delivery was held by, kept when it goes out."""

import sqlalchemy as sa
from alembic import op

revision = "0016_held_for"
down_revision = "0015_dates_and_interests"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of earlier deliveries nobody knows."""
    op.add_column("deliveries", sa.Column("held_for", sa.Text(), nullable=True))
