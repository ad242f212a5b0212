"""What makes a run or a channel hold itself: answers counted by run, and channels that refuse us."""

from sqlalchemy import Column, Integer, Table, Text, text

from outreach.store.tables.metadata import metadata
from outreach.store.types import BigId, Instant

run_answers = Table(  # final answers to a run's messages; each worker has rows of its own
    "run_answers",
    metadata,
    Column("run_id", BigId, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("worker_id", BigId, primary_key=True),
    Column("fault", Text, primary_key=True),  # none: accepted
    Column("code", Text, primary_key=True),  # the provider's; empty for accepted
    Column("answers", Integer, nullable=False),
    Column("detail", Text),  # the provider's words, of the latest
    sqlite_with_rowid=False,
)

channel_holds = Table(  # a channel that refuses us; its instants are by the database's clock
    "channel_holds",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("since", Instant, nullable=False),
    Column("place", Text, nullable=False),  # the provider as people know it: host:port
    Column("stage", Text),  # of the conversation at which it refused
    Column("code", Text),
    Column("detail", Text),
    Column("probe_at", Instant, nullable=False),  # one worker tries it then
    Column("probes", Integer, nullable=False, server_default=text("0")),
    Column("probed", Text),  # what the last try was told
    Column("lifted_at", Instant),  # null: held now
    sqlite_with_rowid=False,
)
