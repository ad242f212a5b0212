"""Which variant of a journey did better in its test, and who was tried in which."""

import sqlalchemy as sa
from alembic import op

from outreach.store import types

revision = "0024_journey_winners"
down_revision = "0023_fallbacks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A row for each test of a journey; enrolments know their variant."""
    op.create_table(
        "journey_winners",
        sa.Column("campaign_id", types.BigId, nullable=False),
        sa.Column("trial", sa.Text(), nullable=False),
        sa.Column("revision_id", types.BigId, nullable=False),
        sa.Column("due_at", types.Instant(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=True),
        sa.Column("chosen_at", types.Instant(), nullable=True),
        sa.Column("arms", types.Json, nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_journey_winners_campaign_id_campaigns"),
        ),
        sa.PrimaryKeyConstraint("campaign_id", "trial", name=op.f("pk_journey_winners")),
    )
    op.add_column("enrolments", sa.Column("variant", sa.Text(), nullable=True))
    op.add_column("enrolments", sa.Column("tried_in", sa.Text(), nullable=True))
