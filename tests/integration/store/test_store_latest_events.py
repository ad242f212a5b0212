"""The latest events of customers, in one statement."""

from datetime import timedelta
from decimal import Decimal

from makers import NOW, make_customer, make_event
from sqlalchemy import Connection

from outreach.store.latest_events import latest_events


def test_the_latest_of_each_kind_come_newest_first_up_to_now(conn: Connection) -> None:
    ann, bob = (make_customer(conn, key) for key in ("ann", "bob"))
    for days in (1, 5, 3, -1):
        make_event(
            conn, ann, "order", NOW - timedelta(days=days), amount=Decimal(days), data={"n": days}
        )
    make_event(conn, ann, "visit", NOW)
    make_event(conn, ann, "call", NOW)
    make_event(conn, bob, "order", NOW - timedelta(days=9))

    found = latest_events(conn, [ann], {"order": 2, "visit": 5}, NOW)

    orders = [(each.at, each.amount, each.data) for each in found[ann]["order"]]
    assert orders == [(NOW - timedelta(days=d), Decimal(d), {"n": d}) for d in (1, 3)]
    assert [each.at for each in found[ann]["visit"]] == [NOW]
    assert found.keys() == {ann}
    assert found[ann].keys() == {"order", "visit"}


def test_events_of_one_instant_come_by_what_was_added_last(conn: Connection) -> None:
    ann = make_customer(conn, "ann")
    for number in (1, 2, 3):
        make_event(conn, ann, "order", NOW, data={"n": number})

    found = latest_events(conn, [ann], {"order": 2}, NOW)

    assert [each.data for each in found[ann]["order"]] == [{"n": 3}, {"n": 2}]
