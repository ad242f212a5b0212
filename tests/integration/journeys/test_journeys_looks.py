"""Looks at journeys in which nothing stirs: what they cost is counted, and they miss nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from counting import counted
from journeying import BEGIN, HEAD, KEY, Way, a_way
from sqlalchemy import Engine, func, select

from outreach.app.context import open_context
from outreach.app.running import Tick
from outreach.clock import MovingClock
from outreach.store.engine import reading
from outreach.store.tables import enrolments

NOW = datetime(2026, 7, 1, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
MORE = "  - {wait: 2 days}\n  - {id: more, channels: email, template: note}\n"
STARTED = f"""\
schedule: {{on_event: order}}
steps:
  - {{id: note, channels: email, template: note}}
{MORE}"""
MOST_OF_NONE = 2  # statements where nobody is in any journey: BEGIN and one question about all
MOST_OF_ONE = 8  # where somebody waits in one of them, however many stops it has


class Looking:
    """A scheduler in this process whose clock is put forward."""

    def __init__(self, clock: MovingClock, tick: Tick) -> None:
        self.clock, self.tick = clock, tick

    def at(self, now: datetime) -> int:
        """Look until nothing is due; how many are or were in a journey."""
        self.clock.at = now
        while self.tick():
            pass
        with reading(self.tick.context.engine) as conn:
            found: int = conn.execute(select(func.count()).select_from(enrolments)).scalar_one()
        return found

    def asked(self) -> int:
        """How many statements one more look at the journeys takes."""
        context, watched = self.tick.context, self.tick._project
        with counted(context.engine) as statements:
            assert not context.journeys(context.engine, watched.candidates, context.now())
        return len(statements)


@contextmanager
def looking(way: Way, monkeypatch: pytest.MonkeyPatch) -> Iterator[Looking]:
    for name, value in {"DATABASE_URL": way.url, "SECRET_KEY": KEY}.items():
        monkeypatch.setenv(f"OUTREACH_{name}", value)
    clock = MovingClock(NOW)
    context = open_context(way.project, BEGIN).by(clock)
    try:
        yield Looking(clock, Tick(context))
    finally:
        context.close()


@pytest.mark.parametrize("number", [1, 5])
def test_nobody_is_in_any_journey_by_one_question_however_many_they_are(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    way = a_way(tmp_path, engine, STARTED)
    for each in range(1, number):
        (way.project / f"campaigns/way{each}.yaml").write_text(HEAD + STARTED)
    with looking(way, monkeypatch) as look:
        look.at(NOW)
        look.at(NOW + HOUR)

        assert look.asked() <= MOST_OF_NONE


@pytest.mark.parametrize("waits", [1, 6])
def test_what_nobody_has_come_to_is_one_question_however_many_stops_there_are(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch, waits: int
) -> None:
    more = "".join(MORE.replace("more", f"more{number}") for number in range(1, waits))
    way = a_way(tmp_path, engine, STARTED + more)
    with looking(way, monkeypatch) as look:
        look.at(NOW)
        way.events("2026-07-01T09:00", "ann,order,2026-07-01T08:30")
        entered = look.at(NOW + HOUR)
        asked = look.asked()

    assert entered == 1
    assert asked <= MOST_OF_ONE


def test_who_comes_in_after_looks_at_which_nothing_stirred_is_found(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By an event that is noted, and by one that was dated ahead, as soon as it has come."""
    way = a_way(tmp_path, engine, STARTED)
    with looking(way, monkeypatch) as look:
        quiet = [look.at(NOW + HOUR * number) for number in range(2)]
        way.events("2026-07-01T09:10", "ann,order,2026-07-01T09:00", "bob,order,2026-07-01T13:30")
        found = [look.at(NOW + HOUR * number) for number in range(2, 8)]

    assert quiet == [0, 0]
    assert found == [1, 1, 1, 1, 2, 2]
