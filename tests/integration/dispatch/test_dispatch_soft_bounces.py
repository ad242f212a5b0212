"""A mailbox that is full on day after day is given up; one that was full for a night is not."""

from datetime import datetime, timedelta

import pytest
from dispatching import LIMITS
from makers import NOW, make_customer, make_delivery
from sqlalchemy import Engine, select, update

from outreach.channels.adapter import Outcome
from outreach.clock import Instants
from outreach.dispatch.held import Held
from outreach.dispatch.settle import Answered, Ledger
from outreach.store.engine import reading, writing
from outreach.store.tables import deliveries, suppressions
from outreach.vocabulary import Answer, Fault

ADDRESS = "full@example.com"
LEDGER = Ledger(1, "email", "smtp", LIMITS.backoff)


@pytest.fixture
def delivery_id(engine: Engine) -> int:
    with writing(engine) as conn:
        return make_delivery(conn, make_customer(conn, email=ADDRESS), "handing", address=ADDRESS)


def answer(engine: Engine, id_: int, at: datetime) -> None:
    """What the server says of one more attempt."""
    with writing(engine) as conn:
        again = update(deliveries).where(deliveries.c.id == id_).returning(deliveries)
        anew = {"state": "handing", "ready": False, "fence": deliveries.c.fence + 1}
        row = conn.execute(again.values(anew)).one()
    held = Held(
        id_, row.fence, row.run_id, row.customer_id, "email", ADDRESS, None, at,
        at + timedelta(days=1), 0, 0, resend=False,
    )  # fmt: skip
    outcome = Outcome(id_, Answer.RETRY, Fault.MAILBOX, "rcpt", "552 5.2.2")
    with writing(engine) as conn:
        LEDGER.settle(conn, [Answered(held, outcome, at)], Instants(at, at))


def suppressed(engine: Engine) -> list[str]:
    with reading(engine) as conn:
        return list(conn.execute(select(suppressions.c.reason)).scalars())


def test_full_on_four_days_is_suppressed_on_the_fourth(engine: Engine, delivery_id: int) -> None:
    seen = []
    for day in range(4):
        answer(engine, delivery_id, NOW + timedelta(days=day))
        seen.append(suppressed(engine))

    assert seen == [[], [], [], ["soft_bounces"]]


def test_many_tries_of_a_day_are_one_day(engine: Engine, delivery_id: int) -> None:
    for hour in range(20):
        answer(engine, delivery_id, NOW + timedelta(hours=hour))

    assert suppressed(engine) == []


def test_days_far_apart_do_not_add_up(engine: Engine, delivery_id: int) -> None:
    for month in range(6):
        answer(engine, delivery_id, NOW + timedelta(days=31 * month))

    assert suppressed(engine) == []


def test_a_message_accepted_meanwhile_lets_the_count_begin_anew(
    engine: Engine, delivery_id: int
) -> None:
    with reading(engine) as conn:
        customer = conn.execute(select(deliveries.c.customer_id)).scalar_one()
    with writing(engine) as conn:
        make_delivery(conn, customer, "sent", at=NOW + timedelta(days=2, hours=1), address=ADDRESS)

    for day in range(6):
        answer(engine, delivery_id, NOW + timedelta(days=day))

    assert suppressed(engine) == []
    answer(engine, delivery_id, NOW + timedelta(days=6))
    assert suppressed(engine) == ["soft_bounces"]
