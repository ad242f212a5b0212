"""A provider that keeps a list is asked about what is unknown, now and then, for a day."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from dispatching import Told, make_shift, rows
from makers import NOW, make_customer, make_delivery
from sqlalchemy import Engine

from outreach.channels.adapter import Listed, Sought
from outreach.clock import FrozenClock
from outreach.dispatch.pumps import Pumps
from outreach.dispatch.reconcile import has_unknowns, reconcile
from outreach.dispatch.shift import Shift
from outreach.store.engine import writing
from outreach.vocabulary import ReceiptKind

MINUTE = timedelta(minutes=1)


@dataclass
class Lists(Told):
    """An adapter whose provider lists these messages, by the delivery that it takes them for."""

    listed: dict[int, list[Listed]] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)

    def ask(self, sought: Sequence[Sought]) -> list[Listed]:
        self.asked += [one.message.id for one in sought]
        return [each for one in sought for each in self.listed.get(one.message.id, [])]


def at(shift: Shift, now: datetime) -> Shift:
    shift.clock = shift.real_clock = FrozenClock(now)
    return shift


def is_listed(id_: int, name: str, kind: ReceiptKind = ReceiptKind.SENT) -> Listed:
    return Listed(id_, kind, name, NOW)


@pytest.fixture
def unknown(engine: Engine) -> list[int]:
    with writing(engine) as conn:
        return [
            make_delivery(conn, make_customer(conn, key, email=f"{key}@example.com"), "unknown",
                          address=f"{key}@example.com")
            for key in ("a", "b")
        ]  # fmt: skip


def test_what_the_provider_has_is_sent_under_its_name(engine: Engine, unknown: list[int]) -> None:
    first, second = unknown
    adapter = Lists(listed={first: [is_listed(first, "SM1")]})

    found = reconcile(at(make_shift(engine), NOW + MINUTE), "email", adapter)

    after = rows(engine)
    assert found == 1
    assert (after[first].state, after[first].provider_id) == ("sent", "SM1")
    assert after[second].state == "unknown"
    assert after[second].slot_at == NOW


def test_what_did_not_arrive_frees_its_slot(engine: Engine, unknown: list[int]) -> None:
    listed = is_listed(unknown[0], "SM1", ReceiptKind.FAILED)
    adapter = Lists(listed={unknown[0]: [listed]})

    reconcile(at(make_shift(engine), NOW + MINUTE), "email", adapter)

    row = rows(engine)[unknown[0]]
    assert (row.state, row.slot_at) == ("failed", None)


def test_a_list_is_not_asked_before_it_can_be_believed(engine: Engine, unknown: list[int]) -> None:
    shift = at(make_shift(engine), NOW + timedelta(seconds=59))

    assert not has_unknowns(shift, "email", Lists())
    assert not has_unknowns(at(shift, NOW + MINUTE), "sms", Lists())
    assert not has_unknowns(shift, "email", Told())
    assert has_unknowns(shift, "email", Lists())


def test_it_is_asked_less_and_less_often_and_a_day_long(engine: Engine, unknown: list[int]) -> None:
    shift, adapter = make_shift(engine), Lists()

    for minute in sorted({(2**n) + off for n in range(12) for off in (0, 1)}):
        reconcile(at(shift, NOW + minute * MINUTE), "email", adapter)

    assert adapter.asked.count(unknown[0]) == 11
    assert rows(engine)[unknown[0]].state == "unknown"


def test_two_workers_do_not_ask_the_same(engine: Engine, unknown: list[int]) -> None:
    first, second = Lists(), Lists()

    for adapter in (first, second):
        reconcile(at(make_shift(engine), NOW + MINUTE), "email", adapter)

    assert (sorted(first.asked), second.asked) == (unknown, [])


def test_a_message_in_the_list_is_that_of_one_delivery(engine: Engine, unknown: list[int]) -> None:
    """The same text to one number: of an earlier delivery, and of two that are unknown."""
    first, second = unknown
    with writing(engine) as conn:
        make_delivery(conn, make_customer(conn, "c"), provider_id="SM1")
    listed = ["SM1", "SM2"]
    adapter = Lists(listed={id_: [is_listed(id_, name) for name in listed] for id_ in unknown})

    reconcile(at(make_shift(engine), NOW + MINUTE), "email", adapter)

    after = rows(engine)
    assert (after[first].state, after[first].provider_id) == ("sent", "SM2")
    assert after[second].state == "unknown"


def test_a_worker_asks_by_itself(engine: Engine, unknown: list[int]) -> None:
    adapter = Lists(listed={unknown[0]: [is_listed(unknown[0], "SM1")]})
    shift = at(make_shift(engine), NOW + MINUTE)
    pumps = Pumps(shift, {"email": adapter}, look_seconds=0.05)
    until = time.monotonic() + 20

    while rows(engine)[unknown[0]].state != "sent" and time.monotonic() < until:
        time.sleep(0.02)
    shift.end()
    pumps.close()

    assert rows(engine)[unknown[0]].state == "sent"
