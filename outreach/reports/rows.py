"""Deliveries one by one, in the columns that plan, simulate and report share."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, select, true

from outreach.errors import UsageError
from outreach.reports.funnel import which
from outreach.store.records import decision_of
from outreach.store.tables import campaigns, customers, deliveries
from outreach.vocabulary import Decision, State


@dataclass(frozen=True, slots=True)
class DecidedRow:
    """One customer's line; instants are aware UTC; empty text for what there is not."""

    key: str
    campaign: str
    step: str
    channel: str
    variant: str
    locale: str
    planned_at: datetime  # when it became due, not when a worker got to it
    decision: Decision
    reason: str
    until: datetime | None
    state: str


_NAMES = tuple(each.name for each in fields(DecidedRow))
_values = attrgetter(*_NAMES)
_ASKED = (
    "step", "channel", "variant", "locale", "planned_at", "reason", "held_for", "until", "state",
)  # fmt: skip


def decided_rows(
    conn: Connection,
    campaign: str | None = None,
    run_id: int | None = None,
    only: ColumnElement[bool] | None = None,
) -> Iterator[DecidedRow]:
    """The deliveries of one run, of one campaign, or all, in order of their ids; or `only` some."""
    row = deliveries.c
    asked = [row[name] for name in _ASKED]
    query = (
        select(*asked, customers.c.key, campaigns.c.name.label("campaign"))
        .join(customers, customers.c.id == row.customer_id)
        .join(campaigns, campaigns.c.id == row.campaign_id)
        .where(which(campaign, run_id), true() if only is None else only)
        .order_by(row.id)
        .execution_options(yield_per=2_000)
    )
    for each in conn.execute(query):
        yield DecidedRow(
            key=each.key,
            campaign=each.campaign,
            step=each.step,
            channel=each.channel or "",
            variant=each.variant or "",
            locale=each.locale or "",
            planned_at=each.planned_at,
            decision=decision_of(State(each.state), each.until),
            reason=each.reason or each.held_for or "",
            until=each.until,
            state=each.state,
        )


def write_rows(path: Path, rows: Iterable[DecidedRow]) -> int:
    """Write the rows as CSV; how many. Instants are ISO 8601 in UTC; formulas are neutralised.

    UsageError where there is no place for the file.
    """
    check_place(path)
    number = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(_NAMES)
        for row in rows:
            out.writerow(map(_cell, _values(row)))
            number += 1
    return number


def check_place(path: Path) -> None:
    """UsageError where there is no place for the file."""
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder `{path.parent}`", "make it, or name another file")
    if path.is_dir():
        raise UsageError(f"`{path}` is a folder", "name a file in it")


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a file that `write_rows` wrote, in order of the customers' keys."""
    with path.open(newline="", encoding="utf-8") as file:
        return sorted(csv.DictReader(file), key=lambda row: row["key"])


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
