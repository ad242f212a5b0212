"""Events from files, on both databases."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from makers import NOW, make_customer
from sqlalchemy import Engine, select

from outreach.imports import EventsResult, Options, import_events
from outreach.settings.company import Brand, Company
from outreach.store.engine import reading, writing
from outreach.store.tables import events

COMPANY = Company(brand=Brand(name="Sample", timezone="Asia/Shanghai", currency="EUR"))


@pytest.fixture
def customers(engine: Engine) -> list[int]:
    with writing(engine) as conn:
        return [make_customer(conn, key) for key in ("1", "2")]


def take(engine: Engine, folder: Path, text: str, **options: Any) -> EventsResult:
    path = folder / options.pop("name", "events.csv")
    path.write_text(text)
    return import_events(engine, path, COMPANY, NOW, Options(**options))


def stored(engine: Engine) -> list[Any]:
    with reading(engine) as conn:
        return list(conn.execute(select(events).order_by(events.c.id)))


FILE = """key,kind,at,amount,id,shop,note
1,order,2026-01-05T10:00:00+01:00,12.34,e1,Bonn,"two
lines"
1,order,2026-01-06,7,e2,,
2,call,2026-01-07 08:30,,e1,,
3,order,2026-01-08,1,e4,,
"""


def test_events_are_taken_once_by_their_id(
    engine: Engine, customers: list[int], tmp_path: Path
) -> None:
    result = take(engine, tmp_path, FILE)
    again = take(engine, tmp_path, FILE)

    assert (result.created, result.duplicate, result.rejected) == (2, 1, 1)
    assert (again.created, again.duplicate, again.rejected) == (0, 3, 1)
    assert [(reject.line, reject.column) for reject in result.rejects] == [(6, "key")]
    assert (result.customers, again.customers) == ((customers[0],), ())


def test_an_event_keeps_its_instant_amount_and_data(
    engine: Engine, customers: list[int], tmp_path: Path
) -> None:
    take(engine, tmp_path, FILE)

    first, second = stored(engine)
    assert first.at == datetime(2026, 1, 5, 9, tzinfo=UTC)
    assert (first.amount, first.data) == (Decimal("12.34"), {"shop": "Bonn", "note": "two\nlines"})
    assert second.at == datetime(2026, 1, 5, 16, tzinfo=UTC)  # midnight in Shanghai
    assert (second.amount, second.data) == (7, None)


def test_events_without_an_id_are_told(
    engine: Engine, customers: list[int], tmp_path: Path
) -> None:
    result = take(engine, tmp_path, "key,kind,at\n1,visit,2026-01-05\n1,visit,2026-01-05\n")

    assert result.created == 2
    assert result.warnings == (
        "events without an `id`: 2; another import of this file adds them again",
    )


def test_what_can_not_be_meant_is_refused(
    engine: Engine, customers: list[int], tmp_path: Path
) -> None:
    result = take(
        engine,
        tmp_path,
        "key,kind,at,amount,currency\n"
        "1,order,05.01.2026,1,EUR\n"
        "1,,2026-02-30,1.23456,\n"
        '1,order,2026-01-05,"1,234",\n'
        "1,order,2026-01-05,1,USD\n",
    )

    assert [(reject.line, reject.column, reject.message) for reject in result.rejects] == [
        (2, "at", "`05.01.2026` may be two dates; write YYYY-MM-DD, or say `--dates dmy` or `mdy`"),
        (3, "at", "`2026-02-30` is no date or time: day is out of range for month"),
        (3, "amount", "has more than four decimals"),
        (3, "kind", "is blank"),
        (4, "amount", "`1,234` may be two numbers; write `1234`, or say `--decimal comma`"),
        (5, "currency", "`USD` is not the company's EUR; rates are not supported yet"),
    ]  # fmt: skip
    assert stored(engine) == []


def test_orders_of_tomorrow_next_year_and_below_nothing_are_told_apart(
    engine: Engine, customers: list[int], tmp_path: Path
) -> None:
    tomorrow, later = (NOW + timedelta(hours=23)).isoformat(), (NOW + timedelta(days=2)).isoformat()
    result = take(
        engine,
        tmp_path,
        "Customer-Key;Kind;At;Amount\n"
        f"1;order;{tomorrow};1\n1;order;{later};1\n1;order;2026-01-05;-1\n1;visit;2026-01-05;-1\n"
        "9;visit;2026-01-05;\n",
        map={"Customer-Key": "key"},
    )

    assert result.created == 2
    assert [(reject.line, reject.column, reject.message) for reject in result.rejects] == [
        (3, "At", "lies in the future"),
        (4, "Amount", "is below 0; what was paid back is an event `refund`, above 0"),
        (6, "Customer-Key", "there is no customer with this key"),
    ]


def test_dates_and_decimals_are_read_as_told(
    engine: Engine, customers: list[int], tmp_path: Path
) -> None:
    text = 'key;kind;at;amount\n1;order;5.1.2026 9:30;12,50\n1;order;2026-01-05;"1.234"\n'

    result = take(engine, tmp_path, text, dates="dmy", decimal_comma=True)

    assert (result.created, result.rejected) == (1, 1)
    assert stored(engine)[0].at == datetime(2026, 1, 5, 1, 30, tzinfo=UTC)
    assert stored(engine)[0].amount == Decimal("12.5")


def test_json_lines_keep_their_own_values(
    engine: Engine, customers: list[int], tmp_path: Path
) -> None:
    lines = '{"key": 1, "kind": "order", "at": "2026-01-05", "amount": 0.1, "n": 3, "ok": true}\n'

    take(engine, tmp_path, lines, name="events.jsonl")

    assert (stored(engine)[0].amount, stored(engine)[0].data) == (
        Decimal("0.1"),
        {"n": 3, "ok": True},
    )


def test_a_key_that_lost_its_zeros_is_told(engine: Engine, tmp_path: Path) -> None:
    with writing(engine) as conn:
        make_customer(conn, "007")

    result = take(engine, tmp_path, "key,kind,at\n7,visit,2026-01-05\n8,visit,2026-01-05\n")

    assert [reject.message for reject in result.rejects] == [
        "there is no customer `7`, but `007`: its zeros were lost; make the column text",
        "there is no customer with this key",
    ]
