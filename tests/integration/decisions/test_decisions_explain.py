"""Explain says what the plan decides, with an answer of every rule."""

from database_world import fill, verdicts
from hypothesis import HealthCheck, given, settings
from meanings import Example, examples
from sqlalchemy import Connection, Engine, select
from test_decisions_reference import arms, begin
from world import Verdict, World
from worlds import random_world

from outreach.decisions.candidate import Scope
from outreach.decisions.explain import Explanation, explain
from outreach.decisions.localities import localities
from outreach.decisions.ruling import Ruling
from outreach.store.tables import customers
from outreach.vocabulary import Decision, Reason


def explained(conn: Connection, world: World, ruling: Ruling, customer_id: int) -> Explanation:
    """The explanation for one customer at the world's instant."""
    place_id = conn.execute(
        select(customers.c.place_id).where(customers.c.id == customer_id)
    ).scalar_one()
    place = localities(conn, [place_id])[0]
    scope = Scope(run_at=world.run_at, seen_at=world.asked_at, about=customer_id)
    return explain(conn, ruling, scope, place, world.asked_at)


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
def test_explain_agrees_with_the_plan(engine: Engine, world: World) -> None:
    with engine.connect() as conn:
        begin(conn)
        ruling, ids = fill(conn, world)
        planned = verdicts(conn, world, ruling)

        found = {key: said(explained(conn, world, ruling, id_)) for key, id_ in ids.items()}

        conn.rollback()
    outside = {key for key, each in found.items() if each.reason is Reason.NOT_IN_AUDIENCE}
    assert {key: each for key, each in found.items() if key not in outside} == planned
    assert outside.isdisjoint(planned)


def test_explain_asks_rules_behind_the_first_that_fails_too(engine: Engine) -> None:
    example: Example = next(each for each in examples() if each.file == "days")
    with engine.connect() as conn:
        ruling, ids = fill(conn, example.world)

        found = explained(conn, example.world, ruling, ids[example.who])

    asked = {answer.rule for answer in found.answers}
    assert {Reason.NOT_IN_AUDIENCE, Reason.NO_CONSENT, Reason.CAPPED, Reason.QUIET_HOURS} <= asked
