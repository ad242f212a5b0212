"""The same work by hand-written statements with nothing around it."""

import json
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine

BATCH = 200
KINDS = ("sent", "delivered")


def raw_rate(engine: Engine, sent: Sequence[int]) -> float:
    """Receipts a second: two for each of the deliveries, which the second one moves."""
    begun = time.monotonic()
    raw = engine.raw_connection()
    try:
        write = _on_sqlite if engine.dialect.name == "sqlite" else _on_postgres
        for kind in KINDS:
            for first in range(0, len(sent), BATCH):
                write(raw.driver_connection, sent[first : first + BATCH], kind)
    finally:
        raw.close()
    return len(sent) * len(KINDS) / (time.monotonic() - begun)


def _on_sqlite(conn: Any, ids: Sequence[int], kind: str) -> None:
    conn.execute("BEGIN IMMEDIATE")
    conn.executemany(
        "INSERT INTO receipts (delivery_id, kind, at, provider_id, raw) VALUES (?, ?, 0, ?, ?)",
        [(id_, kind, f"SM{id_:032x}", json.dumps({"status": kind})) for id_ in ids],
    )
    conn.executemany("UPDATE deliveries SET state = ? WHERE id = ?", [(kind, id_) for id_ in ids])
    conn.execute("COMMIT")


def _on_postgres(conn: Any, ids: Sequence[int], kind: str) -> None:
    with conn.cursor() as cursor:
        cursor.execute(
            "INSERT INTO receipts (delivery_id, kind, at, provider_id, raw)"
            " SELECT id, %s, now(), name, %s FROM unnest(%s::bigint[], %s::text[]) AS t (id, name)",
            (kind, json.dumps({"status": kind}), list(ids), [f"SM{id_:032x}" for id_ in ids]),
        )
        cursor.execute("UPDATE deliveries SET state = %s WHERE id = ANY(%s)", (kind, list(ids)))
    conn.commit()
