"""The statements that move a delivery: each on both databases, each with its fence."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from makers import NOW, make_customer, make_delivery, make_run
from sqlalchemy import Connection, Engine, Row, event, select, update

from outreach.clock import Instants
from outreach.store import custody, deliveries, lapses, sharing, workers
from outreach.store.custody import Settlement
from outreach.store.deliveries import Claim, Ruled
from outreach.store.engine import reading, writing
from outreach.store.tables import deliveries as table
from outreach.store.tables import runs
from outreach.vocabulary import Reason, State

LEASE = timedelta(seconds=30)


@dataclass
class Desk:
    """A delivery that is due, and a live worker."""

    engine: Engine
    run_id: int
    id: int
    worker_id: int

    def row(self) -> Row:
        with reading(self.engine) as conn:
            return conn.execute(select(table).where(table.c.id == self.id)).one()

    def claim(self, fence: int = 0, worker_id: int | None = None) -> set[int]:
        claims = [Claim(self.id, fence, "a@example.com", None, None)]
        with writing(self.engine) as conn:
            return deliveries.claim(conn, worker_id or self.worker_id, claims, NOW)

    def hand(self, fence: int = 1) -> set[int]:
        with writing(self.engine) as conn:
            return custody.hand(conn, self.worker_id, [(self.id, fence, "<m@example.com>")])

    def settle(self, state: State, fence: int = 1, **more) -> dict[int, State]:
        with writing(self.engine) as conn:
            return custody.settle(conn, [Settlement(self.id, fence, state, NOW, **more)])

    def set_run(self, state: str) -> None:
        with writing(self.engine) as conn:
            conn.execute(update(runs).values(state=state))

    def lapse(self) -> list[lapses.Lapse]:
        with writing(self.engine) as conn:
            return lapses.lapse(conn, [self.worker_id])


@pytest.fixture
def desk(engine: Engine) -> Desk:
    with writing(engine) as conn:
        run_id = make_run(conn)
        customer = make_customer(conn, email="a@example.com")
        id_ = make_delivery(conn, customer, "due", run_id=run_id)
        worker_id = workers.register(conn, "w", LEASE)
    return Desk(engine, run_id, id_, worker_id)


def test_a_claim_is_a_touch_from_its_own_instant(desk: Desk) -> None:
    claimed = desk.claim()

    row = desk.row()
    assert claimed == {desk.id}
    assert (row.state, row.ready, row.firm, row.fence) == ("claimed", False, True, 1)
    assert (row.worker_id, row.slot_at, row.claimed_at) == (desk.worker_id, NOW, NOW)


def test_what_is_claimed_can_not_be_claimed_again(desk: Desk) -> None:
    desk.claim()

    assert desk.claim(fence=0) == set()
    assert desk.claim(fence=1) == set()


def test_a_dead_worker_claims_nothing(desk: Desk) -> None:
    with writing(desk.engine) as conn:
        workers.retire(conn, desk.worker_id)

    assert desk.claim() == set()
    assert desk.row().state == "due"


def test_a_worker_whose_lease_ran_out_claims_nothing(desk: Desk) -> None:
    with writing(desk.engine) as conn:
        late = workers.register(conn, "late", timedelta(seconds=-1))

    assert desk.claim(worker_id=late) == set()


def test_pick_leaves_out_what_is_not_due_yet_waits_for_a_retry_or_belongs_elsewhere(
    desk: Desk,
) -> None:
    at = Instants(NOW, NOW)
    with writing(desk.engine) as conn:
        for number, columns in enumerate(
            (
                {"due_at": NOW + timedelta(seconds=1)},
                {"retry_at": NOW + timedelta(seconds=1)},
                {"channel": "sms"},
                {"state": "skipped", "ready": False},
            )
        ):
            other = make_customer(conn, f"other{number}")
            make_delivery(conn, other, columns.pop("state", "due"), run_id=desk.run_id, **columns)

        picked = deliveries.pick(conn, desk.run_id, "email", at, [("", 10)], 10)

    assert [one.id for one in picked] == [desk.id]


def test_what_is_held_is_picked_once_its_instant_has_come(desk: Desk) -> None:
    with writing(desk.engine) as conn:
        conn.execute(update(table).values(state="held"))

        picked = deliveries.pick(conn, desk.run_id, "email", Instants(NOW, NOW), [("", 10)], 10)

    assert [one.id for one in picked] == [desk.id]


@pytest.mark.parametrize(
    ("state", "reason", "expected"),
    [
        (State.HELD, Reason.QUIET_HOURS, (True, NOW + timedelta(hours=8))),
        (State.SKIPPED, Reason.NO_CONSENT, (False, None)),
        (State.EXPIRED, Reason.EXPIRED, (False, None)),
    ],
)
def test_what_is_put_off_waits_with_its_slot_or_ends_without(
    desk: Desk, state: State, reason: Reason, expected: tuple
) -> None:
    ruled = Ruled(desk.id, 0, state, reason, NOW + timedelta(hours=8), "email")

    with writing(desk.engine) as conn:
        changed = deliveries.put_off(conn, [ruled], NOW)

    row = desk.row()
    assert changed == {desk.id: state}
    assert (row.state, row.reason, row.ready, row.slot_at) == (state, reason, *expected)


def test_handing_needs_the_claim_its_fence_and_its_worker(desk: Desk) -> None:
    desk.claim()
    with writing(desk.engine) as conn:
        other = workers.register(conn, "other", LEASE)
        assert custody.hand(conn, other, [(desk.id, 1, "<m>")]) == set()
        assert custody.hand(conn, desk.worker_id, [(desk.id, 2, "<m>")]) == set()

    assert desk.hand() == {desk.id}
    assert desk.hand() == set()
    assert desk.row().message_id == "<m@example.com>"


@pytest.mark.parametrize("state", ["paused", "held", "cancelled"])
def test_nothing_is_handed_over_once_its_run_has_stopped(desk: Desk, state: str) -> None:
    desk.claim()
    desk.set_run(state)

    assert desk.hand() == set()


def test_what_is_given_back_is_due_and_no_touch(desk: Desk) -> None:
    desk.claim()

    with writing(desk.engine) as conn:
        custody.give_back(conn, desk.worker_id, [(desk.id, 1)])

    row = desk.row()
    assert (row.state, row.ready, row.firm, row.slot_at) == ("due", True, False, row.due_at)
    assert (row.worker_id, row.lapses, row.fence) == (None, 0, 1)


def test_what_is_given_back_to_a_cancelled_run_is_cancelled(desk: Desk) -> None:
    desk.claim()
    desk.set_run("cancelled")

    with writing(desk.engine) as conn:
        custody.give_back(conn, desk.worker_id, [(desk.id, 1)])

    row = desk.row()
    assert (row.state, row.ready, row.slot_at) == ("cancelled", False, None)


def test_a_suppression_takes_claimed_deliveries_back(desk: Desk) -> None:
    desk.claim()

    with writing(desk.engine) as conn:
        assert custody.take_back(conn, [desk.row().customer_id], "sms") == set()
        taken = custody.take_back(conn, [desk.row().customer_id], "email")

    assert taken == {desk.id}
    assert desk.row().state == "due"


def test_an_accepted_delivery_is_sent_and_in_nobodys_hands(desk: Desk) -> None:
    desk.claim()
    desk.hand()

    moved = desk.settle(State.SENT, sent_at=NOW, provider_id="q1")

    row = desk.row()
    assert moved == {desk.id: State.SENT}
    assert (row.state, row.sent_at, row.provider_id, row.worker_id) == ("sent", NOW, "q1", None)
    assert (row.firm, row.slot_at) == (True, NOW)


def test_a_retry_frees_the_slot_and_counts(desk: Desk) -> None:
    desk.claim()
    desk.hand()

    desk.settle(State.DUE, retry_at=NOW + timedelta(minutes=1), tries=1)

    row = desk.row()
    assert (row.state, row.ready, row.firm, row.slot_at) == ("due", True, False, row.due_at)
    assert (row.tries, row.retry_at) == (1, NOW + timedelta(minutes=1))


def test_a_failed_delivery_has_no_slot(desk: Desk) -> None:
    desk.claim()
    desk.hand()

    desk.settle(State.FAILED, reason="address")

    row = desk.row()
    assert (row.state, row.reason, row.slot_at, row.ready) == ("failed", "address", None, False)


@pytest.mark.parametrize("state", ["delivered", "bounced", "complained", "sent", "failed"])
def test_an_answer_never_lowers_a_state(desk: Desk, state: str) -> None:
    """A receipt may come before the answer and then settles the row itself."""
    desk.claim()
    desk.hand()
    with writing(desk.engine) as conn:
        conn.execute(update(table).values(state=state))

    assert desk.settle(State.SENT, sent_at=NOW) == {}
    assert desk.settle(State.UNKNOWN) == {}
    assert desk.row().state == state


def test_an_answer_of_an_overtaken_fence_moves_nothing(desk: Desk) -> None:
    desk.claim()
    desk.hand()

    assert desk.settle(State.SENT, fence=0) == {}
    assert desk.row().state == "handing"


@pytest.mark.parametrize("says", [State.SENT, State.DUE, State.FAILED])
def test_a_late_answer_turns_unknown_into_what_it_says(desk: Desk, says: State) -> None:
    desk.claim()
    desk.hand()
    desk.lapse()

    assert desk.settle(says) == {desk.id: says}


def test_a_late_acceptance_stops_what_was_put_back_to_wait(desk: Desk) -> None:
    """Unknown, put back by a person, and only then the answer: it must not go out again."""
    desk.claim()
    desk.hand()
    with writing(desk.engine) as conn:
        lapses.send_again(conn, lapses.lapse(conn, [desk.worker_id]))
    assert desk.row().state == "due"

    desk.settle(State.SENT, sent_at=NOW)

    row = desk.row()
    assert (row.state, row.ready, row.firm, row.slot_at) == ("sent", False, True, row.claimed_at)


def test_only_what_was_not_begun_is_settled_from_claimed(desk: Desk) -> None:
    desk.claim()

    assert desk.settle(State.DUE) == {}
    assert desk.settle(State.DUE, begun=False) == {desk.id: State.DUE}


def test_a_retry_for_a_cancelled_run_ends_it(desk: Desk) -> None:
    desk.claim()
    desk.hand()
    desk.set_run("cancelled")

    assert desk.settle(State.DUE) == {desk.id: State.CANCELLED}
    assert desk.row().slot_at is None


def test_a_claim_that_lapses_is_due_again_and_counted(desk: Desk) -> None:
    desk.claim()

    lapsed = desk.lapse()

    row = desk.row()
    assert [(one.id, one.state) for one in lapsed] == [(desk.id, State.DUE)]
    assert (row.state, row.firm, row.slot_at, row.lapses) == ("due", False, row.due_at, 1)


@pytest.mark.parametrize("passed", [1, 0, -1])
def test_of_a_dead_workers_claims_only_the_last_may_have_ended_it(desk: Desk, passed: int) -> None:
    """Whatever the decisions' clock does meanwhile: `--now` freezes it."""
    with writing(desk.engine) as conn:
        later = make_delivery(conn, make_customer(conn, "b"), "due", run_id=desk.run_id)
        text = make_delivery(
            conn, make_customer(conn, "c"), "due", run_id=desk.run_id, channel="sms"
        )
    desk.claim()
    for id_, at in ((later, NOW + timedelta(seconds=passed)), (text, NOW)):
        with writing(desk.engine) as conn:
            claim = Claim(id_, 0, "b@example.com", None, None)
            assert deliveries.claim(conn, desk.worker_id, [claim], at) == {id_}

    desk.lapse()

    with reading(desk.engine) as conn:
        found = conn.execute(select(table.c.id, table.c.state, table.c.lapses)).all()
    assert {row.id: row.lapses for row in found} == {desk.id: 0, later: 1, text: 1}
    assert {row.state for row in found} == {"due"}


