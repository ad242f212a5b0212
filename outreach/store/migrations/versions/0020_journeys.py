"""Enrolments of customers in campaigns, and how far these have looked for what starts them."""

import sqlalchemy as sa
from alembic import op

from outreach.store import types

revision = "0020_journeys"
down_revision = "0019_winners"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The tables; of earlier runs and deliveries none belongs to an enrolment."""
    op.create_table(
        "enrolments",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("campaign_id", types.BigId, nullable=False),
        sa.Column("revision_id", types.BigId, nullable=False),
        sa.Column("customer_id", types.BigId, nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("origin_id", types.BigId, nullable=False),
        sa.Column("entered_at", types.Instant(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("begun", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("next_at", types.Instant(), nullable=True),
        sa.Column("run_id", types.BigId, nullable=True),
        sa.Column("timed_out", types.Json, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("ended_at", types.Instant(), nullable=True),
        sa.Column("ended_as", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_enrolments_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_enrolments_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolments")),
        sa.UniqueConstraint(
            "campaign_id",
            "customer_id",
            "origin",
            "origin_id",
            name=op.f("uq_enrolments_campaign_id_customer_id_origin_origin_id"),
        ),
    )
    active, due = sa.text("ended_at IS NULL"), sa.text("next_at IS NOT NULL")
    op.create_index(
        "uq_enrolments_active",
        "enrolments",
        ["campaign_id", "customer_id"],
        unique=True,
        postgresql_where=active,
        sqlite_where=active,
    )
    op.create_index(
        "ix_enrolments_due",
        "enrolments",
        ["revision_id", "position", "begun", "next_at"],
        postgresql_where=due,
        sqlite_where=due,
    )
    op.create_index("ix_enrolments_customer_id", "enrolments", ["customer_id"])
    op.create_table(
        "awaited_events",
        sa.Column("campaign_id", types.BigId, nullable=False),
        sa.Column("event_id", types.BigId, nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_awaited_events_campaign_id")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "event_id", name=op.f("pk_awaited_events")),
        sqlite_with_rowid=False,
    )
    op.add_column("campaigns", sa.Column("events_until", types.BigId, nullable=True))
    op.add_column("campaigns", sa.Column("moves_until", types.BigId, nullable=True))
    op.add_column("runs", sa.Column("step", sa.Text(), nullable=True))
    op.add_column("deliveries", sa.Column("enrolment_id", types.BigId, nullable=True))
    of_steps, enrolled = sa.text("kind = 'journey'"), sa.text("enrolment_id IS NOT NULL")
    op.create_index(
        "uq_runs_of_steps",
        "runs",
        ["campaign_id", "revision_id", "step", "occurrence_at"],
        unique=True,
        postgresql_where=of_steps,
        sqlite_where=of_steps,
    )
    op.create_index(
        "ix_deliveries_enrolment_id",
        "deliveries",
        ["enrolment_id", "step"],
        postgresql_where=enrolled,
        sqlite_where=enrolled,
    )
