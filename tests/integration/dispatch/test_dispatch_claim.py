"""The claim as one transaction: who gets what, and what happens to the rest."""

import threading
from datetime import timedelta

import pytest
from dispatching import OneCap, make_due, make_shift, rows, states
from makers import NOW, make_customer, make_delivery, make_run
from sqlalchemy import Engine, func, select, update

from outreach.dispatch.claim import Claimer, Haul
from outreach.dispatch.shift import Shift
from outreach.store import deliveries, lapses, workers
from outreach.store.engine import reading, writing
from outreach.store.tables import customers, runs
from outreach.store.tables import deliveries as table
from outreach.vocabulary import Decision, Reason, State


def claim(shift: Shift, run_id: int, limit: int = 200, channel: str = "email") -> Haul:
    claimer = Claimer(shift.worker_id, shift.rulebook, limit)
    with reading(shift.engine) as conn:
        run = conn.execute(select(runs).where(runs.c.id == run_id)).one()
        ruling = shift.rulebook.ruling(conn, run.revision_id)
    with writing(shift.engine) as conn:
        return claimer.claim(conn, run, ruling, channel, shift.instants())


@pytest.fixture
def run_id(engine: Engine) -> int:
    with writing(engine) as conn:
        return make_run(conn)


def test_a_claim_takes_the_longest_due_first_and_no_more_than_asked(
    engine: Engine, run_id: int
) -> None:
    with writing(engine) as conn:
        late, early = (
            make_due(conn, run_id, 1, first=n, at=NOW - timedelta(minutes=m))[0]
            for n, m in ((0, 1), (1, 9))
        )

    haul = claim(make_shift(engine), run_id, limit=1)

    assert [one.id for one in haul.held] == [early]
    assert rows(engine)[late].state == "due"


def test_two_claimers_never_claim_the_same_delivery(engine: Engine, run_id: int) -> None:
    with writing(engine) as conn:
        ids = make_due(conn, run_id, 120)
    got: list[int] = []

    def work() -> None:
        shift = make_shift(engine)
        while not (haul := claim(shift, run_id, limit=7)).is_empty():
            got.extend(one.id for one in haul.held)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(got) == len(set(got))
    assert set(got) <= set(ids)
    assert states(engine)["claimed"] == len(got)


