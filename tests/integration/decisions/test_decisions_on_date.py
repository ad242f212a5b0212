"""A day of the customer's own: explained, planned as a run and asked again as the pages say."""

from datetime import UTC, date, datetime, timedelta

import pytest
from database_world import fill
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from makers import make_revision, make_run
from meanings import OUTSIDE, Example, examples
from sqlalchemy import Connection, Engine, Text, literal, select
from test_decisions_explain import explained, said
from world import Verdict
from yearly import days_of

from outreach.audience.lookups import falls
from outreach.audience.row import Row
from outreach.campaign.returning import LeapDay, OnDate
from outreach.decisions.candidate import Scope
from outreach.decisions.recheck import recheck
from outreach.planning.run import plan_run
from outreach.store import spelling
from outreach.store.engine import reading, writing
from outreach.store.runs import run_by_id
from outreach.store.tables import customers, deliveries
from outreach.vocabulary import Decision, Reason, State

ROWS = [each for each in examples() if each.file == "on-date"]
DECISIONS = {"due": Decision.SEND, "held": Decision.HOLD, "skipped": Decision.SKIP}


@pytest.mark.parametrize("example", ROWS, ids=str)
def test_explain_says_what_the_page_says(conn: Connection, example: Example) -> None:
    ruling, ids = fill(conn, example.world)

    found = explained(conn, example.world, ruling, ids[example.who])

    assert said(found) == example.expected, example.name


@pytest.mark.parametrize("example", ROWS, ids=str)
def test_a_run_writes_what_the_page_says_and_the_claim_agrees(
    engine: Engine, example: Example
) -> None:
    world, at = example.world, example.world.asked_at
    with writing(engine) as conn:
        ruling, ids = fill(conn, world)
        revision = make_revision(conn, ruling.campaign_id)
        made = make_run(
            conn, world.campaign.name, kind="manual", occurrence_at=at, state="planning",
            revision_id=revision,
        )  # fmt: skip
        run = run_by_id(conn, made)
    assert run is not None

    plan_run(engine, run, ruling, Scope(run_at=at, run_id=run.id, seen_at=at), "me", at)

    with reading(engine) as conn:
        row = conn.execute(
            select(deliveries).where(
                deliveries.c.run_id == run.id, deliveries.c.customer_id == ids[example.who]
            )
        ).one_or_none()
        assert _verdict(row) == example.expected, example.name
        if row is None or row.state == State.SKIPPED:
            return
        again = recheck(conn, ruling, run.id, at, [row.id], row.due_at)[row.id]
    assert (again.decision, again.reason) == (Decision.SEND, None)


def _verdict(row: object) -> Verdict:
    if row is None:
        return OUTSIDE
    decision = DECISIONS[row.state]
    reason = row.held_for if decision is Decision.HOLD else row.reason
    channel = None if decision is Decision.SKIP else row.channel
    return Verdict(decision, Reason(reason) if reason else None, row.until, channel)


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({}, "birthday: is 1990-06-14"),
        ({"birthday": "1990-07-14"}, "birthday: is 1990-07-14, wanted 06-14"),
        ({"birthday": None}, "birthday: is not known, wanted 06-14"),
    ],
)
def test_explain_names_the_date_and_the_one_that_is_wanted(
    engine: Engine, changes: dict[str, str | None], detail: str
) -> None:
    world = ROWS[0].world
    with engine.connect() as conn:
        ruling, ids = fill(conn, world)
        if changes:
            conn.execute(customers.update().values(**changes))

        found = explained(conn, world, ruling, ids[ROWS[0].who])

    assert [each.detail for each in found.answers if each.rule is Reason.NOT_IN_AUDIENCE] == [
        detail
    ]


WRITTEN = st.dates(date(1996, 1, 1), date(2032, 12, 31)).map(date.isoformat)
DAYS = st.one_of(
    WRITTEN, WRITTEN.map(lambda day: day[-5:]), st.sampled_from(["02-29", "2024-02-29"])
)
TODAYS = st.one_of(
    st.dates(date(2024, 1, 1), date(2029, 12, 31)),
    st.sampled_from([date(2026, 2, 28), date(2026, 3, 1), date(2028, 2, 29), date(2028, 3, 1)]),
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    cases=st.lists(
        st.tuples(
            DAYS, TODAYS, st.booleans(), st.integers(-364, 364), st.sampled_from(LeapDay), st.booleans()
        ),
        min_size=20, max_size=40,
    )
)  # fmt: skip
def test_whose_day_it_is_in_python_and_in_both_databases(
    engine: Engine, cases: list[tuple[str, date, bool, int, LeapDay, bool]]
) -> None:
    """Against days counted forward, and `days_until` where it asks the same."""
    with engine.connect() as conn:
        for written, today, yearly, offset, leap_day, near in cases:
            on_date = OnDate("birthday", yearly, datetime.min.time(), offset, leap_day)
            day = next(days_of(on_date, written, today.year), today) if near else today
            falling = on_date.falling(day)
            own = select(literal(written, Text()).label("birthday")).subquery()
            row = Row(own.c, datetime.now(UTC), today)
            on, also = literal(falling.on, Text()), literal(falling.also, Text())
            asked = falls(row, "birthday", on, also, yearly=yearly)

            found = conn.execute(select(asked).select_from(own)).scalar_one()

            assert bool(found) is (day in set(days_of(on_date, written, day.year))), (written, day)
            if yearly and leap_day is LeapDay.FEB_28:
                target = (day - timedelta(days=offset)).isoformat()
                until = spelling.days_until(literal(written, Text()), literal(target, Text()))
                assert bool(found) is (conn.execute(select(until)).scalar_one() == 0)
