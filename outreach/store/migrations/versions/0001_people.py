"""Customers, their places, events and stages."""

import sqlalchemy as sa
from alembic import op

from outreach.store import types

revision = "0001_people"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Customers, their places, events and stages."""
    _make_places()
    _make_customers()
    _make_events()
    _make_event_ids()
    _make_stage_changes()


def _make_places() -> None:
    op.create_table(
        "places",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("zones", sa.Text(), nullable=False),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_places")),
        sa.UniqueConstraint(
            "zones", "known", "country", name=op.f("uq_places_zones_known_country")
        ),
    )


def _make_customers() -> None:
    op.create_table(
        "customers",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("nickname", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("gender", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("stage_since", types.Instant(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("tags", types.Json, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("interests", types.Json, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("birthday", sa.Text(), nullable=True),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.Column("attributes", types.Json, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("orders", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("spend", types.Money(), server_default=sa.text("0"), nullable=False),
        sa.Column("first_order_at", types.Instant(), nullable=True),
        sa.Column("last_order_at", types.Instant(), nullable=True),
        sa.Column("typical_gap", types.BigId, nullable=True),
        sa.Column("last_heard_at", types.Instant(), nullable=True),
        sa.Column("last_engaged_at", types.Instant(), nullable=True),
        sa.Column("facts_at", types.Instant(), nullable=True),
        sa.Column("place_id", types.BigId, nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("shares", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("erased_at", types.Instant(), nullable=True),
        sa.Column("merged_into", types.BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["merged_into"], ["customers.id"], name=op.f("fk_customers_merged_into")
        ),
        sa.ForeignKeyConstraint(["place_id"], ["places.id"], name=op.f("fk_customers_place_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("key", name=op.f("uq_customers_key")),
    )
    op.create_index(
        "ix_customers_email",
        "customers",
        ["email"],
        unique=False,
        postgresql_where=sa.text("email IS NOT NULL"),
        sqlite_where=sa.text("email IS NOT NULL"),
    )
    op.create_index(
        "ix_customers_phone",
        "customers",
        ["phone"],
        unique=False,
        postgresql_where=sa.text("phone IS NOT NULL"),
        sqlite_where=sa.text("phone IS NOT NULL"),
    )
    op.create_index(
        "ix_customers_shares",
        "customers",
        ["id"],
        unique=False,
        postgresql_where=sa.text("shares"),
        sqlite_where=sa.text("shares = 1"),
    )


def _make_events() -> None:
    op.create_table(
        "events",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("customer_id", types.BigId, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("amount", types.Money(), nullable=True),
        sa.Column("data", types.Json, nullable=True),
        sa.Column("recorded_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_events_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index(
        "ix_events_customer_id_kind_at", "events", ["customer_id", "kind", "at"], unique=False
    )


def _make_event_ids() -> None:
    op.create_table(
        "event_ids",
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("event_id", types.BigId, nullable=False),
        sa.PrimaryKeyConstraint("external_id", name=op.f("pk_event_ids")),
        sqlite_with_rowid=False,
    )


def _make_stage_changes() -> None:
    op.create_table(
        "stage_changes",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("customer_id", types.BigId, nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("from_stage", sa.Text(), nullable=True),
        sa.Column("to_stage", sa.Text(), nullable=True),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("facts", types.Json, nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_stage_changes_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_changes")),
    )
    op.create_index(
        "ix_stage_changes_customer_id_model_at",
        "stage_changes",
        ["customer_id", "model", "at"],
        unique=False,
    )
