"""Campaign tests of who is under way: waits, branches, later messages, who leaves."""

import shutil
from pathlib import Path

import pytest
import yaml
from commands import ROOT, outreach_here, sample_project

CAMPAIGN = """\
owner: mei@example.com
topic: offers
status: active
audience: everyone
schedule: {on_event: {kind: signup, after: 1 hour}}
reentry: never
exit: count('order', since=entered_at) > 0
steps:
  - {id: hello, channels: [email, sms], template: way}
  - wait: 3 days
  - branch:
      - when: event.amount > 100
        steps: [{id: big, channels: email, template: way}]
      - otherwise: [{id: small, channels: sms, template: way, when: opened('hello')}]
  - wait: {id: moment, until: monday at 10:00}
  - wait: {id: patience, until: clicked('hello'), at_most: 5 days}
  - {id: more, channels: email, template: way/more, when: timed_out('patience')}
"""
GIVEN = """\
campaign: way
at: 2026-07-06T10:00
given:
  customer: {email: anna@example.com, phone: "+4915123456789", timezone: Europe/Berlin}
  consents: [email/offers, sms/offers]
  events: [{kind: signup, at: 2026-07-03T09:00, amount: 200}]
cases:
"""
SMALL = "events: [{kind: signup, at: 2026-07-03T09:00, amount: 20}]"
WAITED = "touches: [{step: hello, at: -3 days}]"
CASES = [
    ("begun by an event and not at the first message yet", "at: 2026-07-03T09:30", "{}", "{until: 2026-07-03T10:00, next: 2026-07-03T10:00}"),
    ("at the first message", "at: 2026-07-03T10:00", "{}", "{decision: send, step: hello, channel: email, text: Hello}"),
    ("in a wait without a name", "at: 2026-07-06T09:59", "{touches: [{step: hello, at: 2026-07-03T10:00}]}", "{until: 2026-07-06T10:00}"),
    ("the wait is over, and the first way fits", "", f"{{{WAITED}}}", "{decision: send, step: big, channel: email}"),
    ("the other way, opened", SMALL, "{touches: [{step: hello, at: -3 days, opened: -1 day}]}", "{decision: send, step: small, channel: sms}"),
    ("the other way, opened after that", SMALL, f"{{{WAITED}}}", "{decision: skip, reason: when_false, step: small, next: never}"),
    ("by the event that began it, be there a later one", "events: [{kind: signup, at: -20 days, amount: 20}, {kind: signup, at: -4 days, amount: 200}]", f"{{entered: -20 days, {WAITED}}}", "{step: small}"),
    ("by the last event before the first message", "events: [{kind: signup, at: -20 days, amount: 20}, {kind: signup, at: -4 days, amount: 200}]", f"{{{WAITED}}}", "{step: big}"),
    ("waits for Monday until it is Monday, and then for a click", "", "{step: moment, since: -1 day}", "{step: patience, until: 2026-07-11T10:00}"),
    ("waits for Monday", "at: 2026-07-05T10:00", "{step: moment, since: -1 day}", "{step: moment, until: 2026-07-06T10:00}"),
    ("a click ends the wait", "", "{step: patience, touches: [{step: hello, at: -1 day, clicked: -1 hour}]}", "{decision: skip, reason: when_false, step: more}"),
    ("nothing ended it but its time", "events: [{kind: signup, at: -9 days}]", "{step: patience, since: -5 days}", "{decision: send, step: more, text: More, not_text: Hello}"),
    ("waits, for it began a day ago", "", "{step: patience, touches: [{step: hello, at: -1 day}]}", "{step: patience, until: 2026-07-10T10:00}"),
    ("at the last message", "", "{step: more, timed_out: patience}", "{decision: send, step: more}"),
    ("at the last message, and a click ended the wait", "", "{step: more}", "{decision: skip, reason: when_false}"),
    ("late for it", "", "{step: more, timed_out: patience, since: -25 hours}", "{decision: skip, reason: expired}"),
    ("behind the last message", "", "{touches: [{step: more, at: -1 day}]}", "{ended: finished}"),
    ("ordered in a wait", "events: [{kind: signup, at: -9 days}, {kind: order, at: -1 day}]", "{step: patience, since: -2 days}", "{decision: skip, reason: exited, ended: exited}"),
    ("ordered before a message", "events: [{kind: signup, at: -9 days}, {kind: order, at: -1 day}]", "{step: big}", "{decision: skip, reason: exited, ended: exited, next: never}"),
    ("the order is older than the journey", "events: [{kind: order, at: -10 days}, {kind: signup, at: -9 days}]", "{step: big}", "{decision: send}"),
    ("what the journey sent counts as touches", "touches: []", "{step: big, touches: [{step: hello, at: -1 hour}]}", "{decision: skip, reason: capped}"),
]  # fmt: skip


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample project with one campaign more."""
    project = sample_project(tmp_path_factory.mktemp("journeys") / "project")
    (project / "campaigns/way.yaml").write_text(CAMPAIGN)
    for name, text in (("way", "Hello"), ("way/more", "More")):
        folder = project / "templates" / name
        folder.mkdir(parents=True)
        (folder / "subject.txt").write_text(text)
        (folder / "body.txt").write_text(f"{text}\n{{{{ unsubscribe_url }}}}\n")
        (folder / "sms.txt").write_text(f"{text}, STOP to end")
    (project / "tests").mkdir()
    return project


@pytest.fixture
def project(sample: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(sample, tmp_path / "project")


def written(project: Path, cases: list[tuple[str, str, str, str]]) -> None:
    lines = [
        f"  - name: {name}\n" + (f"    {more}\n" if more else "")
        + f"    journey: {journey}\n    expect: {expect}\n"
        for name, more, journey, expect in cases
    ]  # fmt: skip
    (project / "tests/way.yaml").write_text(GIVEN + "".join(lines))


def test_whoever_is_under_way_goes_on_from_where_they_stand(project: Path) -> None:
    written(project, CASES)

    found = outreach_here(project, "test", "tests/way.yaml", "--json")

    assert {each["name"]: each["got"] for each in found.json["cases"] if not each["ok"]} == {}
    assert (found.code, found.json["passed"]) == (0, len(CASES))


def test_what_no_case_comes_to_on_the_way_is_told(project: Path) -> None:
    written(
        project, [each for each in CASES if each[0] == "the wait is over, and the first way fits"]
    )
    one = outreach_here(project, "test", "tests/way.yaml", "--json").json["untested"]
    written(project, CASES)
    all_of_them = outreach_here(project, "test", "tests/way.yaml", "--json").json["untested"]

    assert [each["rule"] for each in one] == [
        "no_consent", "send", "channel email", "channel sms", "branch otherwise", "patience until",
        "patience at_most", "exited", "when_false of small", "send of small", "when_false of more",
        "send of more",
    ]  # fmt: skip
    assert [each["rule"] for each in all_of_them] == ["no_consent", "channel sms"]


def test_a_case_that_fails_says_where_the_customer_came_and_what_stops_them(project: Path) -> None:
    written(project, [
        ("left out", "", "{step: more}", "{decision: send, step: more}"),
        ("waits", "", "{step: patience}", "{decision: send, step: more}"),
    ])  # fmt: skip

    said = outreach_here(project, "test", "tests/way.yaml").out.splitlines()

    assert said[:4] == [
        "tests/way.yaml:8: left out",
        "  decision  expected  send",
        "            got       skip",
        "  stopped by when_false: when: false (timed_out('patience') = no)",
    ]
    assert said[5:10] == [
        "tests/way.yaml:11: waits",
        "  decision  expected  send",
        "            got       none",
        "  step      expected  more",
        "            got       patience",
    ]


FAULTS = [
    ("{step: mor}", "{decision: send}", ":9:21: the campaign has no step `mor`; did you mean `more`?"),
    ("{touches: [{step: patience, at: -1 day}]}", "{decision: send}", ":9:32: the campaign has no message `patience`; there are `big`, `hello`, `more`, `small`"),
    ("{touches: [{step: big, at: -1 day, channel: sms}]}", "{decision: send}", ":9:58: `big` has no channel `sms`; it has `email`"),
    ("{touches: [{step: hello, at: +1 day}]}", "{decision: send}", ":9:43: this is after `at`; write for example `-3 days`"),
    ("{step: more, timed_out: moment}", "{decision: send}", ":9:38: no wait `moment` can time out; there are `patience`"),
    ("{step: big, entered: -9 days}", "{decision: send}", ":9:14: no `signup` began it until then; write under `events`: `{kind: signup, at: …}`"),
    ("{step: big}", "{step: patienc}", ":10:20: the campaign has no step `patienc`; did you mean `patience`?"),
    ("{step: big, sinse: -1 day}", "{step: big}", ":9:26: unknown key `sinse`; did you mean `since`?"),
    ("{step: big}", "{ended: stopped}", ":10:21: `ended` can not be `stopped`; it can be `exited`, `finished`"),
]  # fmt: skip


@pytest.mark.parametrize(("journey", "expect", "line"), FAULTS)
def test_what_is_no_place_on_the_way_is_refused(
    project: Path, journey: str, expect: str, line: str
) -> None:
    written(project, [("faulty", "", journey, expect)])

    answer = outreach_here(project, "test", "tests/way.yaml")

    assert (answer.code, answer.out.splitlines()) == (1, [f"tests/way.yaml{line}"])


def test_nobody_is_under_way_in_a_campaign_of_one_message(project: Path) -> None:
    (project / "tests/way.yaml").write_text(
        "campaign: weekly-greeting\nat: 2026-07-03T17:00\ncases:\n"
        "  - {name: a, journey: {step: greet}, expect: {decision: send}}\n"
        "  - {name: b, entered: -3 days, expect: {ended: finished}}\n"
    )

    said = outreach_here(project, "test", "tests/way.yaml").out.splitlines()

    assert said == ["tests/way.yaml:5:15: unknown key `entered`; `entered` belongs under `journey`"]
    (project / "tests/way.yaml").write_text(
        "campaign: weekly-greeting\nat: 2026-07-03T17:00\ncases:\n"
        "  - {name: a, journey: {step: greet}, expect: {decision: send}}\n"
        "  - {name: b, expect: {ended: finished}}\n"
    )
    assert outreach_here(project, "test", "tests/way.yaml").out.splitlines() == [
        "tests/way.yaml:4:24: nobody is under way in `weekly-greeting`: it is one message at a time; take `journey` out",
        "tests/way.yaml:5:31: this is of who is under way; write where they stand: `journey: …`",
    ]


def test_the_page_s_own_example_holds(project: Path) -> None:
    told = (ROOT / "docs/testing.md").read_text("utf-8").partition("### Who is under way")[2]
    example = yaml.load(told.partition("```yaml\n")[2].partition("```")[0], yaml.BaseLoader)
    sample = yaml.load((ROOT / "tests/campaigns/win-back.yaml").read_text("utf-8"), yaml.BaseLoader)
    (project / "tests/win-back.yaml").write_text(
        yaml.safe_dump(example | {"given": sample["given"]})
    )

    found = outreach_here(project, "test", "tests/win-back.yaml", "--json").json

    assert (found["passed"], found["failed"]) == (3, 0)
