"""What is told of customers: to templates, and to people."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from makers import NOW, grant, make_customer, make_delivery, make_event
from sqlalchemy import Engine

from outreach.store.customers import by_keys, contexts, show
from outreach.store.engine import reading, writing

TYPES = {"credit": "money", "since": "date", "seen": "datetime", "vip": "yes_no", "shoe": "number"}
STORED = {
    "credit": 99_900,
    "since": "2024-02-29",
    "seen": "2026-01-05T09:00:00.000000Z",
    "vip": True,
}


def test_a_context_has_columns_facts_and_attributes_of_their_own_types(engine: Engine) -> None:
    with writing(engine) as conn:
        id_ = make_customer(conn, "c1", attributes=STORED, tags=["a"], typical_gap=86_400_000_000)

    with reading(engine) as conn:
        found = contexts(conn, [id_], TYPES)[id_]

    assert (found["credit"], found["since"]) == (Decimal("9.99"), date(2024, 2, 29))
    assert found["seen"] == datetime(2026, 1, 5, 9, tzinfo=UTC)
    assert (found["vip"], found["shoe"], found["tags"]) == (True, None, ["a"])
    assert (found["typical_gap"], found["spend"]) == (timedelta(days=1), Decimal(0))
    assert found["zones"] == "Europe/Berlin"


def test_the_last_contact_is_the_later_of_touch_and_reply(engine: Engine) -> None:
    with writing(engine) as conn:
        heard = make_customer(conn, "c1", last_heard_at=NOW)
        make_delivery(conn, heard, at=NOW - timedelta(days=1))
        touched = make_customer(conn, "c2", last_heard_at=NOW - timedelta(days=2))
        make_delivery(conn, touched, at=NOW - timedelta(days=1))
        planned = make_customer(conn, "c3")
        make_delivery(conn, planned, "due", at=NOW - timedelta(days=1))

    with reading(engine) as conn:
        found = contexts(conn, [heard, touched, planned], {})

    assert found[heard]["last_contact_at"] == NOW
    assert found[touched]["last_contact_at"] == NOW - timedelta(days=1)
    assert found[planned]["last_contact_at"] is None


def test_a_history_has_every_sort_newest_first(engine: Engine) -> None:
    with writing(engine) as conn:
        id_ = make_customer(conn, "c1")
        grant(conn, id_)
        grant(conn, id_, "sms", at=NOW)
        make_event(conn, id_)
        make_event(conn, id_, "order", NOW)
        make_delivery(conn, id_)

    with reading(engine) as conn:
        found = show(conn, "c1", {}, NOW)
        missing = show(conn, "c2", {}, NOW)

    assert missing is None
    assert found is not None
    assert found["customer"]["key"] == "c1"
    assert [word["channel"] for word in found["consents"]] == ["sms", "email"]
    assert [(row["kind"], row["count"], row["last_at"]) for row in found["events"]] == [
        ("order", 2, NOW)
    ]
    assert (len(found["deliveries"]), found["stages"]) == (1, [])


def test_only_the_last_contact_may_be_later_than_the_facts(engine: Engine) -> None:
    refreshed_at = NOW - timedelta(days=10)
    with writing(engine) as conn:
        make_delivery(conn, make_customer(conn, "c1", facts_at=refreshed_at))

    with reading(engine) as conn:
        seen = [show(conn, "c1", {}, now) for now in (NOW, NOW - timedelta(days=20))]

    shown = [found["customer"] for found in seen if found is not None]
    assert [each["facts_as_of"] for each in shown] == [refreshed_at, NOW - timedelta(days=20)]
    assert [each["last_contact_at"] for each in shown] == [NOW, None]


def test_many_keys_are_found_at_once(engine: Engine) -> None:
    with writing(engine) as conn:
        ids = {key: make_customer(conn, key) for key in ("a", "ü", 'q"')}

    with reading(engine) as conn:
        assert by_keys(conn, [*ids, *(f"x{n}" for n in range(40_000))]) == ids


def test_what_a_template_does_not_look_at_is_not_read(engine: Engine) -> None:
    with writing(engine) as conn:
        id_ = make_customer(conn, "c1", attributes=STORED, first_name="Eve", last_name="Lee")
        make_delivery(conn, id_, at=NOW)

    with reading(engine) as conn:
        every = contexts(conn, [id_], TYPES)[id_]
        some = contexts(conn, [id_], TYPES, names={"first_name", "credit", "last_contact_at"})[id_]

    assert set(some) == {
        "id", "key", "locale", "timezone", "dates", "first_name", "credit", "last_contact_at",
    }  # fmt: skip
    assert {name: every[name] for name in some} == some
