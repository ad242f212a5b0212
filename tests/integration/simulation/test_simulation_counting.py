"""Who hears most, who is forgotten, and how stages drift, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from makers import NOW, make_customer, make_customers, make_delivery, make_run
from sqlalchemy import Connection, event, update

from outreach.campaign.model import Campaign, Schedule, ScheduleKind, Selection, Step
from outreach.settings.company import Brand, Company, Topic
from outreach.simulation.counting import (
    begin,
    most_forgotten,
    most_pestered,
    note_touches,
    touches,
)
from outreach.simulation.drift import Moved, drift
from outreach.simulation.starving import Starved, starved
from outreach.spans import Cap, Per, PerKind
from outreach.store.stages import MAIN, StageMove, record_moves
from outreach.store.tables import customers

KEYS = ("b", "B", "a", "_c", "C", "é")
BY_CODE_POINT = ["B", "C", "_c", "a", "b", "é"]


@contextmanager
def by_code_point(conn: Connection) -> Iterator[None]:
    """The servers of tests order text so of themselves: what is asked must not depend on that."""
    asked: list[str] = []

    def note(*told: Any) -> None:
        asked.append(told[2].partition("ORDER BY")[2])

    event.listen(conn, "before_cursor_execute", note)
    yield
    event.remove(conn, "before_cursor_execute", note)
    ordered = [each for each in asked if "key" in each or "name" in each]
    assert ordered
    assert conn.dialect.name == "sqlite" or all('COLLATE "C"' in each for each in ordered)


def test_who_hears_alike_stands_by_the_code_points_of_the_key_whatever_the_database(
    conn: Connection,
) -> None:
    ids = [make_customer(conn, key) for key in KEYS]
    since = begin(conn, NOW)
    runs = [make_run(conn, name) for name in ("b-way", "Away")]
    for id_ in ids:
        for run_id in runs:
            make_delivery(conn, id_, run_id=run_id, claimed_at=NOW)
    note_touches(conn, since)

    with by_code_point(conn):
        found = most_pestered(conn, since, limit=4)

    assert [each.key for each in found] == BY_CODE_POINT[:4]
    assert all(list(each.campaigns.items()) == [("Away", 1), ("b-way", 1)] for each in found)


def test_who_is_forgotten_alike_stands_by_the_code_points_of_the_key(conn: Connection) -> None:
    for key in KEYS:
        make_customer(conn, key)
    since = begin(conn, NOW)
    note_touches(conn, since)

    with by_code_point(conn):
        found = most_forgotten(conn, since, limit=4)

    assert [each.key for each in found] == BY_CODE_POINT[:4]


def test_touches_are_those_of_everybody(conn: Connection) -> None:
    """19 of 20 are 95 of 100; the median of an even number is the mean of two."""
    ids = make_customers(conn, [f"c{n:02}" for n in range(20)])
    since = begin(conn, NOW)
    for number, id_ in enumerate(ids):
        for hour in range(0 if number < 10 else 1 if number < 19 else 7):
            make_delivery(conn, id_, claimed_at=NOW, at=NOW + timedelta(hours=hour))
    make_delivery(conn, ids[0], "skipped", claimed_at=NOW)
    note_touches(conn, since)

    found = touches(conn)

    assert found.number == {0: 10, 1: 9, 7: 1}
    assert (found.median, found.p95, found.most) == (0.5, 1, 7)


def test_stages_before_are_those_that_the_base_had_where_a_refresh_is_due_at_once(
    conn: Connection,
) -> None:
    first, second = (make_customer(conn, key, stage="growth") for key in ("a", "b"))
    record_moves(conn, [StageMove(each, None, "growth") for each in (first, second)], NOW)
    since = begin(conn, NOW)
    for id_, at in ((first, NOW), (second, NOW + timedelta(days=1))):
        record_moves(conn, [StageMove(id_, "growth", "decline")], at)
    conn.execute(update(customers).values(stage="decline"))

    found = drift(conn, since)[MAIN]

    assert found.before == {"growth": 2}
    assert found.after == {"decline": 2}
    assert found.moves == [Moved("growth", "decline", 2)]


def test_what_was_ordered_takes_nobodys_place(conn: Connection) -> None:
    """A message that was ordered counts against no limit."""
    company = Company(
        brand=Brand(name="Acme", timezone="Europe/Berlin"),
        topics={"greetings": Topic(), "service": Topic(transactional=True)},
        cadence=(Cap(1, Per(PerKind.DAYS, 7)),),
    )
    step = Step("greet", ("email",), "greeting")
    schedule = Schedule(ScheduleKind.MANUAL)
    of = Campaign("late", "Late", "mei@example.com", "greetings", Selection(), schedule, (step,))
    since = begin(conn, NOW)
    late, early, notice = (make_run(conn, name) for name in ("late", "early", "notice"))
    for key in ("a", "b"):
        id_ = make_customer(conn, key)
        for run_id, topic in ((early, "greetings"), (notice, "service")):
            make_delivery(conn, id_, run_id=run_id, topic=topic, channel="email")
        make_delivery(conn, id_, "skipped", run_id=late, reason="capped", topic="greetings")

    assert starved(conn, since, {"late": of}, company) == [Starved("late", "early", 2)]
