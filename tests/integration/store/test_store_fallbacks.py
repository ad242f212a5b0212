"""What is kept of a message that fell over, and who may still move it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from dispatching import rows
from makers import NOW, make_customer, make_deliveries, make_run
from sqlalchemy import Connection, Engine, Update, select, update

from outreach.app.sentences import Clock, history
from outreach.clock import Instants
from outreach.dispatch.settle import settled
from outreach.feedback.one_click import OneClick, unsubscribe
from outreach.reports.accepted import destinations
from outreach.reports.falling import FellOver, fell_over
from outreach.store import custody, deliveries, fallbacks, workers
from outreach.store.custody import Settlement
from outreach.store.deliveries import Claim, Ruled
from outreach.store.endings import cancel_open
from outreach.store.engine import reading, writing
from outreach.store.erased import Erased
from outreach.store.erasure import erase
from outreach.store.receipts import Receipt, receive
from outreach.store.records import failures_of, recorded
from outreach.store.runs import finish_runs, run_by_id
from outreach.store.tables import consent_states
from outreach.store.tables import deliveries as table
from outreach.vocabulary import Reason, ReceiptKind, State

LATER = NOW + timedelta(hours=1)
REFUSED = "policy"


class Falling:
    """A delivery by mail, in a worker's hands, of a run whose message may go by text as well."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        with writing(engine) as conn:
            self.run_id = make_run(conn, channels=["email", "sms"])
            self.customer = make_customer(
                conn, "ann", email="ann@example.com", phone="+12025550101"
            )
            [self.id] = make_deliveries(conn, [self.customer], "due", run_id=self.run_id)
            self.worker_id = workers.register(conn, "w", timedelta(minutes=5))
        self.hand("ann@example.com", 0)

    def hand(self, address: str, fence: int) -> None:
        """Claim it and hand it over."""
        with writing(self.engine) as conn:
            claim = Claim(self.id, fence, address, None, None)
            assert deliveries.claim(conn, self.worker_id, [claim], NOW) == {self.id}
            custody.hand(conn, self.worker_id, [(self.id, fence + 1, f"<m{fence}@example.com>")])

    def answer(self, conn: Connection, state: State = State.FAILED, fence: int = 1) -> State | None:
        """Settle it; the state that it has then, if it moved."""
        said = Settlement(self.id, fence, state, NOW, REFUSED)
        return settled(conn, [said], NOW).get(self.id)

    def row_state(self, conn: Connection) -> str:
        """Its state, as this transaction sees it."""
        found: str = conn.execute(select(table.c.state).where(table.c.id == self.id)).scalar_one()
        return found

    def standing(self) -> tuple[object, ...]:
        """State, channel, the channel before, address, whether it is a touch."""
        row = rows(self.engine)[self.id]
        return row.state, row.channel, row.fell_from, row.address, row.firm


@pytest.fixture
def falling(engine: Engine) -> Falling:
    return Falling(engine)


def test_it_waits_for_the_next_channel_as_though_nothing_had_been_tried(falling: Falling) -> None:
    with writing(falling.engine) as conn:
        assert falling.answer(conn) is State.DUE

    row = rows(falling.engine)[falling.id]
    assert falling.standing() == ("due", "sms", "email", None, False)
    assert (row.tries, row.message_id, row.provider_id, row.sent_at) == (0, None, None, None)


def test_an_answer_that_was_never_committed_leaves_it_in_hands(falling: Falling) -> None:
    def die_before_the_commit() -> None:
        with writing(falling.engine) as conn:
            assert falling.answer(conn) is State.DUE
            raise ConnectionError

    with pytest.raises(ConnectionError):
        die_before_the_commit()

    assert falling.standing() == ("handing", "email", None, "ann@example.com", True)


def test_the_same_answer_written_twice_moves_it_once(falling: Falling) -> None:
    with writing(falling.engine) as conn:
        falling.answer(conn)
    with writing(falling.engine) as conn:
        assert falling.answer(conn) is None

    assert falling.standing() == ("due", "sms", "email", None, False)


def test_a_late_answer_of_the_first_channel_does_not_move_the_second(falling: Falling) -> None:
    with writing(falling.engine) as conn:
        falling.answer(conn)
    falling.hand("+12025550101", 2)

    with writing(falling.engine) as conn:
        assert falling.answer(conn, State.FAILED, fence=1) is None

    assert falling.standing() == ("handing", "sms", "email", "+12025550101", True)


