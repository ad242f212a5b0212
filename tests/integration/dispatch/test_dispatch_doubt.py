"""What may have gone out once and waits to be sent again never ends as though nothing had."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from dispatching import make_due, rows
from makers import NOW, make_run
from sqlalchemy import Connection, Engine, update

from outreach.store import custody, deliveries, lapses, lateness, workers
from outreach.store.custody import Settlement
from outreach.store.deliveries import Claim, Ruled
from outreach.store.endings import cancel_open
from outreach.store.engine import writing
from outreach.store.tables import runs
from outreach.vocabulary import Reason, State

LATER = NOW + timedelta(days=30)


class Again:
    """A delivery whose first attempt is unknown, and which waits for a second one."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        with writing(engine) as conn:
            self.run_id = make_run(conn)
            [self.id] = make_due(conn, self.run_id, 1)
            self.worker_id = workers.register(conn, "w", timedelta(minutes=5))
        self.attempt(0)
        with writing(engine) as conn:
            lapses.send_again(conn, lapses.lapse(conn, [self.worker_id]))

    def attempt(self, fence: int) -> None:
        """Claim it and hand it over."""
        with writing(self.engine) as conn:
            claim = Claim(self.id, fence, "k0@example.com", None, None)
            assert deliveries.claim(conn, self.worker_id, [claim], NOW) == {self.id}
            custody.hand(conn, self.worker_id, [(self.id, fence + 1, "<m@example.com>")])

    def standing(self) -> tuple[str, bool, bool]:
        """Its state, whether it is a touch, and whether it has its slot."""
        row = rows(self.engine)[self.id]
        return row.state, row.firm, row.slot_at == NOW


@pytest.fixture
def again(engine: Engine) -> Again:
    return Again(engine)


def test_it_waits_as_a_touch(again: Again) -> None:
    assert again.standing() == ("due", True, True)


def skip(conn: Connection, again: Again) -> None:
    ruled = Ruled(again.id, 1, State.SKIPPED, Reason.CAPPED, NOW, "email", "")
    assert deliveries.put_off(conn, [ruled], NOW) == {again.id: State.SKIPPED}


def cancel(conn: Connection, again: Again) -> None:
    assert cancel_open(conn, again.run_id, 10) == 1


def expire(conn: Connection, again: Again) -> None:
    assert lateness.expire(conn, again.run_id, LATER, 10) == 1


@pytest.mark.parametrize("end", [skip, cancel, expire])
def test_it_is_unknown_again_where_it_does_not_go_out(
    again: Again, end: Callable[[Connection, Again], None]
) -> None:
    with writing(again.engine) as conn:
        end(conn, again)

    assert again.standing() == ("unknown", True, True)


@pytest.mark.parametrize("state", [State.FAILED, State.EXPIRED])
def test_it_is_unknown_again_where_the_second_attempt_comes_to_nothing(
    again: Again, state: State
) -> None:
    again.attempt(1)

    with writing(again.engine) as conn:
        custody.settle(conn, [Settlement(again.id, 2, state, NOW)])

    assert again.standing() == ("unknown", True, True)


def test_it_is_unknown_again_where_it_can_not_be_rendered(again: Again) -> None:
    with writing(again.engine) as conn:
        claim = Claim(again.id, 1, "k0@example.com", None, None)
        deliveries.claim(conn, again.worker_id, [claim], NOW)
        assert custody.fail(conn, again.worker_id, [(again.id, 2)], "render") == 1

    assert again.standing() == ("unknown", True, True)


def test_held_until_later_it_stays_a_touch(again: Again) -> None:
    with writing(again.engine) as conn:
        ruled = Ruled(again.id, 1, State.HELD, Reason.QUIET_HOURS, LATER, "email", "")
        deliveries.put_off(conn, [ruled], NOW)

    assert again.standing() == ("held", True, True)


def test_it_is_sent_where_the_second_attempt_is_accepted(again: Again) -> None:
    again.attempt(1)

    with writing(again.engine) as conn:
        custody.settle(conn, [Settlement(again.id, 2, State.SENT, NOW, sent_at=NOW)])

    assert again.standing() == ("sent", True, True)


def test_of_a_cancelled_run_nothing_is_sent_again(engine: Engine) -> None:
    with writing(engine) as conn:
        run_id = make_run(conn)
        [id_] = make_due(conn, run_id, 1)
        worker_id = workers.register(conn, "w", timedelta(minutes=5))
        deliveries.claim(conn, worker_id, [Claim(id_, 0, "k0@example.com", None, None)], NOW)
        custody.hand(conn, worker_id, [(id_, 1, "<m@example.com>")])
        conn.execute(update(runs).values(state="cancelled"))

        assert lapses.send_again(conn, lapses.lapse(conn, [worker_id])) == set()

    assert rows(engine)[id_].state == "unknown"


@pytest.mark.parametrize("ends", ["cancelled", "expired"])
def test_a_lost_answer_of_what_is_sent_again_is_unknown_where_that_is_not_to_be(
    engine: Engine, ends: str
) -> None:
    """`on_unknown: resend`, but the run was cancelled meanwhile, or it would be too late."""
    with writing(engine) as conn:
        run_id = make_run(conn)
        [id_] = make_due(conn, run_id, 1)
        worker_id = workers.register(conn, "w", timedelta(minutes=5))
        deliveries.claim(conn, worker_id, [Claim(id_, 0, "k0@example.com", None, None)], NOW)
        custody.hand(conn, worker_id, [(id_, 1, "<m@example.com>")])
        if ends == "cancelled":
            conn.execute(update(runs).values(state="cancelled"))
        state = State.DUE if ends == "cancelled" else State.EXPIRED
        custody.settle(conn, [Settlement(id_, 1, state, None, doubt=True)])

    row = rows(engine)[id_]
    assert (row.state, row.firm, row.slot_at) == ("unknown", True, NOW)
