"""A new customer is put in the stage that a refresh would find, with the same history."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from makers import NOW
from sqlalchemy import Connection, Engine, select

from outreach.audience.names import names_of
from outreach.imports import import_customers
from outreach.lifecycle.load import read_lifecycle
from outreach.lifecycle.model import Lifecycle, Lifecycles
from outreach.lifecycle.newcomers import Placing
from outreach.lifecycle.refresh import refresh
from outreach.settings.company import Brand, Company
from outreach.store.engine import reading
from outreach.store.tables import customers, stage_changes

COMPANY = Company(brand=Brand(name="Acme"))
MODEL = b"""
stages:
  - {id: near, when: city == 'Mainz'}
  - {id: asked, when: "count('inquiry', days(30)) > 0"}
  - {id: long_known, when: created_at < now - days(100)}
  - {id: new, when: orders == 0 and spend < 1 and last_contact_at is none and country != 'FR'}
"""
OF_FACTS = b"""
stages:
  - {id: buyer, when: orders > 0 and spend >= 0}
  - {id: quiet, when: last_order_at < now - days(100)}
  - {id: new, when: typical_gap is none and last_engaged_at is none and first_order_at is none}
"""
NOBODY = b"stages: [{id: buyer, when: orders > 0}, {id: big, when: spend > 100}]"
FILE = """key,email,country,city,created_at
C1,ann@example.com,DE,Mainz,
C2,bob@example.com,DE,Kiel,2025-01-01
C3,cyd@example.com,FR,Metz,
C4,dan@example.com,DE,Kiel,
"""


def read(text: bytes) -> Lifecycle:
    found, problems = read_lifecycle("own", "own.yaml", text, names_of(COMPANY))
    assert found is not None, problems
    return found


@pytest.fixture
def model() -> Lifecycle:
    return read(MODEL)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "customers.csv"
    path.write_text(FILE, "utf-8")
    return path


def standing(conn: Connection) -> list[Any]:
    t = customers.c
    return list(conn.execute(select(t.key, t.stage, t.stage_since).order_by(t.key)).all())


def history(conn: Connection) -> list[Any]:
    t = stage_changes.c
    query = select(customers.c.key, t.model, t.from_stage, t.to_stage, t.at, t.facts)
    return list(conn.execute(query.join(customers).order_by(customers.c.key, t.id)).all())


def test_newcomers_stand_where_the_rules_say(engine: Engine, file: Path, model: Lifecycle) -> None:
    import_customers(engine, file, COMPANY, NOW, lifecycles=Lifecycles(model))

    with reading(engine) as conn:
        found = standing(conn)
    assert found == [
        ("C1", "near", NOW), ("C2", "long_known", NOW), ("C3", None, None), ("C4", "new", NOW),
    ]  # fmt: skip


@pytest.mark.parametrize(("rules", "placed"), [(MODEL, 3), (OF_FACTS, 4), (NOBODY, 0)])
def test_their_history_is_the_one_that_a_refresh_writes(
    engine: Engine, file: Path, rules: bytes, placed: int
) -> None:
    model = read(rules)
    import_customers(engine, file, COMPANY, NOW, lifecycles=Lifecycles(model))
    with reading(engine) as conn:
        at_once = history(conn)
    with engine.begin() as conn:
        conn.execute(stage_changes.delete())
        conn.execute(customers.update().values(stage=None, stage_since=None, facts_at=None))

    refresh(engine, COMPANY, model, NOW)

    with reading(engine) as conn:
        assert history(conn) == at_once
        assert len(at_once) == placed


@pytest.mark.parametrize("rules", [MODEL, OF_FACTS, NOBODY])
def test_a_refresh_right_after_has_nothing_to_do(engine: Engine, file: Path, rules: bytes) -> None:
    model = read(rules)
    found = import_customers(engine, file, COMPANY, NOW, lifecycles=Lifecycles(model))

    assert refresh(engine, COMPANY, model, NOW).moves == {}
    assert found.customers == ()


def test_a_later_row_about_a_newcomer_asks_for_a_refresh(
    engine: Engine, tmp_path: Path, file: Path, model: Lifecycle
) -> None:
    import_customers(engine, file, COMPANY, NOW, lifecycles=Lifecycles(model))
    changed = tmp_path / "changed.csv"
    changed.write_text("key,city\nC3,Mainz\n", "utf-8")

    found = import_customers(
        engine, changed, COMPANY, NOW + timedelta(1), lifecycles=Lifecycles(model)
    )

    assert len(found.customers or ()) == 1
    assert refresh(engine, COMPANY, model, NOW + timedelta(1), found.customers).moves == {
        (None, "near"): 1
    }


@pytest.mark.parametrize(("rules", "stages"), [(MODEL, []), (OF_FACTS, ["new"]), (NOBODY, [None])])
def test_rules_of_facts_alone_are_asked_once(
    engine: Engine, rules: bytes, stages: list[str | None]
) -> None:
    placing = Placing(COMPANY, Lifecycles(read(rules)), NOW)

    with reading(engine) as conn:
        assert list(placing.alike(conn).values()) == stages
