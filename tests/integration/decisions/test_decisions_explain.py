"""Explain says what the plan decides, with an answer of every rule."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from database_world import arms, fill, question_of, undone, verdicts
from hypothesis import HealthCheck, given, settings
from makers import make_customers
from meanings import Example, examples
from sqlalchemy import Connection, Engine, String, cast, event, select, update
from world import Verdict, World
from worlds import random_world

from outreach.campaign.model import Expression, Place, Selection
from outreach.decisions.asking import everywhere
from outreach.decisions.candidate import Scope
from outreach.decisions.explain import Explanation, explain
from outreach.decisions.localities import localities
from outreach.decisions.ruling import Ruling
from outreach.decisions.winners import winner_due_at
from outreach.planning.plan import reaches_anyone
from outreach.spans import Cap, Per, PerKind
from outreach.store.stages import StageMove, record_moves
from outreach.store.tables import customers
from outreach.vocabulary import Decision, Reason


def explained(
    conn: Connection, world: World, ruling: Ruling, customer_id: int, facts: str = "stored"
) -> Explanation:
    """The explanation for one customer at the world's instant."""
    place_id = conn.execute(
        select(customers.c.place_id).where(customers.c.id == customer_id)
    ).scalar_one()
    place = localities(conn, [place_id])[0]
    turns = everywhere(localities(conn), world.asked_at)
    scope = Scope(
        world.run_at,
        seen_at=world.asked_at,
        about=customer_id,
        facts=facts,
        winner_at=winner_due_at(ruling, turns),
    )
    return explain(conn, ruling, scope, place, turns)


def said(found: Explanation) -> Verdict:
    """The verdict in the words of a plan."""
    verdict = found.verdict
    channel = None if verdict.decision is Decision.SKIP else verdict.channel
    return Verdict(verdict.decision, verdict.reason, verdict.until, channel)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(world=random_world(arms))
def test_explain_agrees_with_the_plan(conn: Connection, world: World) -> None:
    with undone(conn):
        ruling, ids = fill(conn, world)
        planned = verdicts(conn, world, ruling)

        found = {key: said(explained(conn, world, ruling, id_)) for key, id_ in ids.items()}

    outside = {key for key, each in found.items() if each.reason is Reason.NOT_IN_AUDIENCE}
    assert {key: each for key, each in found.items() if key not in outside} == planned
    assert outside.isdisjoint(planned)


def test_one_customer_is_looked_up_whatever_the_size_of_the_base(conn: Connection) -> None:
    example: Example = next(each for each in examples() if each.file == "which-channel")
    asked: list[tuple[str, Any]] = []
    with undone(conn):
        make_customers(conn, [f"more{number}" for number in range(3_000)])
        own = "a" + cast(customers.c.id, String)
        conn.execute(update(customers).values(email=own, phone=own))
        ruling, ids = fill(conn, example.world)
        conn.exec_driver_sql("ANALYZE")

        def note(*told: Any) -> None:
            asked.append(told[2:4])

        event.listen(conn, "before_cursor_execute", note)
        explained(conn, example.world, ruling, next(iter(ids.values())))
        event.remove(conn, "before_cursor_execute", note)
        plans = [_plan(conn, *each) for each in asked if each[0].startswith(("SELECT", "WITH"))]

    assert any("customers" in plan for plan in plans)
    for plan in plans:
        assert not re.search(r"SCAN (customers|own|alike)|Seq Scan on customers", plan), plan


def _plan(conn: Connection, statement: str, parameters: Any) -> str:
    prefix = "EXPLAIN QUERY PLAN" if conn.dialect.name == "sqlite" else "EXPLAIN"
    rows = conn.exec_driver_sql(f"{prefix} {statement}", parameters)
    return "\n".join(str(row[-1]) for row in rows)


def test_explain_names_the_half_of_exclude_that_holds(conn: Connection) -> None:
    example: Example = next(each for each in examples() if each.file == "days")
    halves = Expression("tier == 'Z' or email is not none", Place("c.yaml", 1, 1))
    campaign = replace(example.world.campaign, exclude=Selection(where=halves))
    world = replace(example.world, campaign=campaign)
    ruling, ids = fill(conn, world)

    found = explained(conn, world, ruling, ids[example.who])

    assert [each.detail for each in found.answers if each.rule is Reason.EXCLUDED] == [
        "true: email is not none"
    ]


