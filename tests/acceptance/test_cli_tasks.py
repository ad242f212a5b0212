"""Tasks on the command line: given out by a campaign, listed, done, dropped."""

import csv
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from commands import outreach_here
from sqlalchemy import select

from outreach.app.task_export import _escaped, _folded
from outreach.store.engine import dispose, make_engine, reading
from outreach.store.tables import audit, owner_changes

AT = "2026-07-03T09:00"
COMPANY = """\
brand: {name: Harbour Tea, postal_address: "1 Quay", timezone: Europe/Berlin, country: DE}
lifecycle: six-stage
topics: {greetings: {title: Greetings}}
channels: {task: {adapter: task}}
owners: {mei@example.com: {name: Mei Lin}, tom@example.com: {name: Tom Okafor}}
"""
CAMPAIGN = """\
title: Ring our best
owner: mei@example.com
topic: greetings
status: active
audience: everyone
schedule: {manual: true, late: 2 days}
steps: [{id: ring, channels: task, template: ring}]
"""
WORDS = "Visit: {{ first_name }} of {{ city or 'nowhere' }}\n\nAsk what {{ owner.name }} may do.\n"
CUSTOMERS = """\
key,first_name,phone,owner,interests,consent.task.greetings
a,Ann,+4930901820,mei@example.com,jazz;tea,yes
b,Bob,,tom@example.com,,yes
c,Cy,,,,yes
d,Di,,gone@example.com,,yes
e,Eve,,mei@example.com,,no
"""


