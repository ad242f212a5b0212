"""Suppressions and retractions by people, on both databases."""

from datetime import datetime

import pytest
from makers import make_customer, make_delivery, make_run
from sqlalchemy import Engine, select

from outreach.store.engine import reading, writing
from outreach.store.erased import Erased
from outreach.store.events import Event, add_events
from outreach.store.listed_suppressions import add_listed, lift, listed
from outreach.store.retractions import retract_events
from outreach.store.suppressions import Suppression, reasons_against, suppress
from outreach.store.tables import audit, deliveries, events

ADDRESS = "ann@example.com"


def said(reason: str, now: datetime, run: int | None = None) -> Suppression:
    return Suppression("email", ADDRESS, reason, "person", now, run_id=run)


def test_a_claimed_message_is_taken_back(engine: Engine, now: datetime) -> None:
    with writing(engine) as conn:
        ann = make_customer(conn, "a", email=ADDRESS)
        run = make_run(conn)
        make_delivery(conn, ann, "claimed", run_id=run, worker_id=1, channel="email")

    with writing(engine) as conn:
        assert add_listed(conn, "email", [said("listed", now)]) == 1

    with reading(engine) as conn:
        assert conn.execute(select(deliveries.c.state)).scalars().all() == ["due"]


@pytest.mark.parametrize("order", [("typo", "complaint"), ("complaint", "typo")])
def test_of_two_reasons_of_people_the_complaint_stays(
    engine: Engine, now: datetime, order: tuple[str, str]
) -> None:
    for reason in order:
        with writing(engine) as conn:
            add_listed(conn, "email", [said(reason, now)])

    with writing(engine) as conn:
        assert reasons_against(conn, "email", ADDRESS) == {"complaint"}
        assert lift(conn, "email", ADDRESS, anyway=False, erased=Erased()) == (set(), {"complaint"})
        assert listed(conn, None, 10)[1] == 1
        assert lift(conn, "email", ADDRESS, anyway=True, erased=Erased()) == ({"complaint"}, set())
        assert listed(conn, None, 10) == ([], 0)


def test_a_lift_takes_what_runs_said_too(engine: Engine, now: datetime) -> None:
    with writing(engine) as conn:
        suppress(conn, "email", [said("hard_bounce", now, run=7)], [])
        add_listed(conn, "email", [said("complaint", now)])

    with writing(engine) as conn:
        assert lift(conn, "email", ADDRESS, anyway=False, erased=Erased()) == (set(), {"complaint"})
        assert lift(conn, "email", ADDRESS, anyway=True, erased=Erased())[0] == {
            "complaint",
            "hard_bounce",
        }
        assert reasons_against(conn, "email", ADDRESS) == set()


def test_a_retracted_events_id_stays_taken(engine: Engine, now: datetime) -> None:
    with writing(engine) as conn:
        ann = make_customer(conn, "a")
        orders = [Event(ann, "order", now, external_id=id_) for id_ in ("o-1", "o-2")]
        add_events(conn, orders, now)

    with writing(engine) as conn:
        told = retract_events(conn, ["o-2", "o-2", "o-3"], "mei", now)
        assert [(one.id, one.state, one.key) for one in told] == [
            ("o-2", "retracted", "a"),
            ("o-3", "unknown", None),
        ]
        assert add_events(conn, orders, now) == []
        assert [one.state for one in retract_events(conn, ["o-2"], "mei", now)] == ["already"]

    with reading(engine) as conn:
        assert conn.execute(select(events.c.id)).scalars().all() != []
        (row,) = conn.execute(select(audit.c.actor, audit.c.action, audit.c.subject))
    assert tuple(row) == ("mei", "event retracted", "o-2")


def test_what_is_retracted_twice_takes_no_later_event_along(engine: Engine, now: datetime) -> None:
    """SQLite gives the number of the last event that is gone to the next one."""
    with writing(engine) as conn:
        ann = make_customer(conn, "a")
        add_events(conn, [Event(ann, "order", now, external_id="o-1")], now)
        retract_events(conn, ["o-1"], "mei", now)
        add_events(conn, [Event(ann, "order", now, external_id="o-2")], now)

        again = retract_events(conn, ["o-1"], "mei", now)

        assert [one.state for one in again] == ["already"]
        assert len(conn.execute(select(events)).all()) == 1