def test_explain_says_who_else_has_the_address_and_no_room(engine: Engine) -> None:
    example = next(each for each in examples() if each.name.startswith("Zoe shares"))
    with engine.connect() as conn:
        ruling, ids = fill(conn, example.world)

        found = explained(conn, example.world, ruling, ids[example.who])

    assert [each.detail for each in found.answers if each.rule is Reason.CAPPED] == [
        "0 of 1 per 7 days (the company's limit); zoe, who has the address too, 1 of 1 per 7 days"
    ]


@pytest.mark.parametrize(("picks", "found"), [("email is not none", True), ("tier == 'Z'", False)])
def test_it_is_known_whether_anyone_would_get_it(conn: Connection, picks: str, found: bool) -> None:
    example: Example = next(each for each in examples() if each.file == "days")
    audience = Selection(where=Expression(picks, Place("c.yaml", 1, 1)))
    world = replace(example.world, campaign=replace(example.world.campaign, audience=audience))
    ruling, _ = fill(conn, world)

    assert reaches_anyone(conn, question_of(conn, world, ruling)) is found


def test_explain_asks_rules_behind_the_first_that_fails_too(conn: Connection) -> None:
    example: Example = next(each for each in examples() if each.file == "days")
    ruling, ids = fill(conn, example.world)

    found = explained(conn, example.world, ruling, ids[example.who])

    asked = {answer.rule for answer in found.answers}
    assert {Reason.NOT_IN_AUDIENCE, Reason.NO_CONSENT, Reason.CAPPED, Reason.QUIET_HOURS} <= asked


@pytest.mark.parametrize(
    ("moves", "said"),
    [
        ({-10: "lead", 1: "friend"}, "stage: is lead"),
        ({1: "friend"}, "stage: is not known for then (friend today), wanted lead"),
    ],
)
def test_explain_of_an_earlier_instant_names_the_stage_of_then(
    engine: Engine, moves: dict[int, str], said: str
) -> None:
    example: Example = next(each for each in examples() if each.file == "days")
    audience = Selection(stage=("lead",))
    world = replace(example.world, campaign=replace(example.world.campaign, audience=audience))
    with engine.connect() as conn:
        ruling, ids = fill(conn, world)
        id_, at = ids[example.who], world.asked_at
        conn.execute(update(customers).values(stage="friend", stage_since=at + timedelta(days=1)))
        for day, stage in moves.items():
            record_moves(conn, [StageMove(id_, None, stage)], at + timedelta(days=day))

        found = explained(conn, world, ruling, id_, facts="as_of")

    audience_row = next(each for each in found.answers if each.rule is Reason.NOT_IN_AUDIENCE)
    assert audience_row.detail == said


def test_explain_says_what_a_condition_that_fails_looked_at(engine: Engine) -> None:
    example: Example = next(each for each in examples() if each.file == "days")
    where = Expression("orders > 2 and city == 'Bonn'", Place("c.yaml", 1, 1))
    step = replace(example.world.campaign.steps[0], when=where)
    campaign = replace(example.world.campaign, audience=Selection(where=where), steps=(step,))
    with engine.connect() as conn:
        world = replace(example.world, campaign=campaign)
        ruling, ids = fill(conn, world)

        found = explained(conn, world, ruling, ids[example.who])

    details = {each.rule: each.detail for each in found.answers}
    assert details[Reason.NOT_IN_AUDIENCE] == "where: false (orders = 0, city is missing)"
    assert details[Reason.WHEN_FALSE] == "when: false (orders = 0, city is missing)"


def test_explain_names_what_each_cap_counts(engine: Engine) -> None:
    example: Example = next(each for each in examples() if each.file == "days")
    week = Per(PerKind.DAYS, 7)
    caps = (Cap(1, week), Cap(1, week, channel="email"), Cap(1, week, topic="greetings"))
    company = example.world.company.model_copy(update={"cadence": caps})
    with engine.connect() as conn:
        world = replace(example.world, company=company, touches=())
        ruling, ids = fill(conn, world)

        found = explained(conn, world, ruling, ids[example.who])

    details = {each.rule: each.detail for each in found.answers}
    assert details[Reason.CAPPED].startswith(
        "0 of 1 per 7 days (the company's limit); 0 of 1 by email per 7 days (the company's limit); "
        "0 of 1 about greetings per 7 days (the company's limit)"
    )
    assert details[Reason.RESERVED] == ""
