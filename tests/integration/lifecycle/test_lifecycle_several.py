"""Several lifecycles at once: each is refreshed, asked for and told beside the main one."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from makers import make_customer, make_event
from sqlalchemy import Engine, func, select

from outreach.audience.check import check
from outreach.audience.compile import compile_expression
from outreach.audience.names import Names, names_of
from outreach.audience.row import Row
from outreach.campaign.model import Expression, Place
from outreach.imports import import_customers
from outreach.lifecycle.load import read_lifecycle
from outreach.lifecycle.model import Lifecycle, Lifecycles
from outreach.lifecycle.refresh import Refreshed, refresh
from outreach.settings.company import Brand, Company
from outreach.store import stages
from outreach.store.engine import reading, writing
from outreach.store.tables import customer_stages, customers, stage_changes

COMPANY = Company(brand=Brand(name="Sample"), lifecycles={"care": "care", "value": "value"})
MAIN = b"stages: [{id: buyer, when: orders > 0}, {id: other, when: otherwise}]"
CARE = b"""stages:
  - {id: upset, when: "last('complaint') > now - days(30)"}
  - {id: calm, when: "count('reply') > 0"}
"""
VALUE = b"stages: [{id: high, when: spend >= 100}, {id: low, when: otherwise}]"


def read(name: str, content: bytes) -> Lifecycle:
    model, problems = read_lifecycle(name, f"{name}.yaml", content, names_of(COMPANY, staged=False))
    assert model is not None, problems
    return model


@pytest.fixture
def model() -> Lifecycle:
    return read("main", MAIN)


@pytest.fixture
def further() -> Mapping[str, Lifecycle]:
    return {"care": read("care", CARE), "value": read("value", VALUE)}


@pytest.fixture
def people(engine: Engine, now: datetime) -> list[int]:
    """Ann bought for 120; Bob complained; Cyd did nothing."""
    with writing(engine) as conn:
        ids = [make_customer(conn, key) for key in ("ann", "bob", "cyd")]
        make_event(conn, ids[0], "order", now - timedelta(days=3), amount=120)
        make_event(conn, ids[1], "complaint", now - timedelta(days=3))
    return ids


def standing(engine: Engine) -> dict[str, tuple[Any, ...]]:
    """The stages of each customer: main, care, value."""
    s = customer_stages
    one = {
        name: select(s.c.stage).where(s.c.customer_id == customers.c.id, s.c.model == name)
        for name in ("care", "value")
    }
    columns = [each.scalar_subquery() for each in one.values()]
    with reading(engine) as conn:
        rows = conn.execute(select(customers.c.key, customers.c.stage, *columns)).all()
    return {row[0]: tuple(row[1:]) for row in rows}


def test_one_refresh_computes_all_of_them(
    engine: Engine, now: datetime, people: list[int], model: Lifecycle, further: Any
) -> None:
    found = refresh(engine, COMPANY, model, now, further=further)

    assert standing(engine) == {
        "ann": ("buyer", None, "high"),
        "bob": ("other", "upset", "low"),
        "cyd": ("other", None, "low"),
    }
    assert found == Refreshed(
        {"buyer": 1, "other": 2},
        {(None, "buyer"): 1, (None, "other"): 2},
        {
            "care": Refreshed({None: 2, "upset": 1}, {(None, "upset"): 1}),
            "value": Refreshed({"high": 1, "low": 2}, {(None, "high"): 1, (None, "low"): 2}),
        },
    )


def test_moves_of_each_are_recorded_with_their_model(
    engine: Engine, now: datetime, people: list[int], model: Lifecycle, further: Any
) -> None:
    refresh(engine, COMPANY, model, now, further=further)
    later = now + timedelta(days=40)

    found = refresh(engine, COMPANY, model, later, further=further)

    assert found.moves == {}
    assert found.further["care"].moves == {("upset", None): 1}
    with reading(engine) as conn:
        assert stages.stays(conn, people[1], "care", later, 5) == [
            stages.Stay("upset", None, later),
            stages.Stay(None, "upset", now),
        ]
        assert stages.moves(conn, now, later, "care") == {("upset", None): 1}
        assert stages.further_stays(conn, people[1], now)["care"].stage == "upset"


def test_a_second_refresh_writes_nothing(
    engine: Engine, now: datetime, people: list[int], model: Lifecycle, further: Any
) -> None:
    refresh(engine, COMPANY, model, now, further=further)

    again = refresh(engine, COMPANY, model, now, further=further)

    assert again.moves == {}
    assert [each.moves for each in again.further.values()] == [{}, {}]


def test_a_customer_who_moves_in_a_further_one_only_is_as_of_then(
    engine: Engine, now: datetime, people: list[int], model: Lifecycle, further: Any
) -> None:
    refresh(engine, COMPANY, model, now, further=further)
    later = now + timedelta(days=40)

    refresh(engine, COMPANY, model, later, further=further)

    with reading(engine) as conn:
        rows = conn.execute(select(customers.c.facts_at).order_by(customers.c.id)).scalars()
        assert list(rows) == [now, later, now]


def test_given_stages_stand_beside_further_ones_by_rules(
    engine: Engine, now: datetime, further: Any
) -> None:
    with writing(engine) as conn:
        make_customer(conn, "dan", stage="gold", stage_since=now)

    refresh(engine, COMPANY, None, now, further=further)

    assert standing(engine) == {"dan": ("gold", None, "low")}


def test_newcomers_are_placed_in_all_of_them(
    engine: Engine, now: datetime, tmp_path: Path, model: Lifecycle, further: Any
) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("key\nnew\n", "utf-8")

    import_customers(engine, path, COMPANY, now, lifecycles=Lifecycles(model, further))

    assert standing(engine) == {"new": ("other", None, "low")}
    with reading(engine) as conn:
        query = select(func.count()).select_from(stage_changes)
        assert conn.execute(query).scalar_one() == 2
    again = refresh(engine, COMPANY, model, now, further=further)
    assert (again.moves, again.further["value"].moves) == ({}, {})


@pytest.mark.parametrize(
    ("written", "who"),
    [
        ("stage_in('value') == 'high'", ["ann"]),
        ("stage_in('care') is none", ["ann", "cyd"]),
        ("stage_in('care') != 'upset'", ["ann", "cyd"]),
        ("stage_in('care') in ['upset', 'calm'] and stage == 'other'", ["bob"]),
    ],
)
@pytest.mark.parametrize("facts", ["stored", "as_of"])
def test_expressions_ask_for_their_stages(
    engine: Engine,
    now: datetime,
    people: list[int],
    model: Lifecycle,
    further: Any,
    written: str,
    who: list[str],
    facts: str,
) -> None:
    refresh(engine, COMPANY, model, now, further=further)
    if facts == "as_of":  # a later refresh moves Bob
        refresh(engine, COMPANY, model, now + timedelta(days=40), further=further)
    row = Row(customers.c, now, now.date(), names_of(COMPANY), facts=facts)
    condition = compile_expression(Expression(written, Place("a.yaml", 1, 1)), row)

    with reading(engine) as conn:
        query = select(customers.c.key).where(condition).order_by(customers.c.key)
        found = conn.execute(query).scalars().all()

    assert found == who


@pytest.mark.parametrize(
    ("written", "names", "said"),
    [
        (
            "stage_in('worth') == 'high'",
            names_of(COMPANY),
            "there is no `worth` under `lifecycles`; "
            "there are `care`, `value`; the one under `lifecycle` is `stage`",
        ),
        (
            "stage_in('value') == 'high'",
            Names(),
            "there is no `value` under `lifecycles`; the one under `lifecycle` is `stage`",
        ),
        (
            "stage_in('value', days(3)) == 'high'",
            names_of(COMPANY),
            "`stage_in` does not take these arguments; write for example `stage_in('value')`",
        ),
        (
            "stage_in('value') > 3",
            names_of(COMPANY),
            "a text is compared with a number; put it in quotes: `'3'`",
        ),
    ],
)
def test_what_can_not_be_asked_is_said(written: str, names: Names, said: str) -> None:
    problems = check(Expression(written, Place("a.yaml", 1, 1)), names)

    assert [str(each).partition(": ")[2] for each in problems] == [said]
