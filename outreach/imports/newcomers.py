"""The new customers of a batch, written by columns: nothing is made for each of them alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from outreach.imports.customer_change import without_emptied
from outreach.imports.customer_rows import CustomerRows
from outreach.imports.named_dates import lay_on
from outreach.lifecycle.newcomers import Placing
from outreach.store import interests
from outreach.store.customers import insert_customers
from outreach.store.named_dates import NamedDate, write_dates
from outreach.store.stages import StageMove, record_moves


def write_newcomers(
    conn: Connection,
    rows: CustomerRows,
    place_ids: Sequence[int],
    placing: Placing | None,
    origin: str,
    now: datetime,
) -> Sequence[int]:
    """Write the customers of the rows, their dates, interests and stages; their ids, rising.

    `placing` puts them in their stages by rules; without it the file gives these, or nobody.
    `origin` is where interests were learnt.
    """
    if not rows:
        return []
    columns = {**_columns(rows, now), "place_id": place_ids}
    if placing is not None:
        alike = placing.columns(conn)
        columns |= {name: [value] * len(rows) for name, value in alike.items()}
    ids = insert_customers(conn, columns)
    _write_dates(conn, rows, ids)
    learnt = rows.values.get("interests")
    if learnt is not None:
        before: list[str] = []
        lists = [(id_, before, found) for id_, found in zip(ids, learnt, strict=True) if found]
        interests.replaced(conn, lists, origin, now)
    if placing is not None:
        placing.place(conn, ids)
    stages = rows.values.get("stage", ())
    record_moves(
        conn, [StageMove(id_, None, to) for id_, to in zip(ids, stages, strict=False) if to], now
    )
    return ids


def _columns(rows: CustomerRows, now: datetime) -> dict[str, Sequence[Any]]:
    """Columns of `customers` as the rows tell them, with what a row that tells nothing has."""
    count = len(rows)
    told: dict[str, Sequence[Any]] = {
        "key": rows.keys,
        "bucket": rows.buckets,
        **rows.values,
        "updated_at": [now] * count,
    }
    for name, unless_told in (("created_at", now), ("tags", []), ("interests", [])):
        given = rows.values.get(name)
        told[name] = (
            [unless_told] * count
            if given is None
            else [unless_told if value is None else value for value in given]
        )
    if "stage" in rows.values:
        told["stage_since"] = [None if stage is None else now for stage in rows.values["stage"]]
    nothing: dict[str, Any] = {}
    told["attributes"] = (
        [nothing] * count
        if rows.attributes is None
        else [without_emptied(each) if each else nothing for each in rows.attributes]
    )
    return told


def _write_dates(conn: Connection, rows: CustomerRows, ids: Sequence[int]) -> None:
    if rows.dates is None:
        return
    found: list[dict[str, NamedDate]] = [{} for _ in ids]
    for dates, told in zip(found, rows.dates, strict=True):
        lay_on(dates, told)
    write_dates(conn, [(id_, {}, dates) for id_, dates in zip(ids, found, strict=True)])
