"""Which texts customers have, on each database."""

from datetime import date

import pytest
from makers import NOW, make_customer
from sqlalchemy import Engine

from outreach.audience import presence
from outreach.audience.names import Kind, Names
from outreach.audience.row import Row
from outreach.store.engine import reading, writing
from outreach.store.tables import customers

NAMES = Names((("genre", Kind.TEXT), ("likes", Kind.LIST)))
ROW = Row(customers.c, NOW, date(2026, 7, 3), NAMES)


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("tags", {"vip", "new"}),
        ("city", {"Paris"}),
        ("genre", {"Jazz"}),
        ("likes", {"tea", "rum"}),
        ("tier", set()),
    ],
)
def test_texts_are_those_that_somebody_has(engine: Engine, name: str, texts: set[str]) -> None:
    own = {"genre": "Jazz", "likes": ["tea", "rum"]}
    with writing(engine) as conn:
        make_customer(conn, "a", tags=["vip", "new"], city="Paris", attributes=own)
        make_customer(conn, "b", tags=["vip"], city=None)

    with reading(engine) as conn:
        assert presence.texts(conn, ROW, name) == texts
