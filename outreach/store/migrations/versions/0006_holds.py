"""Runs and channels that hold themselves, and what is unknown, by age."""

import sqlalchemy as sa
from alembic import op

from outreach.store import types

revision = "0006_holds"
down_revision = "0005_phone_region"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Answers by run, held channels, and which run's answer made a suppression."""
    _make_run_answers()
    _make_channel_holds()
    _make_further_suppressions()
    op.add_column("suppressions", sa.Column("run_id", types.BigId, nullable=True))
    _index("ix_suppressions_run_id", "suppressions", "run_id", "run_id IS NOT NULL")
    _index("ix_deliveries_unknown", "deliveries", "claimed_at", "state = 'unknown'")


def _index(name: str, table: str, column: str, where: str) -> None:
    only = sa.text(where)
    op.create_index(name, table, [column], postgresql_where=only, sqlite_where=only)


def _make_run_answers() -> None:
    op.create_table(
        "run_answers",
        sa.Column("run_id", types.BigId, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("worker_id", types.BigId, nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint(
            "run_id", "channel", "worker_id", "fault", "code", name=op.f("pk_run_answers")
        ),
        sqlite_with_rowid=False,
    )


def _make_channel_holds() -> None:
    op.create_table(
        "channel_holds",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("since", types.Instant(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("probe_at", types.Instant(), nullable=False),
        sa.Column("probes", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("probed", sa.Text(), nullable=True),
        sa.Column("lifted_at", types.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_channel_holds")),
        sqlite_with_rowid=False,
    )


def _make_further_suppressions() -> None:
    op.create_table(
        "further_suppressions",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("run_id", types.BigId, autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("attempt_id", types.BigId, nullable=True),
        sa.PrimaryKeyConstraint(
            "address", "channel", "run_id", name=op.f("pk_further_suppressions")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_further_suppressions_run_id", "further_suppressions", ["run_id"])
