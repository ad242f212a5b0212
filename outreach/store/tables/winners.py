"""Which variant of a run's message did better in its test."""

from sqlalchemy import Column, ForeignKey, Index, Table, Text

from outreach.store.tables.metadata import metadata
from outreach.store.tables.work import runs
from outreach.store.types import Instant, Json

winners = Table(  # a row for each run that tries its variants on some before the others get one
    "winners",
    metadata,
    Column("run_id", ForeignKey(runs.c.id), primary_key=True, autoincrement=False),
    Column("due_at", Instant, nullable=False),  # when it is to be chosen (decisions' clock)
    Column("variant", Text),  # null: it is not chosen yet
    Column("chosen_at", Instant),
    Column("arms", Json),  # {variant: {sent, reached}} as it was counted then
)

Index(
    "ix_winners_open",
    winners.c.due_at,
    postgresql_where=winners.c.variant.is_(None),
    sqlite_where=winners.c.variant.is_(None),
)