@pytest.fixture(scope="module")
def once_given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose campaign has given out its two tasks."""
    project = tmp_path_factory.mktemp("tasks") / "project"
    for name, content in (
        ("outreach.yaml", COMPANY),
        ("campaigns/ring.yaml", CAMPAIGN),
        ("templates/ring/task.txt", WORDS),
        ("c.csv", CUSTOMERS),
    ):
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    imported = call(project, "customers", "import", "c.csv", "--consent-source", "form")
    assert imported.code == 0, imported
    assert call(project, "send", "ring", "--yes").code == 0
    assert call(project, "run", "--until-idle").code == 0
    return project


@pytest.fixture
def given(once_given: Path, tmp_path: Path) -> Path:
    return shutil.copytree(once_given, tmp_path / "project")


def call(project: Path, *arguments: object):  # type: ignore[no-untyped-def]
    return outreach_here(project, *arguments, "--now", AT)


def rows(project: Path, *options: str) -> Sequence[tuple[str, str, str]]:
    found = call(project, "tasks", "list", *options, "--json").json
    return [(each["task"]["customer"], each["task"]["kind"], each["urgency"]) for each in found]


def test_a_task_goes_to_the_owner_with_the_customers_card(given: Path) -> None:
    listed = call(given, "tasks", "list", "--owner", "mei@example.com", "--json").json

    (only,) = listed
    assert only["task"] == {
        "id": 1, "owner": "mei@example.com", "customer_id": 1, "customer": "a",
        "campaign": "ring", "run": 1, "kind": "visit", "title": "Ann of nowhere",
        "words": "Ask what Mei Lin may do.", "state": "open",
        "given_at": "2026-07-03T07:00:00+00:00", "due_at": "2026-07-05T07:00:00+00:00",
        "closed_at": None, "closed_by": None, "note": None, "cause": "campaign",
        "happened_at": None, "escalated_to": None, "escalated_at": None,
    }  # fmt: skip
    assert only["urgency"] == "later"
    card = only["card"]
    assert (card["name"], card["phone"], card["interests"]) == (
        "Ann", "+4930901820", ["jazz", "tea"]
    )  # fmt: skip
    assert [each["channel"] for each in card["touches"]] == ["task"]


def test_who_has_no_known_owner_or_said_no_gets_no_task(given: Path) -> None:
    reasons = {
        key: call(given, "explain", "ring", key, "--run", "1", "--json").json["reason"]
        for key in "acde"
    }

    assert rows(given) == [("a", "visit", "later"), ("b", "visit", "later")]
    assert reasons == {"a": None, "c": "no_address", "d": "no_address", "e": "consent_withdrawn"}


def test_a_task_that_is_done_becomes_an_event_once(given: Path) -> None:
    done = ("tasks", "done", "1", "--note", "likes the new Assam", "--interest", "Assam", "--json")

    first, again = call(given, *done), call(given, *done)

    assert (first.code, again.code) == (0, 2)
    assert "task 1 is done already" in again.json["error"]["message"]
    task = first.json["task"]
    assert (task["state"], task["note"]) == ("done", "likes the new Assam")
    history = call(given, "customers", "show", "a", "--json").json
    assert [(each["kind"], each["count"]) for each in history["events"]] == [("visit", 1)]
    assert history["customer"]["last_contact_at"] is not None
    assert history["interests"][-1] == {
        "interest": "Assam", "source": "visit by mei@example.com", "at": "2026-07-03T07:00:00+00:00",
    }  # fmt: skip
    assert rows(given) == [("b", "visit", "later")]


def test_a_task_that_is_dropped_is_no_event(given: Path) -> None:
    dropped = call(given, "tasks", "drop", "1", "--note", "moved away")

    assert dropped.out == "task 1 dropped\n"
    assert call(given, "customers", "show", "a", "--json").json["events"] == []
    assert rows(given, "--state", "dropped") == [("a", "visit", "")]


def test_people_see_what_to_do_and_why(given: Path) -> None:
    shown = call(given, "tasks", "show", "1").out

    assert "visit: Ann of nowhere\nAsk what Mei Lin may do.\n" in shown
    assert "why           campaign ring, run 1" in shown
    assert "due           2026-07-05 09:00 Europe/Berlin\n" in shown
    assert "2026-07-05 09:00 Europe/Berlin   mei@example.com" in call(given, "tasks").out
    assert "mei@example.com" in call(given, "tasks").out


def test_a_due_time_narrows_the_list_and_a_name_nobody_has_is_refused(given: Path) -> None:
    assert rows(given, "--due", "2026-07-04") == []
    assert len(rows(given, "--due", "2026-07-06")) == 2
    wrong = call(given, "tasks", "list", "--owner", "mei@exmaple.com", "--json")
    assert wrong.code == 2
    assert "mei@example.com" in wrong.json["error"]["hint"]


def test_a_task_ends_with_a_note(given: Path) -> None:
    assert call(given, "tasks", "done", "1", "--note", " ").code == 2
    assert call(given, "tasks", "done", "99", "--note", "x").code == 2


def test_the_tasks_of_an_erased_customer_are_dropped_and_say_nothing(given: Path) -> None:
    assert call(given, "customers", "forget", "--yes", "a").code == 0

    (only,) = call(given, "tasks", "list", "--state", "dropped", "--json").json
    assert (only["task"]["title"], only["task"]["words"]) == ("erased", "")
    assert rows(given) == [("b", "visit", "later")]


def test_the_tasks_of_a_merged_customer_are_about_the_one_that_stays(given: Path) -> None:
    assert call(given, "customers", "merge", "--yes", "a", "b").code == 0

    assert [customer for customer, *_ in rows(given)] == ["b", "b"]


def test_check_asks_for_owners_and_for_the_tasks_words(given: Path) -> None:
    company = given / "outreach.yaml"
    company.write_text(COMPANY.partition("owners:")[0])
    (given / "templates/ring/task.txt").rename(given / "templates/ring/notes.md")

    said = [each["message"] for each in call(given, "check", "--json").json]

    assert "channel `task` needs `owners`: the people who are given tasks" in said
    assert "channel `task` needs `templates/ring/task.txt`" in said


def test_preview_shows_the_task_as_its_owner_reads_it(given: Path) -> None:
    shown = call(given, "preview", "ring", "--customer", "a").out

    assert "task for a" in shown
    for fact in (
        "to         mei@example.com",
        "kind       visit",
        "title      Ann of nowhere",
        "due        2026-07-05 07:00:00Z",
        "customer   a Ann",
        "phone      +4930901820",
        "Ask what Mei Lin may do.",
    ):
        assert fact in shown


def test_preview_of_a_task_says_what_a_customer_lacks(given: Path) -> None:
    words = given / "templates/ring/task.txt"
    words.write_text("Call: {{ owner.name }}, {{ nickname or first_name }}\n\n{{ city }}\n")

    shown = call(given, "preview", "ring", "--customer", "c").out

    assert "lacks `city`, `owner`, which the template prints" in shown


o = owner_changes.c
HISTORY = select(o.customer_id, o.from_owner, o.to_owner).order_by(o.id)
ASSIGN = ("customers", "assign", "--from", "mei@example.com", "--to", "tom@example.com", "--json")


def test_customers_are_handed_over_with_their_open_tasks_and_it_is_kept(given: Path) -> None:
    found, again = call(given, *ASSIGN), call(given, *ASSIGN)

    about = {"from_owner": "mei@example.com", "to_owner": "tom@example.com", "left": []}
    assert found.json == {**about, "customers": 2, "tasks": 1}
    assert again.json == {**about, "customers": 0, "tasks": 0}
    toms = ("--owner", "tom@example.com")
    assert [customer for customer, *_ in rows(given, *toms)] == ["a", "b"]
    engine = make_engine(f"sqlite:///{given}/.outreach/outreach.db")
    with reading(engine) as conn:
        kept = [tuple(row) for row in conn.execute(HISTORY)]
        said = conn.execute(select(audit.c.detail).where(audit.c.action == "customers assigned"))
        details = list(said.scalars())
    dispose(engine)
    assert kept == [(1, *ASSIGN[3:6:2]), (5, *ASSIGN[3:6:2])]
    assert details == [{"from": ASSIGN[3], "to": ASSIGN[5], "customers": 2, "tasks": 1}]


def test_messages_to_customers_who_were_handed_over_are_from_their_new_owner(given: Path) -> None:
    before = call(given, "preview", "ring", "--customer", "a").out
    assert call(given, *ASSIGN).code == 0

    after = call(given, "preview", "ring", "--customer", "a").out

    assert "Ask what Mei Lin may do." in before
    assert "Ask what Tom Okafor may do." in after


def test_only_the_named_customers_are_handed_over_and_nobody_elses(given: Path) -> None:
    found = call(given, *ASSIGN, "--only", "e", "--only", "c").json

    assert (found["customers"], found["tasks"], found["left"]) == (1, 0, ["c"])
    assert [customer for customer, *_ in rows(given, "--owner", "mei@example.com")] == ["a"]


@pytest.mark.parametrize(
    "wrong",
    [("--to", "gone@example.com"), ("--to", "mei@example.com"), ("--only", "nobody")],
)
def test_a_handing_over_that_can_not_be_meant_changes_nothing(
    given: Path, wrong: tuple[str, str]
) -> None:
    assert call(given, *ASSIGN, *wrong).code == 2
    assert len(rows(given, "--owner", "mei@example.com")) == 1


def test_a_spreadsheet_gets_cells_that_are_no_formulas(given: Path) -> None:
    found = call(given, "tasks", "export", "t.csv", "--json")

    lines = list(csv.DictReader((given / "t.csv").read_text().splitlines()))
    assert (found.code, found.json["tasks"]) == (0, 2)
    assert [(line["customer"], line["title"]) for line in lines] == [
        ("a", "Ann of nowhere"), ("b", "Bob of nowhere"),
    ]  # fmt: skip
    assert lines[0]["phone"] == "'+4930901820"


def test_a_calendar_gets_to_dos_in_folded_lines(given: Path) -> None:
    found = call(given, "tasks", "export", "t.ics", "--owner", "mei@example.com")

    content = (given / "t.ics").read_bytes()
    lines = content.split(b"\r\n")
    assert found.out == "t.ics: 1 to do\n"
    assert max(map(len, lines)) <= 75
    assert b"\n" not in content.replace(b"\r\n", b"")
    whole = content.replace(b"\r\n ", b"").decode()
    assert "DUE:20260705T070000Z\r\nSUMMARY:visit: Ann of nowhere\r\n" in whole
    assert "DESCRIPTION:Ask what Mei Lin may do.\\n\\na Ann\\n+4930901820\\n\\n" in whole
    assert whole.count("BEGIN:VTODO") == 1


def test_long_words_of_any_script_are_folded_between_characters() -> None:
    line = "SUMMARY:" + "王总，" * 60

    parts = list(_folded(line))

    assert max(len(part.encode()) for part in parts) <= 75
    assert parts[0] + "".join(part.removeprefix(" ") for part in parts[1:]) == line
    assert _escaped("a;b,c\\d\ne\r\x00") == "a\\;b\\,c\\\\d\\ne"


def test_a_file_of_another_ending_is_refused(given: Path) -> None:
    assert call(given, "tasks", "export", "t.txt").code == 2
    assert not (given / "t.txt").exists()
