"""Two records of one person: what goes over, what stays, what is refused."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from makers import (
    grant,
    make_customer,
    make_delivery,
    make_event,
    make_run,
    withdraw,
)
from sqlalchemy import Engine, select

from outreach.imports import import_consents, import_events
from outreach.settings.company import Brand, Company, Topic
from outreach.store.consents import Word, record_consents
from outreach.store.engine import reading, writing
from outreach.store.erased import Erased
from outreach.store.erasure import erase
from outreach.store.interests import Learnt, learn, origins_of
from outreach.store.merging import Merged, merge
from outreach.store.named_dates import NamedDate, dates_of, write_dates
from outreach.store.sharing import sharers, unmark_sharing
from outreach.store.tables import consent_states, customers, deliveries, events
from outreach.vocabulary import ConsentState

COMPANY = Company(brand=Brand(name="Sample", country="DE"), topics={"offers": Topic()})


@pytest.fixture
def pair(engine: Engine) -> tuple[int, int]:
    """The ids of `old`, to be closed, and `new`."""
    with writing(engine) as conn:
        old = make_customer(conn, "old", email="old@example.com")
        new = make_customer(conn, "new", email="new@example.com")
        return old, new


def merged(engine: Engine, now: datetime, closed: str = "old", kept: str = "new") -> Merged:
    with writing(engine) as conn:
        return merge(conn, closed, kept, "mei", now)


def states(engine: Engine) -> dict[tuple[int, str], str]:
    s = consent_states.c
    with reading(engine) as conn:
        rows = conn.execute(select(s.customer_id, s.topic, s.state))
        return {(row.customer_id, row.topic): row.state for row in rows}


def test_open_messages_of_the_closed_one_are_cancelled_and_touches_stay(
    engine: Engine, pair: tuple[int, int], now: datetime
) -> None:
    old, new = pair
    with writing(engine) as conn:
        for number, state in enumerate(("sent", "due", "held", "claimed", "handing")):
            held = {"worker_id": 1} if state in ("claimed", "handing") else {}
            make_delivery(conn, old, state, run_id=make_run(conn, f"c{number}"), **held)
        make_event(conn, old, amount=10)

    told = merged(engine, now)

    assert (told.customer_id, told.cancelled, told.events) == (new, 3, 1)
    with reading(engine) as conn:
        found = conn.execute(select(deliveries.c.customer_id, deliveries.c.state).order_by("id"))
        assert [tuple(row) for row in found] == [
            (old, "sent"), (old, "cancelled"), (old, "cancelled"), (old, "cancelled"),
            (old, "handing"),
        ]  # fmt: skip
        assert conn.execute(select(events.c.customer_id)).scalars().all() == [new]


def test_the_stricter_consent_stays(engine: Engine, pair: tuple[int, int], now: datetime) -> None:
    old, new = pair
    with writing(engine) as conn:
        withdraw(conn, old, "email", "offers")
        grant(conn, new, "email", "offers", at=now - timedelta(days=1))  # newer, and yet
        grant(conn, old, "email", "greetings")
        withdraw(conn, new, "email", "service")
        grant(conn, old, "email", "service")

    assert merged(engine, now).withdrawn == 1

    found = states(engine)
    assert found[new, "offers"] == "withdrawn"
    assert found[new, "service"] == "withdrawn"
    assert (new, "greetings") not in found


def test_compliance_13_a_merge_frees_nobody_from_a_no(
    engine: Engine, pair: tuple[int, int], now: datetime
) -> None:
    old, new = pair
    with writing(engine) as conn:
        grant(conn, new, "email", "offers")
    merged(engine, now)

    with writing(engine) as conn:
        no = Word(old, "email", "offers", ConsentState.WITHDRAWN, now, "one-click")
        record_consents(conn, [no], now)

    assert states(engine)[new, "offers"] == "withdrawn"


def test_files_that_know_the_old_key_tell_of_the_new_customer(
    engine: Engine, pair: tuple[int, int], now: datetime, tmp_path: Path
) -> None:
    merged(engine, now)
    bought, said = tmp_path / "e.csv", tmp_path / "c.csv"
    bought.write_text("key,kind,at\nold,order,2026-06-01\n")
    said.write_text("key,channel,topic,state,at,source\nold,email,offers,granted,2026-06-01,fair\n")

    import_events(engine, bought, COMPANY, now)
    import_consents(engine, said, COMPANY, now)

    with reading(engine) as conn:
        assert conn.execute(select(events.c.customer_id)).scalars().all() == [pair[1]]
    assert states(engine) == {(pair[1], "offers"): "granted"}


def test_the_one_that_stays_is_locked_and_counted_with_the_other(
    engine: Engine, pair: tuple[int, int], now: datetime
) -> None:
    old, new = pair
    merged(engine, now)

    with writing(engine) as conn:
        unmark_sharing(conn, {"new@example.com"}, set(), [new])
        shares = conn.execute(select(customers.c.shares).where(customers.c.id == new))
        assert shares.scalar_one() is True
        assert sharers(conn, [new]) == {new: {old, new}}


def test_who_was_merged_before_goes_along(
    engine: Engine, pair: tuple[int, int], now: datetime
) -> None:
    with writing(engine) as conn:
        third = make_customer(conn, "third")
    merged(engine, now)
    merged(engine, now, "new", "third")

    with reading(engine) as conn:
        found = conn.execute(select(customers.c.merged_into).order_by(customers.c.id))
        assert found.scalars().all() == [third, third, None]


@pytest.mark.parametrize(
    ("closed", "kept", "why"),
    [
        ("new", "new", "a customer can not be merged into itself"),
        ("none", "new", "there is no customer `none`"),
        ("new", "none", "there is no customer `none`"),
        ("old", "new", "customer `old` was merged into `new`"),
        ("new", "old", "customer `old` was merged into `new`"),
    ],
)
def test_what_can_not_be_merged_says_why(
    engine: Engine, pair: tuple[int, int], now: datetime, closed: str, kept: str, why: str
) -> None:
    merged(engine, now)

    assert merged(engine, now, closed, kept).refused == why


def test_an_erasure_takes_who_was_merged_along(
    engine: Engine, pair: tuple[int, int], now: datetime
) -> None:
    merged(engine, now)
    key = Erased(b"a key of erasures that never changes")

    with writing(engine) as conn:
        assert erase(conn, key, "old", "mei", now) is None
        assert erase(conn, key, "new", "mei", now) is not None

    with reading(engine) as conn:
        assert set(conn.execute(select(customers.c.email)).scalars()) == {None}
        assert {key.key_of("old"), key.key_of("new")} == set(
            conn.execute(select(customers.c.key)).scalars()
        )


def test_dates_and_interests_go_over_where_the_other_has_them_not(
    engine: Engine, pair: tuple[int, int], now: datetime
) -> None:
    old, new = pair
    earlier = now - timedelta(days=9)
    with writing(engine) as conn:
        theirs = {"wedding": NamedDate("2014-06-14"), "child": NamedDate("04-06", "Emma")}
        write_dates(conn, [(old, {}, theirs), (new, {}, {"wedding": NamedDate("06-15")})])
        told = [Learnt(old, "tea", "form", earlier), Learnt(old, "jazz", "talk", earlier)]
        learn(conn, [*told, Learnt(new, "jazz", "shop", now)], now)

    merged(engine, now)

    with reading(engine) as conn:
        assert dates_of(conn, [new])[new] == {
            "child": NamedDate("04-06", "Emma"), "wedding": NamedDate("06-15"),
        }  # fmt: skip
        assert origins_of(conn, [new])[new] == [("jazz", "shop", now), ("tea", "form", earlier)]
