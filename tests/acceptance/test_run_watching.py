"""A scheduler that runs for months: files change under it, and some are broken for a while."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import NOW
from letterbox import people
from structlog.testing import capture_logs
from structlog.typing import EventDict

from outreach.app.context import Context, open_context
from outreach.app.running import Tick
from outreach.app.watching import WatchedProject
from outreach.errors import ProblemsFound
from outreach.store import activity, runs
from outreach.store.engine import reading
from outreach.store.revisions import company_digest

GREETING = "campaigns/weekly-greeting.yaml"


@pytest.fixture
def context(project: Path) -> Iterator[Context]:
    """The sample project with its clock at NOW."""
    made = open_context(project, NOW)
    yield made
    made.close()


def change(context: Context, file: str, old: str, new: str) -> None:
    path = context.project / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def warnings(logs: list[EventDict]) -> list[EventDict]:
    """Without what a slow machine's database says of itself."""
    return [each for each in logs if each["log_level"] != "info"]


def priorities(watched: WatchedProject) -> dict[str, int]:
    return {each.campaign.name: each.campaign.priority for each in watched.candidates}


def test_a_changed_campaign_is_taken_and_a_broken_one_keeps_its_last_good_files(
    context: Context,
) -> None:
    watched = WatchedProject(context)
    change(context, GREETING, "priority: 40", "priority: 41")
    change(context, "campaigns/win-back.yaml", "priority: 60", "priority: 61")
    assert watched.look()

    change(context, GREETING, "priority: 41", "priority: many")
    change(context, "campaigns/win-back.yaml", "priority: 61", "priority: 62")
    with capture_logs() as logs:
        assert watched.look()
        assert not watched.look()

    found = priorities(watched)
    assert (found["weekly-greeting"], found["win-back"]) == (41, 62)
    assert [each["campaign"] for each in warnings(logs)] == ["weekly-greeting"]


def test_a_campaign_whose_template_breaks_keeps_its_last_good_files(context: Context) -> None:
    watched = WatchedProject(context)
    before = watched.candidates
    change(context, "templates/win-back/subject.txt", "", "{{ ")

    with capture_logs() as logs:
        watched.look()

    assert watched.candidates == before
    assert [each["campaign"] for each in warnings(logs)] == ["win-back", "win-back"]


def test_a_scheduler_that_is_started_anew_finds_a_broken_campaigns_last_good_files(
    context: Context,
) -> None:
    Tick(context)()
    change(context, GREETING, "priority: 40", "priority: many")
    never = context.project / "campaigns/never.yaml"
    never.write_text("title: [", "utf-8")

    with capture_logs() as logs:
        anew = WatchedProject(open_context(context.project, NOW))

    assert priorities(anew)["weekly-greeting"] == 40
    assert "never" not in priorities(anew)
    assert {each["campaign"]: each["meanwhile"] for each in warnings(logs)} == {
        "never": "nothing",
        "weekly-greeting": "its last good files",
    }


def test_broken_rules_of_the_company_leave_those_before_in_force(context: Context) -> None:
    watched = WatchedProject(context)
    before = watched.context
    change(context, "outreach.yaml", "control_group: 1%", "control_group: few")

    with capture_logs() as logs:
        assert not watched.look()

    assert watched.context is before
    (told,) = warnings(logs)
    assert "control_group" in told["why"] or "outreach.yaml" in told["why"]
    with pytest.raises(ProblemsFound):
        WatchedProject(open_context(context.project))


def test_a_tick_puts_changed_rules_in_force(context: Context) -> None:
    tick = Tick(context)
    tick()
    with reading(context.engine) as conn:
        before = company_digest(conn)
    change(context, "outreach.yaml", "control_group: 1%", "control_group: 2%")
    tick()

    with reading(context.engine) as conn:
        assert company_digest(conn) != before


def test_a_campaign_whose_file_is_gone_is_active_no_more(context: Context) -> None:
    tick = Tick(context)
    tick()
    (context.project / GREETING).unlink()
    tick()

    with reading(context.engine) as conn:
        known = activity.activities(conn)
    assert known["weekly-greeting"].active_since is None
    assert known["win-back"].active_since is not None


def test_a_run_that_can_not_be_planned_is_held_and_others_go_on(context: Context) -> None:
    tick = Tick(context)
    change(context, "outreach.yaml", "  greetings:\n", "  hellos:\n")
    with capture_logs() as logs:
        tick()

    with reading(context.engine) as conn:
        found = {run.campaign: run for run in runs.latest_runs(conn, 10)}
    assert found["weekly-greeting"].state == "held"
    assert "`greetings`" in (found["weekly-greeting"].reason or "")
    assert found["win-back"].state == "planning"
    assert "run is held" in [each["event"] for each in logs]


def test_a_tick_that_finds_nothing_new_does_nothing(context: Context) -> None:
    tick = Tick(context)
    while tick():
        pass

    assert not tick()


def test_stages_are_refreshed_once_a_day(project: Path) -> None:
    people(project, 1, ordered=False)
    context = open_context(project, NOW)
    tick = Tick(context)
    with capture_logs() as first:
        tick()
    with capture_logs() as second:
        tick()
    context.close()

    assert "stages are refreshed" in [each["event"] for each in first]
    assert "stages are refreshed" not in [each["event"] for each in second]