def test_an_answer_behind_its_own_bounce_does_not_send_it_by_the_next_channel(
    falling: Falling,
) -> None:
    bounced = Receipt("email", ReceiptKind.BOUNCED, NOW, "test", falling.id)
    with writing(falling.engine) as conn:
        receive(conn, [bounced], Instants(NOW, NOW))
        waiting = falling.row_state(conn)

        assert falling.answer(conn, State.SENT) is None

    assert waiting == "due"
    assert falling.standing() == ("due", "sms", "email", None, False)


def test_of_a_run_that_is_over_it_opens_the_run_again(falling: Falling) -> None:
    with writing(falling.engine) as conn:
        falling.answer(conn, State.SENT)
        assert finish_runs(conn, NOW) == [falling.run_id]
    with writing(falling.engine) as conn:
        conn.execute(_bounced(falling.id))
        fallbacks.fall_over(conn, [falling.id], LATER)

        run = run_by_id(conn, falling.run_id)
    assert run is not None
    assert run.state == "running"


def test_taken_back_and_cancelled_it_ends_as_it_failed(falling: Falling) -> None:
    with writing(falling.engine) as conn:
        falling.answer(conn)
        assert cancel_open(conn, falling.run_id, 10) == 1

    assert falling.standing() == ("failed", "email", "email", "ann@example.com", False)


def test_left_out_by_a_claim_it_says_why_no_other_took_over(falling: Falling) -> None:
    with writing(falling.engine) as conn:
        falling.answer(conn)
        ruled = Ruled(falling.id, 2, State.SKIPPED, Reason.NO_CONSENT, NOW, "sms", "")
        assert deliveries.put_off(conn, [ruled], LATER) == {falling.id: State.FAILED}
    with reading(falling.engine) as conn:
        record = recorded(conn, falling.run_id, falling.customer)
        assert record is not None
        said = history(record, (), failures_of(conn, falling.id), Clock(ZoneInfo("UTC")))
        told = fell_over(conn, run_id=falling.run_id)

    assert said == [
        "it failed by email: policy",
        "by email it failed (policy) at 2026-07-03 09:00+00:00 UTC,"
        " and no other channel took over: no_consent",
    ]
    assert told == [FellOver("email", None, "no_consent", 1)]


def test_what_came_back_is_paid_for_and_what_took_over_too(falling: Falling) -> None:
    with writing(falling.engine) as conn:
        said = Settlement(falling.id, 1, State.SENT, NOW, sent_at=NOW)
        settled(conn, [said], NOW)
        conn.execute(_bounced(falling.id))
        fallbacks.fall_over(conn, [falling.id], LATER)
    falling.hand("+12025550101", 2)
    with writing(falling.engine) as conn:
        settled(conn, [Settlement(falling.id, 3, State.SENT, LATER, sent_at=LATER)], LATER)
    with reading(falling.engine) as conn:
        paid = {each.channel: each.messages for each in destinations(conn, ["email", "sms"])}
        told = fell_over(conn)

    assert paid == {"email": 1, "sms": 1}
    assert told == [FellOver("email", "sms", None, 1)]


def test_a_no_by_its_link_holds_for_each_channel_it_went_out_by(falling: Falling) -> None:
    with writing(falling.engine) as conn:
        falling.answer(conn)

    unsubscribe(falling.engine, [OneClick(falling.id, "one_click")], LATER)

    with reading(falling.engine) as conn:
        c = consent_states.c
        noes = conn.execute(select(c.channel, c.state).order_by(c.channel)).all()
    assert [tuple(each) for each in noes] == [("email", "withdrawn"), ("sms", "withdrawn")]


def test_an_erasure_forgets_the_address_that_it_went_to_in_vain(falling: Falling) -> None:
    with writing(falling.engine) as conn:
        falling.answer(conn)
        erase(conn, Erased(b"a key of erasures"), "ann", "mei", LATER)

    with reading(falling.engine) as conn:
        kept = fallbacks.earlier(conn, [falling.id])
    assert [(row.channel, row.address) for row in kept.values()] == [("email", None)]


def _bounced(id_: int) -> Update:
    return update(table).where(table.c.id == id_).values(state=State.BOUNCED.value)
