"""Named dates of customers, and where their interests were learnt."""

import sqlalchemy as sa
from alembic import op

from outreach.store import types

revision = "0015_dates_and_interests"
down_revision = "0014_claims"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A row for each customer and name of a date; a row for each customer and interest."""
    op.create_table(
        "customer_dates",
        sa.Column("customer_id", types.BigId, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("month_day", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_dates_customer_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", "name", name=op.f("pk_customer_dates")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_customer_dates_name_month_day", "customer_dates", ["name", "month_day"])
    op.create_table(
        "interest_origins",
        sa.Column("customer_id", types.BigId, nullable=False),
        sa.Column("interest", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_interest_origins_customer_id"),
        ),
        sa.PrimaryKeyConstraint("customer_id", "interest", name=op.f("pk_interest_origins")),
        sqlite_with_rowid=False,
    )
