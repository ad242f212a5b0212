"""Consent, refusals and suppressions."""

import sqlalchemy as sa
from alembic import op

from outreach.store import types

revision = "0002_consent"
down_revision = "0001_people"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Consent, refusals and suppressions."""
    _make_consents()
    _make_consent_states()
    _make_refusals()
    _make_suppressions()


def _make_consents() -> None:
    op.create_table(
        "consents",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("customer_id", types.BigId, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=True),
        sa.Column("expires_at", types.Instant(), nullable=True),
        sa.Column("recorded_at", types.Instant(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_consents_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index("ix_consents_customer_id", "consents", ["customer_id"], unique=False)


def _make_consent_states() -> None:
    op.create_table(
        "consent_states",
        sa.Column("customer_id", types.BigId, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("expires_at", types.Instant(), nullable=True),
        sa.Column("consent_id", types.BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["consents.id"], name=op.f("fk_consent_states_consent_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_consent_states_customer_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", "topic", "channel", name=op.f("pk_consent_states")),
        sqlite_with_rowid=False,
    )


def _make_refusals() -> None:
    op.create_table(
        "refusals",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("consent_id", types.BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["consents.id"], name=op.f("fk_refusals_consent_id")
        ),
        sa.PrimaryKeyConstraint("address", "channel", "topic", name=op.f("pk_refusals")),
        sqlite_with_rowid=False,
    )


def _make_suppressions() -> None:
    op.create_table(
        "suppressions",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("attempt_id", types.BigId, nullable=True),
        sa.PrimaryKeyConstraint("address", "channel", name=op.f("pk_suppressions")),
        sqlite_with_rowid=False,
    )
