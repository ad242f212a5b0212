"""The zone table as something SQL can join: one row a place."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import Date, Integer, Table, TableValuedAlias, Text
from sqlalchemy.types import TypeEngine

from outreach.campaign.returning import Falling
from outreach.decisions.candidate import Scope
from outreach.decisions.grid import Grid, PlaceRow
from outreach.decisions.order import CODES
from outreach.decisions.reservations import Reservation, counted_in
from outreach.store.dialect import row_table
from outreach.store.types import BigId, Instant

FOREVER = timedelta(days=36_500)
INSTANT, DATE, INTEGER, TEXT = Instant(), Date(), Integer(), Text()


def zone_table(database: str, grid: Grid, *, reserved: bool = False) -> TableValuedAlias | Table:
    """The zone table of a campaign, empty, as the database joins it.

    `reserved`: with columns for campaigns above that reserve slots.
    """
    name = f"zones_{len(set(grid.groups))}_{len(grid.cap_windows)}"
    name += "_dated" if grid.campaign.schedule.on_date else ""
    name += "_feast" if grid.campaign.schedule.on_holiday else ""
    return row_table(
        database, f"{name}_reserved" if reserved else name, tuple(_columns(grid, reserved))
    )


def zone_rows(
    grid: Grid,
    rows: Sequence[PlaceRow],
    scope: Scope,
    found: Sequence[Reservation] = (),
    falling: Mapping[int, Falling] = MappingProxyType({}),
    feasts: Mapping[int, bool] = MappingProxyType({}),
) -> list[list[object]]:
    """The rows in the order of the table's columns; `falling`: by place, whose date it is; `feasts`:
    by place, whether it is the day of the schedule's feast there.
    """
    return [
        [
            *_values(grid, row, scope),
            *((int(feasts[row.place_id]),) if feasts else ()),
            *((each.on, each.also) if (each := falling.get(row.place_id)) else ()),
            *_reserved(grid, row, found),
        ]
        for row in rows
    ]


def _reserved(grid: Grid, row: PlaceRow, found: Sequence[Reservation]) -> list[object]:
    """By cap window, which reservations stand in it (a bit for each), and of how many campaigns."""
    values: list[object] = []
    for number, each in enumerate(grid.cap_windows) if found else ():
        numbers = counted_in(each, number, row, found)
        campaigns = {found[place].ruling.campaign.name for place in numbers}
        values += [sum(2**place for place in numbers), len(campaigns)]
    return values


def _columns(grid: Grid, reserved: bool) -> list[tuple[str, TypeEngine[Any]]]:
    found: list[tuple[str, TypeEngine[Any]]] = [
        ("place_id", BigId),
        ("asked_at", INSTANT),
        ("today", DATE),
        ("seen_at", INSTANT),
        ("late_at", INSTANT),
        ("is_past", INTEGER),
        ("back_at", INSTANT),
        ("ahead_at", INSTANT),
    ]
    for group in sorted(set(grid.groups)):
        found += [(f"opens_{group}", INSTANT), (f"why_{group}", INTEGER)]
    for number in range(len(grid.cap_windows)):
        found += [(f"back_{number}", INSTANT), (f"ahead_{number}", INSTANT)]
    if grid.campaign.schedule.on_holiday:
        found.append(("is_feast", INTEGER))
    if grid.campaign.schedule.on_date:
        found += [("falls_on", TEXT), ("falls_also", TEXT)]
    for number in range(len(grid.cap_windows)) if reserved else ():
        found += [(f"which_{number}", BigId), (f"many_{number}", INTEGER)]
    return found


def _values(grid: Grid, row: PlaceRow, scope: Scope) -> list[object]:
    seen_at = scope.seen_at
    seen = row.asked_at + FOREVER if seen_at is None else max(seen_at, row.asked_at)
    back_at = min((each.back_at for each in row.windows), default=row.asked_at)
    ahead_at = max((each.ahead_at for each in row.windows), default=row.asked_at)
    number = row.place_id if row.waits_until is None else -row.place_id
    found: list[object] = [number, row.asked_at, row.today, seen]
    late_at = (row.waits_until or row.asked_at) + grid.campaign.schedule.late
    found += [late_at, int(row.place_id in scope.past), back_at, ahead_at]
    for each in row.openings:
        found += [each.opens_at, None if each.why is None else CODES[each.why]]
    for within in row.windows:
        found += [within.back_at, within.ahead_at]
    return found
