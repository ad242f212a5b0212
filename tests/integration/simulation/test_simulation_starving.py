"""Who starved whom: worked cases, counted by hand as the chain counts, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from makers import make_customer, make_delivery, make_run
from sqlalchemy import Connection, update

from outreach.campaign.model import Campaign, Schedule, ScheduleKind, Selection, Step
from outreach.settings.company import Brand, Company, Topic
from outreach.simulation.counting import Since, begin
from outreach.simulation.starving import Starved, starved
from outreach.spans import Cap, Per, PerKind
from outreach.store.tables import customers

START = datetime(2026, 7, 3, 9, 0, tzinfo=UTC)  # a Friday
WEEK, SEVEN = Per(PerKind.WEEK), Per(PerKind.DAYS, 7)


def on(day: int, hour: int = 8) -> datetime:
    """In July; ten in the morning in Berlin."""
    return datetime(2026, 7, day, hour, tzinfo=UTC)


def company(*caps: Cap) -> Company:
    """A company with these limits and no quiet hours."""
    topics = {"greetings": Topic(), "offers": Topic(), "service": Topic(transactional=True)}
    brand = Brand(name="Acme", timezone="Europe/Berlin")
    return Company(brand=brand, topics=topics, cadence=caps, quiet_hours=())


def campaign(name: str, *steps: Step, caps: tuple[Cap, ...] = (), priority: int = 50) -> Campaign:
    """One that is sent by hand, by mail and text message unless it has other steps."""
    steps = steps or (Step("greet", ("email", "sms"), "greeting"),)
    schedule = Schedule(ScheduleKind.MANUAL)
    return Campaign(
        name, name, "mei@example.com", "greetings", Selection(), schedule, steps,
        cadence=caps, priority=priority,
    )  # fmt: skip


def touch(conn: Connection, id_: int, name: str, at: datetime, channel: str = "email", **more: object) -> None:  # fmt: skip
    """What went to a customer at an instant."""
    run = make_run(conn, name, occurrence_at=at)
    make_delivery(conn, id_, run_id=run, at=at, channel=channel, **more)


def left_out(conn: Connection, id_: int, at: datetime, channel: str = "email", **more: object) -> None:  # fmt: skip
    """The message that cadence left out when it was planned."""
    run = make_run(conn, "late", occurrence_at=at)
    given = {"reason": "capped", "channel": channel} | more
    make_delivery(conn, id_, "skipped", run_id=run, at=at, **given)


def by(conn: Connection, since: Since, of: Campaign, rules: Company) -> dict[str, int]:
    """By whom, how many."""
    found = starved(conn, since, {"late": of}, rules)
    assert all(each.campaign == "late" for each in found)
    return {each.by: each.customers for each in found}


def test_a_week_of_the_calendar_begins_on_monday(conn: Connection) -> None:
    """On Tuesday the 7th the message of Sunday is of another week; in New York it is Sunday still."""
    since = begin(conn, START)
    berlin = make_customer(conn, "a")
    york = make_customer(conn, "b", timezone="America/New_York", country="US")
    for id_ in (berlin, york):
        touch(conn, id_, "sunday", on(5))
        touch(conn, id_, "monday", on(6, 2))  # Monday in Berlin
        left_out(conn, id_, on(7, 2) if id_ == berlin else on(6, 3))

    found = by(conn, since, campaign("late"), company(Cap(1, WEEK)))

    assert found == {"monday": 2, "sunday": 1}


def test_rolling_days_are_the_customers_own_dates(conn: Connection) -> None:
    """The 10th counts from the 4th on: 23:00 in Berlin on the 3rd is outside, 00:30 on the 4th inside."""
    since = begin(conn, START)
    id_ = make_customer(conn, "a")
    touch(conn, id_, "outside", on(3, 21))
    touch(conn, id_, "inside", on(3, 22) + timedelta(minutes=30))
    left_out(conn, id_, on(10))

    assert by(conn, since, campaign("late"), company(Cap(1, SEVEN))) == {"inside": 1}


def test_of_several_limits_only_what_fills_a_full_one_is_named(conn: Connection) -> None:
    """By text one of one: two of three over all channels stop nobody, nor does a mail a text."""
    since = begin(conn, START)
    id_ = make_customer(conn, "a")
    touch(conn, id_, "news", on(5))
    touch(conn, id_, "texts", on(6), "sms")
    left_out(conn, id_, on(7), "sms")
    caps = (Cap(3, SEVEN), Cap(1, SEVEN, channel="sms"), Cap(1, SEVEN, topic="greetings"))

    by_channel = by(conn, since, campaign("late"), company(*caps[:2]))
    by_topic = by(conn, since, campaign("late"), company(*caps))

    assert by_channel == {"texts": 1}
    assert by_topic == {"texts": 1, "news": 1}


def test_a_later_message_of_a_journey_has_the_limits_of_its_own_channels(conn: Connection) -> None:
    since = begin(conn, START)
    id_ = make_customer(conn, "a")
    touch(conn, id_, "texts", on(6), "sms")
    touch(conn, id_, "news", on(6))
    left_out(conn, id_, on(7), "sms", step="call")
    of = campaign("late", Step("greet", ("email",), "greeting"), Step("call", ("sms",), "call"))

    assert by(conn, since, of, company(Cap(1, SEVEN, channel="sms"))) == {"texts": 1}


def test_what_came_after_the_decision_did_not_fill_the_limit(conn: Connection) -> None:
    """Its own limit is one a week; another topic's message goes later, at that look or after it."""
    since = begin(conn, START)
    id_ = make_customer(conn, "a")
    touch(conn, id_, "before", on(6))
    left_out(conn, id_, on(7))
    touch(conn, id_, "beside", on(7))
    touch(conn, id_, "after", on(7, 9))

    found = by(conn, since, campaign("late", caps=(Cap(1, SEVEN),)), company(Cap(4, SEVEN)))

    assert found == {"before": 1}


