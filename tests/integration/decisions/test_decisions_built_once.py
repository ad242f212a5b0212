"""A statement of the chain is built once for all rulings that are alike, and for no others."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from database_world import Needs, question_of
from sqlalchemy import Connection
from test_reservations import AT, COMPANY, HIGHER, begin

from outreach.campaign.model import Schedule, ScheduleKind
from outreach.campaign.on_date_file import OnDateFile
from outreach.decisions.ruling import Ruling, make_ruling
from outreach.decisions.shapes import Kept
from outreach.spans import Cap, Per, PerKind


def like(ruling: Ruling, **others: Any) -> Ruling:
    """Another ruling made of the same, but for some of it."""
    campaign = replace(ruling.campaign, **others.pop("campaign", {}))
    company = ruling.company.model_copy(update=others.pop("company", {}), deep=True)
    needs: Any = Needs(others.pop("needs", {}))
    number = others.pop("number", ruling.campaign_id)
    return make_ruling(number, 7, campaign, company, needs).below(ruling.above)


def test_rulings_that_are_alike_have_one_statement(conn: Connection) -> None:
    ruling, world = begin(conn)

    first, second = (question_of(conn, world, each) for each in (ruling, like(ruling)))

    assert first.statement is second.statement


@pytest.mark.parametrize(
    "other",
    [
        {"campaign": {"holdout": 100}},
        {"company": {"salt": "another"}},
        {"needs": {"email": frozenset(["first_name"])}},
        {"number": 99},
    ],
    ids=str,
)
def test_of_what_differs_the_statement_is_another(conn: Connection, other: dict[str, Any]) -> None:
    ruling, world = begin(conn)

    first, second = (question_of(conn, world, each) for each in (ruling, like(ruling, **other)))

    assert first.statement is not second.statement


def test_where_a_campaign_above_is_another_the_statement_is(conn: Connection) -> None:
    ruling, world = begin(conn)
    above = make_ruling(99, 0, replace(HIGHER, topic="offers"), COMPANY, Needs({}))  # type: ignore[arg-type]

    first, second = (
        question_of(conn, world, each) for each in (ruling, replace(ruling, above=(above,)))
    )

    assert first.statement is not second.statement


def test_more_days_of_the_customers_own_above_are_asked_by_the_same_statement(
    conn: Connection,
) -> None:
    day = OnDateFile.model_validate({"field": "birthday", "at": "09:00"}).on_date()
    birthdays = replace(HIGHER, schedule=Schedule(ScheduleKind.ON_DATE, on_date=day))
    ruling, world = begin(conn, birthdays)
    monthly = like(ruling, company={"cadence": (Cap(1, Per(PerKind.MONTH, 1)),)})

    asked = [
        question_of(conn, replace(world, asked_at=AT + timedelta(days=days)), monthly)
        for days in (22, 23)  # there are fewer and fewer until the month ends
    ]

    days = [len([each for each in one.base.reserved if each.at]) for one in asked]
    assert len({*days}) > 1
    assert {len(one.base.reserved) for one in asked} == {8}
    assert len({one.statement for one in asked}) == 1


def test_what_was_not_used_the_longest_is_let_go() -> None:
    kept, made = Kept(most=2), []

    def make(name: str) -> Any:
        made.append(name)
        return name

    for name in ("a", "b", "a", "c", "a", "b"):
        kept(name, lambda name=name: make(name))

    assert made == ["a", "b", "c", "b"]
