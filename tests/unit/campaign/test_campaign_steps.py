"""Several steps in a file: how they lie on a customer's way, and what is refused of them."""

import pytest

from outreach.campaign.load import load_campaign
from outreach.campaign.model import Branch, Campaign, OnEvent, ScheduleKind, Step, Wait
from outreach.campaign.triggers import Idle, OnStage, Reentry, ReentryKind
from outreach.planning.migrating import places_in
from outreach.settings.company import Brand, Company, Topic

HEAD = "owner: mei\ntopic: service\naudience: everyone\n"
COMPANY = Company(brand=Brand(name="Acme"), topics={"service": Topic()})
MANUAL = "schedule: {manual: true}\n"
A, B, C = (f"{{id: {name}, channels: email, template: t}}" for name in "abc")


def load(text: str) -> tuple[Campaign | None, list[str]]:
    found, problems = load_campaign("way", "campaigns/way.yaml", (HEAD + text).encode(), COMPANY)
    return found, [str(each).partition("way.yaml:")[2] for each in problems]


def campaign(text: str) -> Campaign:
    found, problems = load(text)
    assert found is not None, problems
    return found


def shape(found: Campaign) -> list[str]:
    """Each stop with where it leads."""
    told = []
    for stop in found.stops:
        match stop.what:
            case Step(id=name) | Wait(id=name):
                told.append(f"{name}>{stop.then}")
            case Branch(ways=ways):
                told.append(f"branch {'|'.join(str(way.to) for way in ways)}>{stop.then}")
    return told


def test_one_step_is_no_journey() -> None:
    found = campaign(f"{MANUAL}steps: [{A}]\n")

    assert (shape(found), found.path, found.is_journey) == (["a>1"], (), False)


def test_branches_lead_to_their_ways_and_these_behind_the_branch() -> None:
    steps = f"[{A}, {{branch: [{{when: orders > 1, steps: [{B}]}}, {{otherwise: [{C}]}}]}}, {{wait: 1 day}}]"
    found = campaign(f"{MANUAL}steps: {steps}\n")

    assert shape(found) == ["a>1", "branch 2|3>4", "b>4", "c>4", "wait in line 5>5"]
    assert ([step.id for step in found.steps], found.is_journey) == (["a", "b", "c"], True)


def test_each_message_sees_the_campaign_as_its_own() -> None:
    found = campaign(f"{MANUAL}steps: [{A}, {B}]\n")

    assert [step.id for step in found.at_step("b").steps] == ["b"]
    assert [step.id for step in found.at_step(None).steps] == ["a"]


@pytest.mark.parametrize(
    ("schedule", "kind", "of"),
    [
        ("on_event: order", ScheduleKind.ON_EVENT, OnEvent("order")),
        ("on_stage: {enter: decline}", ScheduleKind.ON_STAGE, OnStage(("decline",))),
        ("on_stage: {leave: [a, b]}", ScheduleKind.ON_STAGE, OnStage((), ("a", "b"))),
    ],
)
def test_what_starts_it_for_each_customer(schedule: str, kind: ScheduleKind, of: object) -> None:
    found = campaign(f"schedule: {{{schedule}}}\nsteps: [{A}]\n").schedule

    assert (found.kind, found.on_event or found.on_stage) == (kind, of)
    assert found.is_triggered


def test_idle_with_a_backlog_lets_them_in_again_after_30_days_unless_it_says_otherwise() -> None:
    idle = "schedule: {idle: {since: last_contact_at, for: 30 days}, backlog: 200 a day}\n"
    usual, never = (
        campaign(f"{idle}steps: [{A}]\n"),
        campaign(f"{idle}reentry: never\nsteps: [{A}]\n"),
    )

    assert isinstance(usual.schedule.idle, Idle)
    assert (usual.schedule.idle.span.days, usual.schedule.backlog) == (30, 200)
    assert (usual.reentry.kind, usual.reentry.span.days) == (ReentryKind.AFTER, 30)
    assert never.reentry == Reentry(ReentryKind.NEVER)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{MANUAL}steps: [{A}, {A}]", "5:53: `a` is the name of an earlier step already; give each "
         "a name of its own"),
        (f"{MANUAL}steps: [{{wait: 3 days}}]", "5:1: no step is a message; write one with `id`, "
         "`channels` and `template`"),
        (f"{MANUAL}steps: [{A}, {{wait: three days}}]", "5:55: `three days` is no span; write `3 days`"),
        (f"{MANUAL}steps: [{A}, {{wait: 1 month}}]", "5:55: `1 month` is no span; write `30 days`"),
        (f"{MANUAL}steps: [{A}, {{wait: monday at 10:00}}]", "5:55: a time of the clock is `until`; "
         "write `wait: {until: monday at 10:00}`"),
        (f"{MANUAL}steps: [{A}, {{wait: {{until: orders > 1}}}}]", "5:49: how long at most it waits is "
         "not said; write for example `at_most: 5 days`"),
        (f"{MANUAL}steps: [{A}, {{branch: []}}]", "5:57: `branch` has nothing in it; write at least "
         "one way"),
        (f"schedule: {{on_stage: decline}}\nsteps: [{A}]", "4:22: whether the stage is entered or left "
         "is not said; write `{enter: decline}` or `{leave: decline}`"),
        (f"schedule: {{idle: 30 days}}\nsteps: [{A}]", "4:18: since when is not said; write `idle: "
         "{since: last_contact_at, for: 30 days}`"),
        (f"schedule: {{on_event: order, backlog: 5 a day}}\nsteps: [{A}]", "4:29: `backlog` is of "
         "`idle` and `on_stage: {enter: …}`; take it out"),
        (f"{MANUAL}reentry: 30 days\nsteps: [{A}]", "5:10: `30 days` does not say when again; write "
         "`after 30 days`"),
    ],
)  # fmt: skip
def test_what_can_not_be_is_refused_at_its_place(text: str, line: str) -> None:
    assert load(text)[1] == [line]


def test_who_is_under_way_finds_their_step_in_another_version_of_the_file() -> None:
    """`b` is gone: who is there goes on behind `a`, at the new wait."""
    old = campaign(f"{MANUAL}steps: [{A}, {{wait: 1 day}}, {B}, {C}]\n").stops
    new = campaign(f"{MANUAL}steps: [{A}, {{wait: 2 days}}, {C}]\n").stops

    assert places_in(old, new) == [(0, True), (1, True), (2, False), (2, True)]
