"""Receipts: in any order, twice, before the answer, and what follows from each."""

import threading
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from dispatching import rows
from makers import NOW, make_customer, make_delivery, make_worker
from sqlalchemy import Engine, event, func, select

from outreach.clock import Instants
from outreach.store import custody
from outreach.store.custody import Settlement
from outreach.store.engine import reading, writing
from outreach.store.receipts import Receipt, Received, receive
from outreach.store.tables import receipts, suppressions
from outreach.vocabulary import ReceiptKind, State

AT = Instants(NOW, NOW)


def tell(engine: Engine, id_: int, kind: ReceiptKind, **said: Any) -> Received:
    receipt = Receipt("email", kind, said.pop("at", NOW), "test", id_, **said)
    with writing(engine) as conn:
        return receive(conn, [receipt], AT)


def make(engine: Engine, state: str = "sent", key: str = "a", **columns: Any) -> int:
    with writing(engine) as conn:
        customer = make_customer(conn, key, email=f"{key}@example.com")
        address = {"address": f"{key}@example.com"}
        return make_delivery(conn, customer, state, **address | columns)


def suppressed(engine: Engine) -> dict[str, str]:
    with reading(engine) as conn:
        t = suppressions.c
        return dict(conn.execute(select(t.address, t.reason)).all())


@pytest.mark.parametrize(
    "order", list(permutations(["sent", "delivered", "bounced", "complained"]))
)
def test_receipts_in_any_order_come_to_the_same(
    sqlite_engine: Engine, order: tuple[str, ...]
) -> None:
    id_ = make(sqlite_engine, "unknown")

    for kind in order:
        tell(sqlite_engine, id_, ReceiptKind(kind))

    row = rows(sqlite_engine)[id_]
    assert (row.state, row.slot_at) == ("complained", NOW)


def test_a_receipt_before_the_answer_settles_the_delivery_itself(engine: Engine) -> None:
    with writing(engine) as conn:
        worker = make_worker(conn)
    id_ = make(engine, "handing", worker_id=worker, fence=3, sent_at=None)

    tell(engine, id_, ReceiptKind.DELIVERED, provider_id="SM1")
    with writing(engine) as conn:
        late = [Settlement(id_, 3, State.UNKNOWN, NOW), Settlement(id_, 3, State.SENT, NOW)]
        moved = [custody.settle(conn, [one]) for one in late]

    row = rows(engine)[id_]
    assert moved == [{}, {}]
    assert (row.state, row.provider_id, row.worker_id) == ("delivered", "SM1", None)
    assert (row.sent_at, row.settled_at, row.slot_at) == (NOW, NOW, NOW)


def test_the_same_receipt_twice_is_one(engine: Engine) -> None:
    id_ = make(engine)

    first = tell(engine, id_, ReceiptKind.DELIVERED)
    again = tell(engine, id_, ReceiptKind.DELIVERED)

    with reading(engine) as conn:
        kept = conn.execute(select(func.count()).select_from(receipts)).scalar_one()
    assert (first.moved, again.moved, kept) == ({id_: State.DELIVERED}, {}, 1)


def test_the_same_receipt_at_the_same_time_is_one(engine: Engine) -> None:
    id_ = make(engine)
    at_once = threading.Barrier(4)

    def work() -> None:
        at_once.wait()
        tell(engine, id_, ReceiptKind.BOUNCED, hard=True)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with reading(engine) as conn:
        assert conn.execute(select(func.count()).select_from(receipts)).scalar_one() == 1


@pytest.mark.parametrize("kind", [ReceiptKind.BOUNCED, ReceiptKind.FAILED])
def test_what_did_not_arrive_frees_its_slot(engine: Engine, kind: ReceiptKind) -> None:
    id_ = make(engine)

    tell(engine, id_, kind)

    row = rows(engine)[id_]
    assert (row.state, row.slot_at) == (kind.value, None)
    assert suppressed(engine) == {}


def test_a_bounce_that_was_none_takes_its_slot_again(engine: Engine) -> None:
    id_ = make(engine)

    tell(engine, id_, ReceiptKind.BOUNCED)
    tell(engine, id_, ReceiptKind.COMPLAINED)

    assert rows(engine)[id_].slot_at == NOW


def test_a_hard_bounce_suppresses_and_takes_back_what_is_claimed_for_the_address(
    engine: Engine,
) -> None:
    with writing(engine) as conn:
        worker = make_worker(conn)
    bounced = make(engine)
    customer = rows(engine)[bounced].customer_id
    with writing(engine) as conn:
        claimed = make_delivery(conn, customer, "claimed", worker_id=worker)

    tell(engine, bounced, ReceiptKind.BOUNCED, hard=True)

    assert suppressed(engine) == {"a@example.com": "hard_bounce"}
    assert rows(engine)[claimed].state == "due"


def test_a_complaint_suppresses(engine: Engine) -> None:
    tell(engine, make(engine), ReceiptKind.COMPLAINED)

    assert suppressed(engine) == {"a@example.com": "complaint"}


def test_a_provider_s_name_means_its_latest_delivery_on_the_channel(engine: Engine) -> None:
    """Mail servers use their queue ids again."""
    old = make(engine, key="old", provider_id="4XyZ")
    other = make(engine, key="other", provider_id="4XyZ", channel="sms")
    new = make(engine, key="new", provider_id="4XyZ")
    said = [
        Receipt("email", ReceiptKind.DELIVERED, NOW, "test", provider_id=name)
        for name in ("4XyZ", "nobody's")
    ]

    with writing(engine) as conn:
        received = receive(conn, said, AT)

    assert received == Received({new: State.DELIVERED}, (said[1],))
    assert {rows(engine)[each].state for each in (old, other)} == {"sent"}


def test_what_waits_to_be_sent_again_is_not_once_a_receipt_shows_it(engine: Engine) -> None:
    """`on_unknown: resend`: the first message went out after all."""
    id_ = make(engine, "due", claimed_at=NOW - timedelta(minutes=5))

    tell(engine, id_, ReceiptKind.SENT)

    row = rows(engine)[id_]
    assert (row.state, row.ready, row.firm) == ("sent", False, True)
    assert row.slot_at == NOW - timedelta(minutes=5)


def test_what_never_went_out_is_not_moved(engine: Engine) -> None:
    id_ = make(engine, "skipped")

    assert tell(engine, id_, ReceiptKind.DELIVERED).moved == {}


def test_many_receipts_take_no_more_statements_than_one(engine: Engine) -> None:
    """Each would be a round trip to the database while hundreds of requests wait."""
    ids = [make(engine, key=f"c{number}") for number in range(30)]
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *said: statements.append(said[2]))

    counts = []
    for some in (ids[:1], ids[1:]):
        statements.clear()
        said = [Receipt("email", ReceiptKind.DELIVERED, NOW, "test", id_) for id_ in some]
        with writing(engine) as conn:
            receive(conn, said, AT)
        counts.append(len(statements))

    assert counts[1] == counts[0]
    assert {row.state for row in rows(engine).values()} == {"delivered"}
