"""Campaigns, their revisions and runs."""

import sqlalchemy as sa
from alembic import op

from outreach.store import types

revision = "0003_campaigns"
down_revision = "0002_consent"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Campaigns, their revisions and runs."""
    _make_blobs()
    _make_company_rules()
    _make_campaigns()
    _make_revisions()
    _make_runs()


def _make_blobs() -> None:
    op.create_table(
        "blobs",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_blobs")),
    )


def _make_company_rules() -> None:
    op.create_table(
        "company_rules",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("files", types.Json, nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_rules")),
    )


def _make_campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active_since", types.Instant(), nullable=True),
        sa.Column("looked_until", types.Instant(), nullable=True),
        sa.Column("revision_id", types.BigId, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("name", name=op.f("uq_campaigns_name")),
    )


def _make_revisions() -> None:
    op.create_table(
        "revisions",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("campaign_id", types.BigId, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("files", types.Json, nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_revisions_campaign_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisions")),
        sa.UniqueConstraint("campaign_id", "digest", name=op.f("uq_revisions_campaign_id_digest")),
    )


def _make_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("campaign_id", types.BigId, nullable=False),
        sa.Column("revision_id", types.BigId, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("occurrence_at", types.Instant(), nullable=False),
        sa.Column("local_at", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("params", types.Json, nullable=False),
        sa.Column("planned", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("cursor", types.BigId, server_default=sa.text("0"), nullable=False),
        sa.Column("planned_until", types.Instant(), nullable=True),
        sa.Column("planner", sa.Text(), nullable=True),
        sa.Column("planner_until", types.Instant(), nullable=True),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("finished_at", types.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_runs_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revisions.id"], name=op.f("fk_runs_revision_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index("ix_runs_state", "runs", ["state"], unique=False)
    op.create_index(
        "uq_runs_occurrence",
        "runs",
        ["campaign_id", "occurrence_at"],
        unique=True,
        postgresql_where=sa.text("kind = 'schedule'"),
        sqlite_where=sa.text("kind = 'schedule'"),
    )
