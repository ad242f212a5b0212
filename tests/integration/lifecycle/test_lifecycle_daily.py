"""The daily refresh: at 00:05 company time, whenever the tick comes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from commands import sample_project
from makers import make_customer, make_event
from sqlalchemy import Row, select

from outreach.app.context import Context, open_context
from outreach.app.daily import refresh_daily
from outreach.app.stages import refresh_touched
from outreach.store.engine import reading, writing
from outreach.store.marks import refreshed_at
from outreach.store.tables import customers, stage_changes

KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
MIDNIGHT = datetime(2026, 7, 3, 4, 5, tzinfo=UTC)  # 00:05 in New York, the sample's company time
MORNING = MIDNIGHT + timedelta(hours=9)


@pytest.fixture
def project(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sample project on either database."""
    monkeypatch.setenv("OUTREACH_DATABASE_URL", database_url)
    monkeypatch.setenv("OUTREACH_SECRET_KEY", KEY)
    return sample_project(tmp_path / "project")


def stored(context: Context, id_: int) -> Row[tuple[object, ...]]:
    with reading(context.engine) as conn:
        t = customers.c
        return conn.execute(select(t.orders, t.stage, t.stage_since).where(t.id == id_)).one()


def test_moves_carry_the_instant_of_the_day_however_late_the_tick(project: Path) -> None:
    context = open_context(project, MORNING.isoformat())
    with writing(context.engine) as conn:
        id_ = make_customer(conn)
        make_event(conn, id_, "order", MIDNIGHT - timedelta(days=10))

    done = [refresh_daily(context, MORNING), refresh_daily(context, MORNING + timedelta(hours=1))]

    with reading(context.engine) as conn:
        moved = conn.execute(select(stage_changes.c.at)).scalars().all()
        mark = refreshed_at(conn)
    found = stored(context, id_)
    context.close()
    assert done == [True, False]
    assert (found.orders, found.stage, found.stage_since) == (1, "development", MIDNIGHT)
    assert (moved, mark) == ([MIDNIGHT], MIDNIGHT)


def test_who_was_brought_up_to_date_since_is_not_set_back(project: Path) -> None:
    context = open_context(project, MORNING.isoformat())
    with writing(context.engine) as conn:
        touched, other = make_customer(conn, "a"), make_customer(conn, "b")
        for id_ in (touched, other):
            make_event(conn, id_, "order", MIDNIGHT + timedelta(hours=1))
    refresh_touched(context, [touched])

    refresh_daily(context, MORNING + timedelta(minutes=5))

    facts = stored(context, touched), stored(context, other)
    context.close()
    assert [each.orders for each in facts] == [1, 0]
    assert [each.stage_since for each in facts] == [MORNING, MIDNIGHT]


def test_facts_of_a_later_present_are_made_anew(project: Path) -> None:
    later = open_context(project, (MORNING + timedelta(days=30)).isoformat())
    with writing(later.engine) as conn:
        id_ = make_customer(conn)
        make_event(conn, id_, "order", MORNING + timedelta(days=20))
    refresh_touched(later, [id_])
    context = open_context(project, MORNING.isoformat())

    refresh_daily(context, MORNING)

    found = stored(context, id_)
    for each in (later, context):
        each.close()
    assert (found.orders, found.stage) == (0, "potential")
