"""Values as JSON knows them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from outreach.cli.document import plain
from outreach.vocabulary import State


@dataclass(frozen=True)
class _Told:
    state: State
    at: datetime
    cost: Decimal
    parts: tuple[Path, ...]
    by_stage: dict[str | None, int]


def test_every_kind_of_value_becomes_json() -> None:
    at = datetime(2026, 7, 3, 9, tzinfo=UTC)
    told = _Told(State.SENT, at, Decimal("12.50"), (Path("a/b"),), {None: 2, "growth": 3})

    assert plain({"told": told, "took": timedelta(minutes=1)}) == {
        "told": {
            "state": "sent",
            "at": "2026-07-03T09:00:00+00:00",
            "cost": 12.5,
            "parts": ["a/b"],
            "by_stage": {"": 2, "growth": 3},
        },
        "took": 60.0,
    }
