"""A journey from several sides: reports, changed files, sending by hand, leaving, stopped runs."""

import shutil
from datetime import datetime
from pathlib import Path

import pytest
from journeying import HEAD, a_way
from sqlalchemy import Engine

from outreach.store.engine import writing
from outreach.store.tables import enrolments

A, B, C = (f"{{id: {name}, channels: email, template: note}}" for name in ("a", "b", "c"))
ON_ORDER = "schedule: {on_event: order}\n"
NINE = "2026-07-01T09:00"


def test_report_tells_who_is_where_and_who_reached_the_goal(tmp_path: Path, engine: Engine) -> None:
    """Ann buys again within the goal's week, and comes in twice; bob, who came in too, after it."""
    goal = "goal: {when: \"count('order', since=entered_at) > 0\", within: 7 days}\n"
    leave = "exit: count('refund', since=entered_at) > 0\n"
    arms = "experiment: {variants: {plain: 1, warm: 1}}\n"
    steps = f"steps: [{A}, {{wait: 30 days}}, {B.replace('note', 'more')}]\n"
    way = a_way(tmp_path, engine, f"{ON_ORDER}{steps.replace('more', 'note')}")
    templates = way.project / "templates"
    shutil.copytree(templates / "note", templates / "more")
    (templates / "note/warm").mkdir()
    (templates / "note/warm/subject.txt").write_text("Warm")  # the later step is the same for all
    way.campaign(f"{ON_ORDER}{goal}{leave}{arms}{steps}")
    way.events(NINE, f"ann,order,{NINE}", f"bob,order,{NINE}")
    way.run(NINE)
    way.events("2026-07-04T09:00", "ann,order,2026-07-04T09:00", "bob,refund,2026-07-04T09:00")
    way.events("2026-07-09T09:00", "bob,order,2026-07-08T09:01")
    way.run("2026-07-09T09:00")

    said = way.call("2026-07-09T10:00", "report", "way", "--json").json
    told = way.call("2026-07-09T10:00", "report", "way").out

    assert said["journey"] == {
        "entered": 3, "under_way": 2, "finished": 0, "exited": 1, "erased": 0, "stopped": 0,
    }  # fmt: skip
    assert said["goal"]["reached"] == {"customers": 2, "reached": 1}
    assert "Goal, within 7 days\nreached  1 of 2 (50.0%)\n" in told
    shares = said["goal"]["arms"]
    assert (sum(each["of"] for each in shares.values())) == 2
    assert (sum(each["reached"] for each in shares.values())) == 1
    assert list(said["steps"]) == ["a"]
    assert told.count("with 95 % intervals") == 1  # step a is all that went out
    way.run("2026-07-31T10:00")
    told = way.call("2026-07-31T11:00", "report", "way").out
    assert "Variants of step a, with 95 % intervals" in told


def test_who_is_under_way_goes_on_by_their_own_version_of_the_file(
    tmp_path: Path, engine: Engine
) -> None:
    way = a_way(tmp_path, engine, f"{ON_ORDER}steps: [{A}, {{wait: 1 day}}, {B}]\n")
    way.events(NINE, f"ann,order,{NINE}")
    way.run(NINE)

    way.campaign(f"{ON_ORDER}steps: [{A}, {{wait: 1 day}}, {C}]\n")
    way.run("2026-07-02T09:00")

    assert way.messages() == ["a", "b"]


def test_migrate_here_takes_them_along(tmp_path: Path, engine: Engine) -> None:
    way = a_way(tmp_path, engine, f"{ON_ORDER}steps: [{A}, {{wait: 1 day}}, {B}]\n")
    way.events(NINE, f"ann,order,{NINE}")
    way.run(NINE)

    way.campaign(f"{ON_ORDER}migrate: here\nsteps: [{A}, {{wait: 1 day}}, {C}]\n")
    way.run("2026-07-02T08:00", "2026-07-02T09:00")

    assert way.messages() == ["a", "c"]


@pytest.mark.parametrize(
    ("now", "messages"),
    [
        (f"[{A}, {{wait: 1 day}}, {C}]", ["a", "b exited", "c"]),
        (f"[{A}]", ["a", "b exited"]),
        (f"[{C}]", ["a", "b exited"]),
    ],
)
def test_a_message_that_waits_goes_no_more_once_its_step_is_gone(
    tmp_path: Path, engine: Engine, now: str, messages: list[str]
) -> None:
    window = 'schedule: {on_event: order, window: "09:00-18:00"}\n'
    way = a_way(tmp_path, engine, f"{window}steps: [{A}, {{wait: 10 hours}}, {B}]\n")
    way.events(NINE, f"ann,order,{NINE}")
    way.run(NINE, "2026-07-01T19:00")
    waiting = way.messages()

    way.campaign(f"{window}migrate: here\nsteps: {now}\n")
    way.run("2026-07-01T20:00", "2026-07-02T09:00", "2026-07-02T20:00", "2026-07-03T09:00")

    assert (waiting, way.messages()) == (["a", "b outside_window"], messages)


def test_by_hand_everyone_comes_in_and_the_steps_follow(tmp_path: Path, engine: Engine) -> None:
    way = a_way(
        tmp_path, engine, f"schedule: {{manual: true}}\nsteps: [{A}, {{wait: 1 day}}, {B}]\n"
    )

    sent = way.call(NINE, "send", "way", "--yes", "--to", "ann", "--json").json
    way.run(NINE, "2026-07-02T09:00")

    assert (sent["send"], way.messages("ann"), way.messages("bob")) == (1, ["a", "b"], [])


