"""Variants in a run: dealt out by planning, chosen for those who wait, claimed and counted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from makers import (
    NOW,
    grant,
    make_campaign,
    make_customer,
    make_deliveries,
    make_event,
    make_revision,
    make_run,
)
from sqlalchemy import Engine, insert, select
from test_planning_runs import a_ruling, again, scope_of

from outreach.campaign.experiment import Measure, Variant, Winner
from outreach.decisions.recheck import recheck
from outreach.decisions.ruling import Ruling, make_ruling
from outreach.planning.run import plan_run
from outreach.reports.arms import Counted, after_winner, counted
from outreach.store.deliveries import Claim, claim
from outreach.store.engine import reading, writing
from outreach.store.runs import Run, run_by_id
from outreach.store.tables import deliveries, reactions
from outreach.store.winners import choose, expect_winner
from outreach.store.workers import register
from outreach.vocabulary import Decision, Reason

ARMS = (Variant("plain", 1), Variant("warm", 1))
AT = datetime(2026, 7, 3, 8, tzinfo=UTC)
LATER = AT + timedelta(hours=4)


def a_test(engine: Engine, share: int) -> tuple[Run, Ruling]:
    """A run of 20 customers at one time, a share of whom the variants are tried on."""
    with writing(engine) as conn:
        for number in range(20):
            key = f"k{number}"
            grant(conn, make_customer(conn, key, email=f"{key}@example.com"))
        campaign_id = make_campaign(conn, "greeting")
        made = make_run(
            conn, "greeting", kind="schedule", occurrence_at=AT, state="planning",
            revision_id=make_revision(conn, campaign_id),
        )  # fmt: skip
        run = run_by_id(conn, made)
    assert run is not None
    plain = a_ruling(campaign_id, "Europe/Berlin")
    winner = Winner(Measure.CLICKED, timedelta(hours=4), share)
    campaign = replace(plain.campaign, variants=ARMS, winner=winner)
    return run, make_ruling(campaign_id, 0, campaign, plain.company, plain.compiled)


def test_who_waits_is_decided_again_with_the_winner(engine: Engine) -> None:
    run, ruling = a_test(engine, 5_000)
    plan_run(engine, again(engine, run), ruling, scope_of(run, AT), "me", AT)
    d = deliveries.c
    with reading(engine) as conn:
        rows = conn.execute(select(d.id, d.variant, d.state, d.reason, d.due_at, d.late_at)).all()
        waiting = [row for row in rows if row.reason == Reason.AWAITING_WINNER]
        early = recheck(conn, ruling, run.id, AT, [row.id for row in waiting], LATER)
    with writing(engine) as conn:
        choose(conn, run.id, "warm", LATER, {})
    with reading(engine) as conn:
        late = recheck(conn, ruling, run.id, AT, [row.id for row in rows], LATER)
    with writing(engine) as conn:
        one = waiting[0].id
        claimed = Claim(one, 0, "k@example.com", None, None, late[one].variant)
        worker = register(conn, "worker", timedelta(minutes=1))
        ours = claim(conn, worker, [claimed], LATER)
        written = conn.execute(select(d.variant).where(d.id == one)).scalar()

    assert 0 < len(waiting) < len(rows) == 20
    assert {row.variant for row in rows if row not in waiting} == {"plain", "warm"}
    assert {(row.state, row.variant, row.due_at) for row in waiting} == {("held", None, LATER)}
    assert {row.late_at for row in waiting} == {LATER + timedelta(days=1)}
    assert {each.reason for each in early.values()} == {Reason.AWAITING_WINNER}
    assert {(late[row.id].decision, late[row.id].variant) for row in waiting} == {
        (Decision.SEND, "warm")
    }
    tested = [row for row in rows if row not in waiting]
    assert all(late[row.id].variant == row.variant for row in tested)
    assert (ours, written) == ({one}, "warm")


def test_what_readers_did_is_counted_by_variant_and_only_of_the_test(engine: Engine) -> None:
    with writing(engine) as conn:
        people = [make_customer(conn, f"k{number}") for number in range(6)]
        run_id = make_run(conn, "greeting")
        plain = make_deliveries(conn, people[:2], "sent", run_id=run_id, variant="plain")
        warm = make_deliveries(conn, people[2:4], "delivered", run_id=run_id, variant="warm")
        make_deliveries(conn, people[4:5], "bounced", run_id=run_id, variant="warm")
        chosen_at = NOW + timedelta(hours=4)
        make_deliveries(conn, people[5:], "sent", run_id=run_id, variant="warm", at=chosen_at)
        expect_winner(conn, run_id, chosen_at)
        choose(conn, run_id, "warm", chosen_at, {})
        twice = [{"delivery_id": warm[0], "kind": "clicked", "at": NOW, "came_at": NOW}] * 2
        conn.execute(insert(reactions), twice)
        make_event(conn, people[0], "reply", NOW, data={"channel": "email", "delivery": plain[0]})
        make_event(conn, people[1], "reply", NOW, data={"channel": "email", "delivery": 999})
    with reading(engine) as conn:
        found = counted(conn, run_id=run_id)
        before = counted(conn, run_id=run_id, until=NOW - timedelta(seconds=1))
        later = after_winner(conn, run_id=run_id)

    assert found == {
        "plain": Counted(2, 2, {Measure.CLICKED: 0, Measure.REPLIED: 1}),
        "warm": Counted(2, 2, {Measure.CLICKED: 1, Measure.REPLIED: 0}),
    }
    assert before["warm"].reached[Measure.CLICKED] == before["plain"].reached[Measure.REPLIED] == 0
    assert later == {"warm": 1}
