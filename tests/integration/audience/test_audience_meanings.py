"""Every row of docs/meanings/values.md, on each database."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from makers import make_customer, make_event, withdraw
from sqlalchemy import Date, Engine, insert, literal, select, true, update

from outreach.audience.check import check
from outreach.audience.compile import compile_expression
from outreach.audience.names import Kind, Names
from outreach.audience.row import Row
from outreach.campaign.model import Expression, Place
from outreach.store.engine import reading, writing
from outreach.store.facts import facts_select
from outreach.store.named_dates import NamedDate, write_dates
from outreach.store.tables import customers, stage_changes
from outreach.store.types import Instant

NOW = datetime(2026, 3, 31, 9, tzinfo=UTC)
TODAY = date(2026, 3, 31)
NAMES = Names(
    (
        ("fee", Kind.MONEY),
        ("height", Kind.NUMBER),
        ("plan", Kind.TEXT),
        ("renews_on", Kind.DATE),
        ("vip", Kind.YES_NO),
        ("weight", Kind.NUMBER),
    )
)
DAYS = {
    "wedding": "2014-04-07",
    "engaged": "03-31",
    "moved": "03-30",
    "contract_end": "2027-03-31",
    "born": "02-29",
}
PAGE = Path(__file__).parents[3] / "docs" / "meanings" / "values.md"
ROWS = [
    (source.replace("\\|", "|"), holds == "yes")
    for source, holds in re.findall(r"^\| `(.+)` \| (yes|no) \|$", PAGE.read_text("utf-8"), re.M)
]


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """A base with the page's customer."""
    attributes = {"height": 2.5, "renews_on": "2026-02-28", "fee": 3_000}
    placed = {"stage": "growth", "stage_since": NOW - timedelta(days=10)}
    with writing(engine) as conn:
        customer = make_customer(
            conn, city="Paris", tags=["vip", "new-town"], attributes=attributes, **placed
        )
        move = {"customer_id": customer, "model": "main", "to_stage": "growth"}
        conn.execute(insert(stage_changes).values(**move, at=placed["stage_since"]))
        write_dates(conn, [(customer, {}, {name: NamedDate(day) for name, day in DAYS.items()})])
        withdraw(conn, customer, "email", "offers")
        for days in (-30, -20, 0, 1):
            make_event(conn, customer, "order", NOW + timedelta(days=days), amount=Decimal("29.99"))
        facts = conn.execute(facts_select(NOW, customers.c.id == customer)).one()._asdict()
        del facts["customer_id"]
        conn.execute(update(customers).values(**facts))
    return engine


@pytest.mark.parametrize("facts", ["stored", "as_of"])
@pytest.mark.parametrize("columns", [False, True])
def test_values_mean_what_the_page_says(filled: Engine, facts: str, columns: bool) -> None:
    assert len(ROWS) > 60
    own = select(literal(NOW, Instant()).label("now"), literal(TODAY, Date()).label("today")).cte()
    now, today = (own.c.now, own.c.today) if columns else (NOW, TODAY)
    row = Row(customers.c, now, today, NAMES, facts=facts)  # type: ignore[arg-type]

    rows = customers.join(own, true()) if columns else customers

    wrong = []
    with reading(filled) as conn:
        for source, holds in ROWS:
            expression = Expression(source, Place("values.md", 1, 1))
            assert check(expression, NAMES) == []
            asked = select(compile_expression(expression, row)).select_from(rows)
            if conn.execute(asked).scalar_one() is not holds:
                wrong.append(source)

    assert wrong == []
