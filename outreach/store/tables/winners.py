"""Which variant did better in its test: of a run's message, or of a journey."""

from sqlalchemy import Column, ForeignKey, Index, Table, Text

from outreach.store.tables.metadata import metadata
from outreach.store.tables.work import campaigns, runs
from outreach.store.types import BigId, Instant, Json

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

journey_winners = Table(  # a row for each test of a journey, as `campaign.trials` tells them apart
    "journey_winners",
    metadata,
    Column("campaign_id", ForeignKey(campaigns.c.id), primary_key=True, autoincrement=False),
    Column("trial", Text, primary_key=True),
    Column("revision_id", BigId, nullable=False),  # the version of the file by which it began
    Column("due_at", Instant, nullable=False),  # when it is to be chosen (decisions' clock)
    Column("variant", Text),  # null: it is not chosen yet
    Column("chosen_at", Instant),
    Column("arms", Json),  # {variant: {sent, of, reached}} as it was counted then
)