def test_cadence_holds_with_two_campaigns_and_many_claimers(engine: Engine) -> None:
    """Equal priorities, one touch a customer: the test of the lock before the count."""
    with writing(engine) as conn:
        both = [make_run(conn, name) for name in ("one", "two")]
        for number in range(150):
            customer = make_customer(conn, f"k{number}", email=f"k{number}@example.com")
            for run_id in both:
                make_delivery(conn, customer, "due", run_id=run_id)
    rulebook = OneCap(at_most=1)

    def work(order: list[int]) -> None:
        shift = make_shift(engine, rulebook)
        while "due" in states(engine):
            for run_id in order:
                claim(shift, run_id, limit=20)

    threads = [threading.Thread(target=work, args=(both[:: 1 if n % 2 else -1],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert states(engine) == {"claimed": 150, "skipped": 150}
    with reading(engine) as conn:
        per_customer = select(func.count().label("n")).where(table.c.firm)
        counted = per_customer.group_by(table.c.customer_id).subquery()
        assert conn.execute(select(func.max(counted.c.n))).scalar_one() == 1


def test_a_customer_whom_somebody_else_has_locked_stays_due(
    postgres_engine: Engine,
) -> None:
    with writing(postgres_engine) as conn:
        run_id = make_run(conn)
        ids = make_due(conn, run_id, 2)
    locked = rows(postgres_engine)[ids[0]].customer_id
    shift = make_shift(postgres_engine)

    with writing(postgres_engine) as other:
        deliveries.try_lock_customers(other, [locked])
        haul = claim(shift, run_id)

    assert [one.id for one in haul.held] == ids[1:]
    assert rows(postgres_engine)[ids[0]].state == "due"
    assert [one.id for one in claim(shift, run_id).held] == ids[:1]


def test_a_locked_customer_who_shares_the_address_keeps_the_delivery_due(
    postgres_engine: Engine,
) -> None:
    with writing(postgres_engine) as conn:
        run_id = make_run(conn)
        mine, sharer = (
            make_customer(conn, key, email="both@example.com", shares=True) for key in "ab"
        )
        make_delivery(conn, mine, "due", run_id=run_id)
    shift = make_shift(postgres_engine)

    with writing(postgres_engine) as other:
        deliveries.try_lock_customers(other, [sharer])
        haul = claim(shift, run_id)

    assert haul.is_empty()


def test_of_two_with_one_address_a_claim_takes_one(engine: Engine, run_id: int) -> None:
    with writing(engine) as conn:
        for key in "ab":
            customer = make_customer(conn, key, email="both@example.com", shares=True)
            make_delivery(conn, customer, "due", run_id=run_id)
    shift = make_shift(engine)

    assert len(claim(shift, run_id).held) == 1
    assert states(engine) == {"claimed": 1, "due": 1}
    assert len(claim(shift, run_id).held) == 1


def test_of_two_who_each_share_an_address_with_a_third_a_claim_takes_one(
    engine: Engine, run_id: int
) -> None:
    """Both messages reach the third: neither would see the other's slot in the same claim."""
    with writing(engine) as conn:
        by_mail = make_customer(conn, "a", email="both@example.com", shares=True)
        by_phone = make_customer(conn, "b", phone="+15550100", shares=True)
        make_customer(conn, "c", email="both@example.com", phone="+15550100", shares=True)
        for customer in (by_mail, by_phone):
            make_delivery(conn, customer, "due", run_id=run_id)
    shift = make_shift(engine)

    assert len(claim(shift, run_id).held) == 1
    assert len(claim(shift, run_id).held) == 1


def test_what_is_late_expires_without_being_decided(engine: Engine, run_id: int) -> None:
    with writing(engine) as conn:
        make_due(conn, run_id, 1, at=NOW - timedelta(days=1, seconds=1))
        make_due(conn, run_id, 1, first=1, at=NOW - timedelta(days=1))

    haul = claim(make_shift(engine), run_id)

    assert haul.states == (State.EXPIRED,)
    assert len(haul.held) == 1
    assert states(engine) == {"expired": 1, "claimed": 1}


@pytest.mark.parametrize(
    ("change", "state", "reason", "slot_at"),
    [
        ({"decision": Decision.SKIP, "reason": Reason.NO_CONSENT}, "skipped", "no_consent", None),
        (
            {
                "decision": Decision.HOLD,
                "reason": Reason.QUIET_HOURS,
                "until": NOW + timedelta(hours=2),
            },
            "held",
            "quiet_hours",
            NOW + timedelta(hours=2),
        ),
    ],
)
def test_a_verdict_against_sending_is_written_with_its_reason(
    engine: Engine, run_id: int, change: dict, state: str, reason: str, slot_at: object
) -> None:
    with writing(engine) as conn:
        [id_] = make_due(conn, run_id, 1)
    shift = make_shift(engine, OneCap(verdict=lambda verdict: verdict._replace(**change)))

    haul = claim(shift, run_id)

    row = rows(engine)[id_]
    assert not haul.held
    assert (row.state, row.reason, row.slot_at, row.firm) == (state, reason, slot_at, False)


def test_a_hold_without_an_end_is_not_picked_again_at_once(engine: Engine, run_id: int) -> None:
    with writing(engine) as conn:
        make_due(conn, run_id, 1)
    held = OneCap(verdict=lambda v: v._replace(decision=Decision.HOLD, until=NOW))
    shift = make_shift(engine, held)

    claim(shift, run_id)

    assert claim(shift, run_id).is_empty()


def test_a_delivery_that_moves_to_its_next_channel_waits_there(engine: Engine, run_id: int) -> None:
    with writing(engine) as conn:
        [id_] = make_due(conn, run_id, 1)
    shift = make_shift(engine, OneCap(verdict=lambda verdict: verdict._replace(channel="sms")))

    haul = claim(shift, run_id)

    assert haul.moved_to == {"sms"}
    assert (rows(engine)[id_].state, rows(engine)[id_].channel) == ("due", "sms")
    assert len(claim(shift, run_id, channel="sms").held) == 1


def test_a_customer_who_left_the_audience_is_skipped(engine: Engine, run_id: int) -> None:
    with writing(engine) as conn:
        [id_] = make_due(conn, run_id, 1)
    shift = make_shift(engine)
    shift.rulebook.recheck = lambda *_: {}  # type: ignore[method-assign]

    claim(shift, run_id)

    assert (rows(engine)[id_].state, rows(engine)[id_].reason) == ("skipped", "not_in_audience")


def test_a_dead_worker_claims_nothing_however_often_it_asks(engine: Engine, run_id: int) -> None:
    with writing(engine) as conn:
        make_due(conn, run_id, 1)
    shift = make_shift(engine)
    with writing(engine) as conn:
        workers.retire(conn, shift.worker_id)

    assert claim(shift, run_id).is_empty()
    assert states(engine) == {"due": 1}


def test_what_lapsed_comes_back_in_small_company_and_then_alone(
    engine: Engine, run_id: int
) -> None:
    with writing(engine) as conn:
        ids = make_due(conn, run_id, 60)
        conn.execute(update(table).where(table.c.id.in_(ids[:50])).values(lapses=1))
        conn.execute(update(table).where(table.c.id.in_(ids[:2])).values(lapses=2))
    shift = make_shift(engine)

    sizes = [len(claim(shift, run_id).held) for _ in range(6)]

    assert sizes == [1, 1, 20, 20, 8, 10]


def test_a_message_that_ends_every_worker_fails_alone(engine: Engine, run_id: int) -> None:
    """Each claim that holds it ends its worker while it renders; what others claimed goes out."""
    with writing(engine) as conn:
        ids = make_due(conn, run_id, 60)
    poison, deaths = ids[7], 0

    while "due" in states(engine):
        shift = make_shift(engine)
        while held := [one.id for one in claim(shift, run_id, limit=30).held]:
            if poison in held:
                deaths += 1
                with writing(engine) as conn:
                    lapses.lapse(conn, [shift.worker_id])
                break
            with writing(engine) as conn:
                conn.execute(update(table).where(table.c.id.in_(held)).values(state="sent"))

    assert states(engine) == {"sent": 59, "failed": 1}
    assert (rows(engine)[poison].state, deaths) == ("failed", lapses.MOST_LAPSES)


def test_runs_are_claimed_by_rank_then_by_occurrence(engine: Engine) -> None:
    with writing(engine) as conn:
        made = [
            make_run(conn, name, rank=rank, occurrence_at=NOW + timedelta(minutes=minutes))
            for name, rank, minutes in (("a", 9, 0), ("b", 5, 2), ("c", 5, 1), ("d", 0, 9))
        ]
        for number, run_id in enumerate([*made, make_run(conn, "e", state="paused")]):
            make_due(conn, run_id, 1, first=number)
    shift = make_shift(engine)

    with reading(engine) as conn:
        found = deliveries.runs_with_work(conn, "email", shift.instants())
        assert deliveries.channels_with_work(conn, ["email", "sms"], shift.instants()) == ["email"]

    assert [run.id for run in found] == [made[3], made[2], made[1], made[0]]


def test_an_address_shared_since_the_first_look_is_locked_too(engine: Engine) -> None:
    """The customers are looked up again under the lock."""
    with writing(engine) as conn:
        run_id = make_run(conn)
        mine = make_customer(conn, "a", email="a@example.com")
        make_delivery(conn, mine, "due", run_id=run_id)
        make_customer(conn, "b", email="a@example.com", shares=True)
        conn.execute(update(customers).where(customers.c.id == mine).values(shares=True))

    assert len(claim(make_shift(engine), run_id).held) == 1
