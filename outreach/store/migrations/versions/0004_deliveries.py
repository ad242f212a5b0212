"""Deliveries with what came of them, the workers, and what was bought of rate limits."""

import sqlalchemy as sa
from alembic import op

from outreach.store import types

revision = "0004_deliveries"
down_revision = "0003_campaigns"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Deliveries with what came of them, the workers, and what was bought of rate limits."""
    _make_workers()
    _make_deliveries()
    _make_attempts()
    _make_receipts()
    _make_audit()
    _make_marks()
    _make_limits()


def _make_workers() -> None:
    op.create_table(
        "workers",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("started_at", types.Instant(), nullable=False),
        sa.Column("alive_until", types.Instant(), nullable=False),
        sa.Column("swept_at", types.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )


def _make_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("run_id", types.BigId, nullable=False),
        sa.Column("run_at", types.Instant(), nullable=False),
        sa.Column("campaign_id", types.BigId, nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("customer_id", types.BigId, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("lane", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("variant", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("planned_at", types.Instant(), nullable=False),
        sa.Column("due_at", types.Instant(), nullable=True),
        sa.Column("until", types.Instant(), nullable=True),
        sa.Column("late_at", types.Instant(), nullable=False),
        sa.Column("retry_at", types.Instant(), nullable=True),
        sa.Column("slot_at", types.Instant(), nullable=True),
        sa.Column("firm", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("doubt", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("ready", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("fence", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("worker_id", types.BigId, nullable=True),
        sa.Column("lapses", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("consent_id", types.BigId, nullable=True),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("claimed_at", types.Instant(), nullable=True),
        sa.Column("sent_at", types.Instant(), nullable=True),
        sa.Column("settled_at", types.Instant(), nullable=True),
        sa.CheckConstraint("(state IN ('due', 'held')) = ready", name=op.f("ck_deliveries_ready")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "run_id",
            "run_at",
            "step",
            "customer_id",
            name=op.f("uq_deliveries_run_id_run_at_step_customer_id"),
        ),
    )
    op.create_index(
        "ix_deliveries_held_by_worker",
        "deliveries",
        ["worker_id"],
        unique=False,
        postgresql_where=sa.text("worker_id IS NOT NULL"),
        sqlite_where=sa.text("worker_id IS NOT NULL"),
    )
    op.create_index(
        "ix_deliveries_provider_id",
        "deliveries",
        ["provider_id"],
        unique=False,
        postgresql_where=sa.text("provider_id IS NOT NULL"),
        sqlite_where=sa.text("provider_id IS NOT NULL"),
    )
    op.create_index(
        "ix_deliveries_ready",
        "deliveries",
        ["run_id", "channel", "lane", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("ready"),
        sqlite_where=sa.text("ready = 1"),
    )
    op.create_index(
        "ix_deliveries_slots",
        "deliveries",
        ["customer_id", "slot_at", "firm", "channel", "topic", "priority", "run_at", "campaign_id"],
        unique=False,
        postgresql_where=sa.text("slot_at IS NOT NULL"),
        sqlite_where=sa.text("slot_at IS NOT NULL"),
    )


def _make_attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("delivery_id", types.BigId, nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("adapter", sa.Text(), nullable=False),
        sa.Column("worker_id", types.BigId, nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    op.create_index("ix_attempts_delivery_id", "attempts", ["delivery_id"], unique=False)


def _make_receipts() -> None:
    op.create_table(
        "receipts",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("delivery_id", types.BigId, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("raw", types.Json, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipts")),
    )
    op.create_index("ix_receipts_delivery_id", "receipts", ["delivery_id"], unique=False)


def _make_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", types.Json, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )


def _make_marks() -> None:
    op.create_table(
        "marks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_marks")),
    )


def _make_limits() -> None:
    op.create_table(
        "limits",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("full_at", types.Instant(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("used", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("days", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_limits")),
    )
