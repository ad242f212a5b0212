"""What messages cost: by the country of the number, not of its owner."""

from decimal import Decimal
from pathlib import Path

import pytest
from commands import sample_project
from makers import NOW, make_customer, make_delivery
from sqlalchemy import Engine, select, update

from outreach.app.context import open_context
from outreach.app.cost import SAMPLE
from outreach.app.planning import plan_campaign
from outreach.imports import import_customers
from outreach.reports.accepted import Destination, destinations
from outreach.store.tables import customers

KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
PEOPLE = """\
key,phone,country,timezone
at-home,+12025550143,US,America/New_York
abroad,+12025550144,DE,Europe/Berlin
neighbour,+14165550143,US,America/Toronto
island,+18765550143,US,America/Jamaica
german,+4915112345678,US,America/New_York
"""
PRICES = "price: {default: 1, US: 10, CA: 100}"


@pytest.fixture
def project(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sample with prices that tell how many went where, on either database."""
    monkeypatch.setenv("OUTREACH_DATABASE_URL", database_url)
    monkeypatch.setenv("OUTREACH_SECRET_KEY", KEY)
    folder = sample_project(tmp_path / "project")
    rules = folder / "outreach.yaml"
    lines = rules.read_text().splitlines()
    told = [f"    {PRICES}" if line.startswith("    price:") else line for line in lines]
    rules.write_text("\n".join(told))
    (folder / "c.csv").write_text(PEOPLE)
    return folder


def test_a_plan_prices_each_text_by_the_country_of_its_number(project: Path) -> None:
    context = open_context(project, NOW.isoformat())
    import_customers(context.engine, project / "c.csv", context.company(), NOW)

    found = plan_campaign(context, "service-notice")

    context.close()
    assert found.segments is not None
    assert found.channels == {"sms": 5}
    assert found.cost.total == (2 * 10 + 100 + 2 * 1) * found.segments.average


def test_a_number_that_changes_takes_its_new_country(project: Path) -> None:
    context = open_context(project, NOW.isoformat())
    import_customers(context.engine, project / "c.csv", context.company(), NOW)
    path = project / "d.csv"
    path.write_text("key,phone\nat-home,+4915112345679\n")
    again = import_customers(context.engine, project / "c.csv", context.company(), NOW)
    import_customers(context.engine, path, context.company(), NOW)

    with context.engine.connect() as conn:
        stored = conn.execute(select(customers.c.key, customers.c.phone_region)).all()

    context.close()
    assert (again.updated, again.unchanged) == (0, 5)
    assert dict(map(tuple, stored)) == {
        "at-home": "DE", "abroad": "US", "neighbour": "CA", "island": "JM", "german": "DE",
    }  # fmt: skip


def test_held_messages_are_priced_and_dated_in_the_same_pass(project: Path) -> None:
    context = open_context(project, "2026-07-03T05:00+00:00")  # 1:00 in New York, 7:00 in Berlin
    import_customers(context.engine, project / "c.csv", context.company(), NOW)

    found = plan_campaign(context, "service-notice")

    context.close()
    assert found.segments is not None
    assert (found.send, found.hold) == (0, 5)
    assert found.cost.total == Decimal(122) * found.segments.average
    assert found.held_until is not None
    first, last = (each.isoformat() for each in found.held_until)
    assert (first, last) == ("2026-07-03T02:00:00-04:00", "2026-07-03T09:00:00-04:00")


def test_texts_are_rendered_for_the_same_customers_on_each_database(project: Path) -> None:
    (project / "templates/service-notice/sms.txt").write_text("{{ city }} STOP to opt out")
    rows = [f"{n},+1202555{1000 + n},US,{('Rome', 'Rome ' * 40)[n < SAMPLE]}" for n in range(120)]
    (project / "c.csv").write_text("\n".join(["key,phone,country,city", *rows]))
    context = open_context(project, NOW.isoformat())
    import_customers(context.engine, project / "c.csv", context.company(), NOW)
    with context.engine.begin() as conn:  # PostgreSQL then finds the first ones last
        conn.execute(update(customers).where(customers.c.id <= SAMPLE).values(tier="A"))

    found = plan_campaign(context, "service-notice").segments

    context.close()
    assert found is not None
    assert (found.messages, found.average) == (SAMPLE, 2)


def test_a_report_goes_by_the_number_that_was_written_to(engine: Engine) -> None:
    with engine.begin() as conn:
        kept = make_customer(conn, "kept", phone="+14165550143", phone_region="CA", country="US")
        new = make_customer(conn, "new", phone="+4915112345678", phone_region="DE", country="DE")
        bare = make_customer(conn, "bare", phone="+12025550143", country="AT")
        for id_, number in ((kept, "+14165550143"), (new, "+18765550143"), (bare, "+12025550143")):
            make_delivery(conn, id_, "sent", channel="sms", address=number)
        make_delivery(conn, kept, "sent", channel="email", address="a@example.com")

        found = destinations(conn, ["email", "sms"])

    of = "friday-greeting"
    assert sorted(found, key=repr) == [
        Destination("email", "US", 1, of),
        Destination("sms", "AT", 1, of),
        Destination("sms", "CA", 1, of),
        Destination("sms", "JM", 1, of),
    ]


def test_closely_texts_are_rendered_from_all_over_the_base(project: Path) -> None:
    (project / "templates/service-notice/sms.txt").write_text("{{ city }} STOP to opt out")
    rows = [f"{n},+1202555{1000 + n},US,{('Rome', 'Rome ' * 40)[n >= 1400]}" for n in range(2800)]
    (project / "c.csv").write_text("\n".join(["key,phone,country,city", *rows]))
    context = open_context(project, NOW.isoformat())
    import_customers(context.engine, project / "c.csv", context.company(), NOW)

    first = plan_campaign(context, "service-notice").segments
    closely = plan_campaign(context, "service-notice", closely=True).segments

    context.close()
    assert first is not None
    assert closely is not None
    assert (first.messages, first.average) == (SAMPLE, 1)
    assert first.error == Decimal("0.06")  # 3 of 50 may take one more, and none was among them
    assert (closely.messages, closely.average) == (20 * SAMPLE, Decimal("1.5"))
    assert 0 < closely.error < Decimal("0.05")