@pytest.mark.parametrize(("priority", "told"), [(60, {"above": 1}), (40, {})])
def test_a_place_is_reserved_by_who_comes_later_and_stands_before(
    conn: Connection, priority: int, told: dict[str, int]
) -> None:
    """Whoever stands behind reserves nothing; its touch came after."""
    since = begin(conn, START)
    id_ = make_customer(conn, "a")
    left_out(conn, id_, on(7), reason="reserved")
    touch(conn, id_, "above", on(9), priority=priority)

    assert by(conn, since, campaign("late"), company(Cap(1, SEVEN))) == told


def test_what_went_to_a_shared_address_fills_the_limits_of_all_who_read_it(
    conn: Connection,
) -> None:
    """The text to the other's own number is nobody else's."""
    since = begin(conn, START)
    one, other = (
        make_customer(conn, key, email="we@example.com", phone=phone)
        for key, phone in (("a", "+491"), ("b", "+492"))
    )
    conn.execute(update(customers).values(shares=True))
    touch(conn, other, "theirs", on(6), address="we@example.com")
    touch(conn, other, "text", on(6), "sms", address="+492")
    left_out(conn, one, on(7))

    assert by(conn, since, campaign("late"), company(Cap(1, SEVEN))) == {"theirs": 1, "text": 1}
    assert by(conn, since, campaign("late"), company(Cap(1, SEVEN, channel="sms"))) == {}


def test_each_customer_is_counted_once_for_each_campaign(conn: Connection) -> None:
    since = begin(conn, START)
    first, second = make_customer(conn, "a"), make_customer(conn, "b")
    for id_ in (first, second):
        touch(conn, id_, "early", on(6))
        left_out(conn, id_, on(7))
        left_out(conn, id_, on(8))
    touch(conn, first, "service", on(6), topic="service")

    found = starved(conn, since, {"late": campaign("late")}, company(Cap(1, SEVEN)))

    assert found == [Starved("late", "early", 2)]