def test_a_handing_that_lapses_is_unknown_and_stays_a_touch(desk: Desk) -> None:
    desk.claim()
    desk.hand()

    desk.lapse()

    row = desk.row()
    assert (row.state, row.firm, row.slot_at, row.ready) == ("unknown", True, NOW, False)
    assert desk.lapse() == []


def test_what_lapses_too_often_is_failed(desk: Desk) -> None:
    for fence in range(lapses.MOST_LAPSES):
        assert desk.claim(fence=fence) == {desk.id}
        desk.lapse()

    row = desk.row()
    assert (row.state, row.reason, row.slot_at, row.ready) == ("failed", "lapsed", None, False)


def test_a_worker_declared_dead_never_renews_again(engine: Engine) -> None:
    with writing(engine) as conn:
        living = workers.register(conn, "living", LEASE)
        lapsed = workers.register(conn, "lapsed", timedelta(seconds=-1))
        renewed_late = workers.register(conn, "late", timedelta(seconds=-1))
        assert workers.renew(conn, renewed_late, LEASE)

        dead = workers.declare_dead(conn)

        assert dead == [lapsed]
        assert not workers.renew(conn, lapsed, LEASE)
        assert workers.renew(conn, living, LEASE)
        assert workers.declare_dead(conn) == [lapsed]


