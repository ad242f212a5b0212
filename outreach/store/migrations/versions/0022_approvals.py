"""Who approved which revision of a campaign."""

import sqlalchemy as sa
from alembic import op

from outreach.store import types

revision = "0022_approvals"
down_revision = "0021_floors"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A row for each person who approved a revision."""
    op.create_table(
        "approvals",
        sa.Column("revision_id", types.BigId, autoincrement=False, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("audience", sa.Integer(), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revisions.id"], name=op.f("fk_approvals_revision_id_revisions")
        ),
        sa.PrimaryKeyConstraint("revision_id", "person", name=op.f("pk_approvals")),
    )
