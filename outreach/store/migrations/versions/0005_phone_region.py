"""The country that a customer's number belongs to: what a text message costs goes by it."""

import sqlalchemy as sa
from alembic import op

revision = "0005_phone_region"
down_revision = "0004_deliveries"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The column; empty until the next import of a number."""
    op.add_column("customers", sa.Column("phone_region", sa.Text(), nullable=True))