def test_a_customer_locked_by_others_is_left_out(postgres_engine: Engine) -> None:
    with writing(postgres_engine) as conn:
        first, second = make_customer(conn, "a"), make_customer(conn, "b", shares=True)

    with writing(postgres_engine) as one, writing(postgres_engine) as two:
        assert deliveries.try_lock_customers(one, [first]) == {first: False}
        assert deliveries.try_lock_customers(two, [first, second]) == {second: True}


def test_two_pickers_never_see_the_same_delivery(postgres_engine: Engine) -> None:
    with writing(postgres_engine) as conn:
        run_id = make_run(conn)
        for number in range(4):
            make_delivery(conn, make_customer(conn, f"c{number}"), "due", run_id=run_id)
    at = Instants(NOW, NOW)

    with writing(postgres_engine) as one, writing(postgres_engine) as two:
        first = {each.id for each in deliveries.pick(one, run_id, "email", at, [("", 3)], 3)}
        second = {each.id for each in deliveries.pick(two, run_id, "email", at, [("", 3)], 3)}

    assert len(first) == 3
    assert len(second) == 1
    assert not first & second


def test_sharers_are_found_by_either_address(engine: Engine) -> None:
    with writing(engine) as conn:
        a = make_customer(conn, "a", email="x@example.com", phone="+15550001")
        b = make_customer(conn, "b", email="x@example.com")
        c = make_customer(conn, "c", phone="+15550001")
        alone = make_customer(conn, "d")

        found = sharing.sharers(conn, [a, b, alone])

    assert found == {a: {a, b, c}, b: {a, b}, alone: {alone}}