def test_who_leaves_frees_the_message_that_waits_at_once(tmp_path: Path, engine: Engine) -> None:
    window = 'schedule: {on_event: order, window: "18:00-20:00"}\n'
    leave = "exit: count('refund', since=entered_at) > 0\n"
    way = a_way(tmp_path, engine, f"{window}{leave}steps: [{A}]\n")
    way.events(NINE, f"ann,order,{NINE}")
    way.run(NINE)
    waiting = way.messages()

    way.events("2026-07-01T10:00", "ann,refund,2026-07-01T10:00")
    way.run("2026-07-01T10:00")

    assert (waiting, way.messages(), way.ways()) == (["a outside_window"], ["a exited"], ["exited"])


def test_who_left_at_the_instant_of_the_message_gets_it_no_more(
    tmp_path: Path, engine: Engine
) -> None:
    """As where a worker had it in its hands as they left, and gave it back."""
    window = 'schedule: {on_event: order, window: "18:00-20:00"}\n'
    way = a_way(tmp_path, engine, f"{window}steps: [{A}]\n")
    way.events(NINE, f"ann,order,{NINE}")
    way.run(NINE)
    opens_at = datetime.fromisoformat("2026-07-01T18:00+02:00")
    with writing(engine) as conn:
        left = {"ended_at": opens_at, "ended_as": "exited", "next_at": None}
        conn.execute(enrolments.update().values(left))

    way.run("2026-07-01T18:00")

    assert way.messages() == ["a exited"]


def test_explain_of_a_run_tells_when_who_left_was_left_out(tmp_path: Path, engine: Engine) -> None:
    window = 'schedule: {on_event: order, window: "18:00-20:00"}\n'
    leave = "exit: count('refund', since=entered_at) > 0\n"
    way = a_way(tmp_path, engine, f"{window}{leave}steps: [{A}]\n")
    way.events(NINE, f"ann,order,{NINE}")
    way.run(NINE)
    way.events("2026-07-01T10:00", "ann,refund,2026-07-01T10:00")
    way.run("2026-07-01T10:00")

    said = way.call("2026-07-01T11:00", "explain", "way", "ann", "--run", 1)

    assert said.code == 0, said.err
    assert "left out when a worker came to it at 2026-07-01 10:00" in said.out


def test_a_step_whose_run_was_cancelled_goes_on_to_the_next(tmp_path: Path, engine: Engine) -> None:
    window = 'schedule: {on_event: order, window: "18:00-20:00"}\n'
    way = a_way(tmp_path, engine, f"{window}steps: [{A}, {B}]\n")
    way.events(NINE, f"ann,order,{NINE}")
    way.run(NINE)

    assert way.call("2026-07-01T12:00", "runs", "cancel", 1).code == 0
    way.run("2026-07-01T18:30")

    assert way.messages() == ["a outside_window", "b"]


def test_the_wait_behind_a_step_whose_run_was_cancelled_runs_from_when_it_was_to_go(
    tmp_path: Path, engine: Engine
) -> None:
    window = 'schedule: {on_event: order, window: "18:00-20:00"}\n'
    way = a_way(tmp_path, engine, f"{window}steps: [{A}, {{wait: 1 day}}, {B}]\n")
    way.events(NINE, f"ann,order,{NINE}")
    way.run(NINE)

    assert way.call("2026-07-01T12:00", "runs", "cancel", 1).code == 0
    way.run("2026-07-02T17:59", "2026-07-02T18:00")

    assert way.messages_at() == ["a 2026-07-01T09:00 outside_window", "b 2026-07-02T18:00"]


def test_who_is_erased_is_in_no_journey_any_more(tmp_path: Path, engine: Engine) -> None:
    way = a_way(tmp_path, engine, f"{ON_ORDER}steps: [{A}, {{wait: 1 day}}, {B}]\n")
    way.events(NINE, f"ann,order,{NINE}")
    way.run(NINE)

    assert way.call("2026-07-01T12:00", "customers", "forget", "--yes", "ann").code == 0
    way.run("2026-07-02T09:00")

    with engine.connect() as conn:
        assert conn.exec_driver_sql("SELECT ended_as FROM enrolments").scalars().all() == ["erased"]


def test_explain_of_a_run_tells_how_it_was_decided(tmp_path: Path, engine: Engine) -> None:
    way = a_way(tmp_path, engine, f"{ON_ORDER}steps: [{A}, {{id: b, channels: email, template: note, "
                "when: tier == 'B'}]\n", HEAD)  # fmt: skip
    way.events(NINE, f"ann,order,{NINE}")
    way.run(NINE, "2026-07-01T09:01")

    first = way.call("2026-07-01T10:00", "explain", "way", "ann", "--run", 1, "--json").json
    second = way.call("2026-07-01T10:00", "explain", "way", "ann", "--run", 2, "--json").json

    assert (first["decision"], first["state"]) == ("send", "sent")
    assert (second["decision"], second["reason"]) == ("skip", "when_false")


def test_explain_of_a_run_says_which_part_of_the_way_left_a_message_out(
    tmp_path: Path, engine: Engine
) -> None:
    """Two customers are under way: the answer is of the one who is asked about."""
    way = a_way(
        tmp_path,
        engine,
        "schedule: {on_event: order}\nsteps:\n"
        "- wait: {id: patience, until: \"count('visit', since=entered_at) > 0\", at_most: 1 day}\n"
        "- {id: note, channels: email, template: note, when: not timed_out('patience')}\n",
    )
    for key in ("ann", "bob"):
        way.events("2026-07-01T09:00", f"{key},order,2026-07-01T09:00,")
    way.run("2026-07-01T09:00", "2026-07-02T09:00")

    said = way.call("2026-07-02T10:00", "explain", "way", "ann", "--run", 1, "--json").json

    assert said["reason"] == "when_false"
    assert [each["detail"] for each in said["rules"] if not each["passed"]] == [
        "when: false (timed_out('patience') = yes)"
    ]
