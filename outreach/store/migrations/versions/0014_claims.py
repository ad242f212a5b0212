"""Which of its worker's claims brought a delivery: the last one may have killed it."""

import sqlalchemy as sa
from alembic import op

revision = "0014_claims"
down_revision = "0013_owed"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What workers hold now counts as one claim each."""
    op.add_column(
        "deliveries", sa.Column("claim", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
