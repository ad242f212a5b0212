"""Shorthand keys, attributes of every type, and how text is compared, on each database."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import NOW, make_customer
from plain_evaluation import days_until
from sqlalchemy import Date, Engine, literal, not_, select, text, update

from outreach.audience.compile import compile_expression, compile_selection
from outreach.audience.missing import name_is_missing
from outreach.audience.names import Kind, Names
from outreach.audience.row import Row, months_later
from outreach.campaign.model import Expression, Place, Selection
from outreach.store import spelling
from outreach.store.engine import reading, writing
from outreach.store.tables import customers
from outreach.store.types import Instant

KINDS = [Kind.TEXT, Kind.NUMBER, Kind.MONEY, Kind.YES_NO, Kind.DATE, Kind.DATETIME, Kind.LIST]
CALLED = {kind: "day" if kind is Kind.DATE else kind.value for kind in KINDS}
NAMES = Names(tuple((name, kind) for kind, name in CALLED.items()))
ROW = Row(customers.c, NOW, date(2026, 7, 3), NAMES)


def picked(engine: Engine, selection: Selection) -> list[str]:
    condition = compile_selection(selection, ROW)
    with reading(engine) as conn:
        others = set(conn.execute(select(customers.c.key).where(not_(condition))).scalars())
        found = set(conn.execute(select(customers.c.key).where(condition)).scalars())
        assert found | others == set(conn.execute(select(customers.c.key)).scalars())
        assert not found & others
    return sorted(found)


def where(source: str) -> Selection:
    return Selection(where=Expression(source, Place("a.yaml", 1, 1)))


@pytest.fixture
def filled(engine: Engine) -> Engine:
    with writing(engine) as conn:
        make_customer(conn, "a", stage="growth", tier="A", tags=["vip"], country="DE")
        make_customer(conn, "b", stage="growth", tier="B", tags=["new", "x"], country="FR")
        make_customer(conn, "c", stage=None, tier="A", tags=[], country=None, locale="de-DE")
    return engine


@pytest.mark.parametrize(
    ("selection", "keys"),
    [
        (Selection(), ["a", "b", "c"]),
        (Selection(stage=("growth",)), ["a", "b"]),
        (Selection(stage=("growth",), tier=("A", "C")), ["a"]),
        (Selection(tags=("vip", "x")), ["a", "b"]),
        (Selection(country=("fr", "DE")), ["a", "b"]),
        (Selection(locale=("de-DE",)), ["c"]),
        (Selection(locale=("de",)), []),
        (Selection(tier=("A",), where=Expression("'vip' not in tags", Place("a", 1, 1))), ["c"]),
    ],
)
def test_every_key_must_hold_and_a_list_is_any_of(
    filled: Engine, selection: Selection, keys: list[str]
) -> None:
    assert picked(filled, selection) == keys


def test_attributes_of_another_type_are_missing_and_break_nothing(engine: Engine) -> None:
    values = ["x", 1, 2.5, 10**30, 1e-300, True, ["x"], {"x": 1}, None, "2026-02-30", "true", 0, []]
    with writing(engine) as conn:
        for number, value in enumerate(values):
            attributes = dict.fromkeys(CALLED.values(), value)
            make_customer(conn, f"{number:02}", attributes=attributes)

    known: dict[str, list[Any]] = {}
    with reading(engine) as conn:
        for name in CALLED.values():
            there = not_(name_is_missing(name, ROW))
            found = conn.execute(select(customers.c.key).where(there).order_by(customers.c.key))
            known[name] = [values[int(key)] for key in found.scalars()]

    texts = ["x", "2026-02-30", "true"]
    assert known == {
        "text": texts,
        "day": texts,
        "number": [1, 2.5, 0],
        "money": [1, 0],
        "yes_no": [True],
        "datetime": [],
        "list": [["x"]],
    }
    assert picked(engine, where("days_until('day') is defined")) == []


def test_a_datetime_attribute_is_an_instant_to_the_microsecond(engine: Engine) -> None:
    with writing(engine) as conn:
        at = "2026-07-03T08:59:59.999999Z"
        make_customer(conn, "a", attributes={"datetime": at})
        make_customer(conn, "b", attributes={"datetime": "1969-12-31T23:59:59.000001Z"})

    assert picked(engine, where("datetime == now - days(0)")) == []
    assert picked(engine, where("now - datetime < hours(1)")) == ["a"]
    assert picked(engine, where("datetime + days(7) < now - days(9000)")) == ["b"]


@pytest.mark.parametrize("word", ["ÉCOLE", "İstanbul", "ΑΣ", "STRASSE", "straße", "ﬁx", "Ǆ", "王"])
def test_letters_are_lowered_and_uppered_as_python_does(engine: Engine, word: str) -> None:
    with writing(engine) as conn:
        make_customer(conn, "a", city=word)

    assert picked(engine, where(f"city|lower == '{word.lower()}'")) == ["a"]
    assert picked(engine, where(f"city|upper == '{word.upper()}'")) == ["a"]


def test_text_is_ordered_by_code_point_whatever_the_databases_collation(engine: Engine) -> None:
    words = ["B", "a", "É", "\ufffd", "😀", ""]
    with writing(engine) as conn:
        for word in words:
            make_customer(conn, word or "empty", city=word)

    for word in words:
        below = sorted(other or "empty" for other in words if other < word)
        assert picked(engine, where(f"city < '{word}'")) == below


def test_months_are_clamped_alike_in_python_and_in_both_databases(engine: Engine) -> None:
    days = st.dates(date(1970, 1, 2), date(2100, 1, 1))
    clock = datetime(1970, 1, 1, 23, 59, 59, 999_999, tzinfo=UTC).timetz()

    with reading(engine) as conn:

        @settings(deadline=None, max_examples=200)
        @given(days, st.integers(-840, 840))
        def agree(day: date, months: int) -> None:
            at = datetime.combine(day, clock)
            day_sql = spelling.months_later(spelling.day_text(literal(day, Date())), months)
            at_sql = spelling.instant_months_later(literal(at, Instant()), months)
            found = conn.execute(select(day_sql, at_sql)).one()
            assert found == (months_later(day, months).isoformat(), months_later(at, months))

        agree()


def test_days_until_counts_to_the_next_return_in_python_and_in_both_databases(
    engine: Engine,
) -> None:
    leap = st.sampled_from([date(2024, 2, 28), date(2024, 2, 29), date(2025, 2, 28)])
    days = st.one_of(st.dates(date(2023, 1, 1), date(2029, 12, 31)), leap)

    with reading(engine) as conn:

        @settings(deadline=None, max_examples=200)
        @given(days, days, st.booleans())
        def agree(day: date, today: date, with_year: bool) -> None:
            written = day.isoformat()[0 if with_year else 5 :]
            asked = spelling.days_until(literal(written), spelling.day_text(literal(today, Date())))
            assert conn.execute(select(asked)).scalar() == days_until(written, today)

        agree()


def test_a_base_of_corrupt_json_texts_is_no_ones_audience(sqlite_engine: Engine) -> None:
    with writing(sqlite_engine) as conn:
        make_customer(conn, "a")
        conn.execute(update(customers).values(attributes=text(":x")), {"x": json.dumps([1])})

    assert picked(sqlite_engine, where("text == 'x'")) == []
    assert picked(sqlite_engine, where("number is none")) == ["a"]


def test_a_condition_on_an_index_stays_usable_in_a_where(sqlite_engine: Engine) -> None:
    expression = Expression("key == 'a' and email == 'a@example.com'", Place("a", 1, 1))
    loose = compile_expression(expression, ROW, certainly=False)

    assert "coalesce" not in str(select(customers.c.id).where(loose))
