"""Allowed moves, minimum stays and high-water marks, as refreshes write them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import yaml
from makers import make_customer, make_event
from sqlalchemy import Engine, select
from stage_meanings import PATH, Life, lives, page

from outreach.audience.names import names_of
from outreach.lifecycle.load import read_lifecycle
from outreach.lifecycle.model import Lifecycle
from outreach.lifecycle.moving import Standing
from outreach.lifecycle.refresh import refresh
from outreach.lifecycle.why import answers_of, outcome
from outreach.settings.company import Brand, Company
from outreach.store.engine import reading, writing
from outreach.store.stages import stays
from outreach.store.tables import customer_stages, customers, stage_changes

COMPANY = Company(brand=Brand(name="Sample"), lifecycles={"again": "again"})


def read(written: object) -> Lifecycle:
    content = yaml.safe_dump(written).encode()
    model, problems = read_lifecycle("a", "a.yaml", content, names_of(COMPANY, staged=False))
    assert model is not None, problems
    return model


def test_the_page_is_made_from_the_examples() -> None:
    """`python tests/stage_meanings.py` writes it anew."""
    assert PATH.with_suffix(".md").read_text("utf-8") == page()


@pytest.mark.parametrize("life", lives(), ids=str)
def test_stages_mean_what_the_page_says(engine: Engine, now: datetime, life: Life) -> None:
    model = read(life.lifecycle)
    with writing(engine) as conn:
        id_ = make_customer(conn)
    main = select(customers.c.stage)
    again = select(customer_stages.c.stage)

    for day in life.days:
        at = now + timedelta(days=day.day)
        with writing(engine) as conn:
            for kind in day.events:
                make_event(conn, id_, kind, at)
        refresh(engine, COMPANY, model, at, further={"again": model})

        with reading(engine) as conn:
            found = conn.execute(main).scalar(), conn.execute(again).scalar()
        assert found == (day.stage, day.stage), day
        assert keeper(engine, model, id_, at) == day.kept, day


def keeper(engine: Engine, model: Lifecycle, id_: int, at: datetime) -> str | None:
    """What keeps the customer from the stage that the rules say."""
    with reading(engine) as conn:
        stay = stays(conn, id_, "main", at, 1)[0]
        rules = answers_of(conn, COMPANY, model, id_, at)
    assert rules is not None
    return outcome(model, Standing(stay.stage, stay.since), rules, at).keeper


BOUND = {
    "stages": [
        {"id": "new", "when": "otherwise", "least_days": 2},
        {"id": "lead", "when": "last('inquiry') > now - days(30)", "least_days": 9,
         "unless": "count('order', days(7)) > 1"},
        {"id": "buyer", "when": "last_order_at > now - days(60)"},
    ],
    "evaluation": ["buyer", "lead", "new"],
    "moves": {"new": ["lead"], "buyer": ["new"]},
}  # fmt: skip


def history(engine: Engine, now: datetime, parts: Callable[[list[int]], list[list[int]]]) -> Any:
    """What refreshes at five instants leave behind, each done in these parts."""
    model = read(BOUND)
    with writing(engine) as conn:
        ids = [make_customer(conn, f"c{number}") for number in range(8)]
        for number, id_ in enumerate(ids):
            for place, days in enumerate(range(-3 * number, 60, 9 + 4 * number)):
                kind = ("inquiry", "order", "reply", "reply")[(number + place) % 4]
                make_event(conn, id_, kind, now + timedelta(days=days))
    for days in (0, 10, 40, 120):
        at = now + timedelta(days=days)
        for part in parts(ids):
            refresh(engine, COMPANY, model, at, part, further={"again": model})
    s, moves = customer_stages.c, stage_changes.c
    found = []
    with reading(engine) as conn:
        for query in (
            select(customers.c.key, customers.c.stage, customers.c.stage_since),
            select(s.customer_id - ids[0], s.model, s.stage, s.since),
            select(moves.customer_id - ids[0], moves.model, moves.to_stage, moves.at),
        ):
            found.append(sorted(map(repr, conn.execute(query).all())))
    with writing(engine) as conn:
        for table in (customer_stages, stage_changes):
            conn.execute(table.delete())
        conn.exec_driver_sql("DELETE FROM events")
        conn.execute(customers.delete())
    return found


def test_ranges_of_any_size_give_the_same(sqlite_engine: Engine, now: datetime) -> None:
    """Some are refreshed three times at one instant, too."""
    whole = history(sqlite_engine, now, lambda ids: [ids])

    assert len(whole[2]) > 30
    assert history(sqlite_engine, now, lambda ids: [[each] for each in ids]) == whole
    assert history(sqlite_engine, now, lambda ids: [ids[:5], ids, ids[3:]]) == whole
