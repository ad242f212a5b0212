"""What PostgreSQL plans by: brought up to date while an import fills a young table.

It does so by itself once a minute. Until then it knows nothing of a table that was empty a moment
ago, and reads all of it where an index would do: soon each transaction would take ten times as long.
"""

from sqlalchemy import Connection, Engine, text

FEW = 1_000  # rows: reading all of so small a table costs nothing
_FILLED = {  # by the sort of file; the first of them has about a row for each of the file
    "customers": ("customers", "consents", "consent_states", "refusals", "stage_changes"),
    "consents": ("consents", "consent_states", "refusals"),
    "events": ("events", "event_ids"),
    "suppressions": ("suppressions",),
    "dates": ("customer_dates",),
    "interests": ("interest_origins",),
}


class Statistics:
    """Has the tables that one import fills looked at whenever they may have doubled."""

    def __init__(self, engine: Engine, sort: str) -> None:
        self._engine = engine
        self._tables = _FILLED[sort]
        self._rows = 0
        self._look_at = FEW if engine.dialect.name == "postgresql" else None

    def grew(self, rows: int) -> None:
        """Tell of rows that were committed; at doublings this takes a part of a second."""
        self._rows += rows
        if self._look_at is None or self._rows < self._look_at:
            return
        with self._engine.connect() as conn:
            conn.execution_options(isolation_level="AUTOCOMMIT")
            known = self._known(conn)
            if self._rows >= known:
                # Who else has one of them analysed or vacuumed just now does it for us.
                conn.exec_driver_sql(f"ANALYZE (SKIP_LOCKED) {', '.join(self._tables)}")
                known, self._rows = self._known(conn), 0
        self._look_at = max(FEW, known)

    def _known(self, conn: Connection) -> int:
        """How many rows the database believes to be there; -1 of a table that it never looked at."""
        asked = text(
            "SELECT CAST(reltuples AS bigint) FROM pg_class WHERE oid = to_regclass(:name)"
        )
        return int(conn.execute(asked, {"name": self._tables[0]}).scalar_one())