def _plan(conn: Connection, statement: str, parameters: object) -> str:
    sqlite = conn.dialect.name == "sqlite"
    prefix = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
    rows = conn.exec_driver_sql(prefix + statement, parameters)
    return "\n".join(str(row[-1]) for row in rows)


def test_no_statement_of_a_claim_reads_a_whole_table(engine: Engine) -> None:
    with writing(engine) as conn:
        run_id = make_run(conn)
        for number in range(400):
            customer = make_customer(conn, f"c{number}", email=f"{number}@example.com")
            make_delivery(conn, customer, "due" if number % 8 else "sent", run_id=run_id)
        worker_id = workers.register(conn, "w", LEASE)
    with engine.connect() as conn:
        conn.exec_driver_sql("ANALYZE")
        conn.commit()
    seen: list[tuple[str, object]] = []
    at = Instants(NOW, datetime.now(UTC))
    with writing(engine) as conn:
        event.listen(conn, "before_cursor_execute", lambda *a: seen.append((a[2], a[3])))
        deliveries.runs_with_work(conn, "email", at)
        picked = deliveries.pick(conn, run_id, "email", at, [("", 50)], 50)
        ids = [each.customer_id for each in picked]
        sharing.sharers(conn, ids)
        deliveries.try_lock_customers(conn, ids)
        claims = [Claim(one.id, one.fence, "a@example.com", None, None) for one in picked]
        deliveries.claim(conn, worker_id, claims, NOW)
        custody.hand(conn, worker_id, [(one.id, 1, "<m>") for one in picked])
        custody.settle(conn, [Settlement(one.id, 1, State.SENT, NOW) for one in picked])
        lapses.lapse(conn, [worker_id])
        if engine.dialect.name == "postgresql":  # a table this small is read whole otherwise
            conn.exec_driver_sql("SET LOCAL enable_seqscan = off")
        statements = [each for each in seen if each[0].lstrip()[:6] in ("SELECT", "UPDATE")]
        plans = [(text, _plan(conn, text, parameters)) for text, parameters in statements]

    assert len(plans) >= 9
    for text, plan in plans[:2]:  # which runs have work, and the pick
        assert "ix_deliveries_ready" in plan, f"{text}\n{plan}"
    for text, plan in plans:
        whole = [
            line
            for line in plan.splitlines()
            if ("SCAN deliveries" in line or "SCAN customers" in line or "SCAN own" in line)
            or "SCAN other" in line
            or ("Seq Scan on" in line and ("deliveries" in line or "customers" in line))
        ]
        assert not whole, f"{text}\n{plan}"
