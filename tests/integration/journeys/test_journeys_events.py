"""Campaigns that start when something happens to a customer, on both databases."""

from pathlib import Path

from journeying import a_way
from sqlalchemy import Engine

STEPS = "steps: [{id: note, channels: email, template: note}]\n"
ORDER = f"schedule: {{on_event: order}}\n{STEPS}"


def test_an_event_starts_it_once_and_only_for_whom_it_happened_to(
    tmp_path: Path, engine: Engine
) -> None:
    way = a_way(tmp_path, engine, ORDER)

    way.events("2026-07-01T09:00", "ann,order,2026-07-01T09:00")
    way.run("2026-07-01T09:00", "2026-07-01T09:01")

    assert (way.messages("ann"), way.messages("bob")) == (["note"], [])
    assert way.ways("ann") == ["finished"]


def test_what_was_there_before_starts_nothing(tmp_path: Path, engine: Engine) -> None:
    """Ordered before the campaign was active; recorded more than `late` after it happened."""
    way = a_way(tmp_path, engine, ORDER)

    way.events("2026-07-03T12:00", "ann,order,2026-07-01T07:59", "bob,order,2026-07-02T11:59")
    way.run("2026-07-03T12:00")

    assert (way.messages("ann"), way.messages("bob")) == ([], [])


def test_an_event_within_late_is_in_time(tmp_path: Path, engine: Engine) -> None:
    way = a_way(tmp_path, engine, ORDER)

    way.events("2026-07-03T12:00", "ann,order,2026-07-02T12:00")
    way.run("2026-07-03T12:00")

    assert way.messages() == ["note"]


def test_where_asks_for_the_event_and_after_puts_it_off(tmp_path: Path, engine: Engine) -> None:
    trigger = "schedule: {on_event: {kind: order, where: event.amount > 100, after: 2 hours}}\n"
    way = a_way(tmp_path, engine, trigger + STEPS)

    way.events(
        "2026-07-01T09:00", "ann,order,2026-07-01T09:00,120", "bob,order,2026-07-01T09:00,80"
    )
    way.run("2026-07-01T10:59")
    before = way.messages("ann")
    way.run("2026-07-01T11:00")

    assert (before, way.messages("ann"), way.messages("bob")) == ([], ["note"], [])


def test_an_event_dated_ahead_starts_it_in_its_time(tmp_path: Path, engine: Engine) -> None:
    way = a_way(tmp_path, engine, ORDER)

    way.events("2026-07-01T09:00", "ann,order,2026-07-01T15:00")
    way.run("2026-07-01T09:00", "2026-07-01T14:59")
    before = way.messages()
    way.run("2026-07-01T15:00", "2026-07-01T15:01")

    assert (before, way.messages()) == ([], ["note"])


def test_whom_the_audience_does_not_pick_does_not_come_in(tmp_path: Path, engine: Engine) -> None:
    way = a_way(tmp_path, engine, ORDER, head="title: A\nowner: mei@example.com\ntopic: greetings\n"
                "status: active\naudience: {tier: B}\n")  # fmt: skip

    way.events("2026-07-01T09:00", "ann,order,2026-07-01T09:00", "bob,order,2026-07-01T09:00")
    way.run("2026-07-01T09:00")

    assert (way.messages("ann"), way.messages("bob")) == ([], ["note"])


def test_each_order_brings_it_again_but_never_twice_at_once(tmp_path: Path, engine: Engine) -> None:
    """The second comes while the first is put off; the third, two hours later, within the hour."""
    way = a_way(tmp_path, engine, "schedule: {on_event: {kind: order, after: 1 hour}}\n" + STEPS)

    way.events("2026-07-01T09:00", "ann,order,2026-07-01T09:00", "ann,order,2026-07-01T09:10")
    way.run("2026-07-01T09:10", "2026-07-01T10:10")
    way.events("2026-07-01T10:15", "ann,order,2026-07-01T10:15")
    way.run("2026-07-01T10:15", "2026-07-01T11:09", "2026-07-01T11:15")

    assert way.messages() == ["note", "note"]


def test_two_messages_to_one_customer_within_the_hour_are_two(
    tmp_path: Path, engine: Engine
) -> None:
    way = a_way(tmp_path, engine, ORDER)

    way.events("2026-07-01T09:00", "ann,order,2026-07-01T09:00")
    way.run("2026-07-01T09:00", "2026-07-01T09:01")
    way.events("2026-07-01T09:20", "ann,order,2026-07-01T09:20")
    way.run("2026-07-01T09:20")

    assert way.messages() == ["note", "note"]


def test_reentry_lets_nobody_in_again_before_its_span(tmp_path: Path, engine: Engine) -> None:
    way = a_way(tmp_path, engine, f"reentry: after 7 days\n{ORDER}")

    for day in ("01", "05", "08"):
        way.events(f"2026-07-{day}T09:00", f"ann,order,2026-07-{day}T09:00")
        way.run(f"2026-07-{day}T09:00", f"2026-07-{day}T09:01")

    assert way.messages() == ["note", "note"]


def test_a_paused_campaign_lets_nobody_in_and_looks_forward_when_it_goes_on(
    tmp_path: Path, engine: Engine
) -> None:
    way = a_way(tmp_path, engine, ORDER)
    paused = (
        "title: A\nowner: mei@example.com\ntopic: greetings\nstatus: paused\naudience: everyone\n"
    )

    way.campaign(ORDER, head=paused)
    way.events("2026-07-01T09:00", "ann,order,2026-07-01T09:00")
    way.run("2026-07-01T09:00")
    way.campaign(ORDER)
    way.run("2026-07-01T10:00")

    assert way.messages() == []


def test_plan_explain_and_run_say_the_same(tmp_path: Path, engine: Engine) -> None:
    """Plan as if it came to everyone; bob withdrew, and ann is in it already."""
    way = a_way(tmp_path, engine, "schedule: {on_event: {kind: order, after: 1 day}}\n" + STEPS)
    no = (
        "consent",
        "withdraw",
        "bob",
        "--channel",
        "email",
        "--topic",
        "greetings",
        "--source",
        "x",
    )
    assert way.call("2026-07-01T08:30", *no).code == 0
    before = way.call("2026-07-01T09:00", "plan", "way", "--json").json
    way.events("2026-07-01T09:00", "ann,order,2026-07-01T09:00", "bob,order,2026-07-01T09:00")
    way.run("2026-07-01T09:00")

    then = way.call("2026-07-01T10:00", "plan", "way", "--json").json
    said = way.call("2026-07-01T10:00", "explain", "way", "ann", "--json").json
    way.run("2026-07-02T09:00")

    assert (before["audience"], before["send"], before["skip"]) == (2, 1, {"consent_withdrawn": 1})
    assert (then["send"], then["skip"], then["trigger"]) == (0, {"reentry": 2}, "on_event")
    detail = next(each["detail"] for each in said["rules"] if each["rule"] == "reentry")
    assert detail == "is in it: came in 2026-07-01 09:00+02:00, is at `note`"
    assert (way.messages("ann"), way.messages("bob")) == (["note"], ["note consent_withdrawn"])


def test_what_nobody_planned_within_late_is_expired(tmp_path: Path, engine: Engine) -> None:
    way = a_way(tmp_path, engine, ORDER)

    way.events("2026-07-01T09:00", "ann,order,2026-07-01T09:00")
    way.run("2026-07-02T09:00:01")

    assert way.messages() == ["note expired"]
