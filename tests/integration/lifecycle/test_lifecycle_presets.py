"""Each preset does what its page in docs/lifecycles says: on made-up lives, and on real purchases."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from lifecycle_pages import COMPANY, FOLDER, Day, distributions, fill, lives, preset, table, told
from makers import make_customer, make_event
from sqlalchemy import Engine, select

from outreach.demo.purchases import Purchase
from outreach.lifecycle.load import presets
from outreach.lifecycle.refresh import refresh
from outreach.store.engine import reading, writing
from outreach.store.tables import customers

PAGES = {name: (FOLDER / f"{name}.md").read_text("utf-8") for name in presets()}
LIVES = [(name, days) for name, page in PAGES.items() for days in lives(page)]


def test_every_preset_tells_a_life_through_all_of_its_stages() -> None:
    assert len(PAGES) == 7
    for name in PAGES:
        seen = {day.stage for other, days in LIVES if other == name for day in days} - {None}
        missing = set(preset(name).ids) - seen
        assert missing == ({"at-risk", "hibernating", "lost"} if name == "rfm" else set()), name


@pytest.mark.parametrize(("name", "days"), LIVES)
def test_a_life_goes_as_the_page_says(
    sqlite_engine: Engine, now: datetime, name: str, days: tuple[Day, ...]
) -> None:
    model, found = preset(name), []
    with writing(sqlite_engine) as conn:
        id_ = make_customer(conn)

    for day in days:
        at = now + timedelta(days=day.day)
        with writing(sqlite_engine) as conn:
            for kind in day.events:
                make_event(conn, id_, kind, at, amount=Decimal(60) if kind == "order" else None)
        refresh(sqlite_engine, COMPANY, model, at)
        with reading(sqlite_engine) as conn:
            stage = conn.execute(select(customers.c.stage)).scalar_one()
        found.append(Day(day.day, day.events, stage))

    assert tuple(found) == days


def test_pages_say_where_the_customers_of_cdnow_stand(
    sqlite_engine: Engine, purchases: list[Purchase]
) -> None:
    """`python tests/lifecycle_pages.py` writes the tables anew."""
    fill(sqlite_engine, purchases)

    found = distributions(sqlite_engine)

    assert {name: told(page) for name, page in PAGES.items()} == {
        name: table(name, counts) for name, counts in found.items()
    }


@pytest.mark.parametrize("name", presets())
def test_pages_name_every_stage_with_its_rule(name: str) -> None:
    page = PAGES[name] if name != "six-stage" else (FOLDER.parent / "lifecycle.md").read_text()

    for stage in preset(name).stages:
        assert stage.meaning
        assert f"| {stage.id} |" in page.replace("`", "")
