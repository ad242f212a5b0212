"""The zone table as something SQL can join: one row a place."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Date, FromClause, Integer
from sqlalchemy.types import TypeEngine

from outreach.decisions.chain import CODES
from outreach.decisions.grid import Grid, PlaceRow
from outreach.store.dialect import table_of_rows
from outreach.store.types import BigId, Instant

FOREVER = timedelta(days=36_500)


def zone_table(
    conn: Connection, grid: Grid, rows: Sequence[PlaceRow], seen_at: datetime | None
) -> FromClause:
    """The rows as a table to join; `seen_at` is the scope's."""
    columns = _columns(grid)
    name = f"zones_{len(set(grid.groups))}_{len(grid.cap_windows)}"
    return table_of_rows(conn, name, columns, [_values(grid, row, seen_at) for row in rows])


def _columns(grid: Grid) -> list[tuple[str, TypeEngine[Any]]]:
    found: list[tuple[str, TypeEngine[Any]]] = [
        ("place_id", BigId),
        ("asked_at", Instant()),
        ("today", Date()),
        ("seen_at", Instant()),
        ("late_at", Instant()),
        ("back_at", Instant()),
        ("ahead_at", Instant()),
    ]
    for group in sorted(set(grid.groups)):
        found += [(f"opens_{group}", Instant()), (f"why_{group}", Integer())]
    for number in range(len(grid.cap_windows)):
        found += [(f"back_{number}", Instant()), (f"ahead_{number}", Instant())]
    return found


def _values(grid: Grid, row: PlaceRow, seen_at: datetime | None) -> list[object]:
    seen = row.asked_at + FOREVER if seen_at is None else max(seen_at, row.asked_at)
    back_at = min((each.back_at for each in row.windows), default=row.asked_at)
    ahead_at = max((each.ahead_at for each in row.windows), default=row.asked_at)
    found: list[object] = [row.place_id, row.asked_at, row.today, seen]
    found += [row.asked_at + grid.campaign.schedule.late, back_at, ahead_at]
    for each in row.openings:
        found += [each.opens_at, None if each.why is None else CODES[each.why]]
    for within in row.windows:
        found += [within.back_at, within.ahead_at]
    return found
