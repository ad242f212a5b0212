"""Promises and answers that are owed on the command line: from events to tasks, and how they end."""

import csv
import shutil
from pathlib import Path
from typing import Any

import pytest
from commands import Answer, outreach_here

FRIDAY, SUNDAY = "2026-07-03T11:00", "2026-07-05T11:00"
MEI, TOM = "mei@example.com", "tom@example.com"
COMPANY = f"""\
brand: {{name: Harbour Tea, postal_address: "1 Quay", timezone: Europe/Berlin, country: DE}}
lifecycle: project
owners: {{{MEI}: {{name: Mei Lin}}, {TOM}: {{name: Tom Okafor}}}}
tasks:
  service_level: {{reply: 1 day, complaint: 4 hours}}
  escalate: {{after: 12 hours, to: {TOM}}}
"""
CUSTOMERS = f"key,first_name,owner\na,Ann,{MEI}\nb,Bob,{MEI}\nc,Cy,\n"
EVENTS = """\
key,kind,at,id,Due,what
a,promise,2026-07-01,p-1,2026-07-03,send the samples
a,promise,2016-07-01,p-0,2016-07-03,long ago
b,reply,2026-07-03T10:00,r-1,,"When do you
open?"
b,reply,2016-07-03T10:00,r-0,,
c,complaint,2026-07-03T10:00,s-1,,
"""
PROMISE, REPLY, COMPLAINT = "1", "2", "3"  # the tasks


@pytest.fixture(scope="module")
def once_owed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose scheduler has looked at the events."""
    project = tmp_path_factory.mktemp("owed") / "project"
    project.mkdir()
    for name, content in (("outreach.yaml", COMPANY), ("c.csv", CUSTOMERS), ("e.csv", EVENTS)):
        (project / name).write_text(content)
    assert at(FRIDAY, project, "customers", "import", "c.csv").code == 0
    assert at(FRIDAY, project, "events", "import", "e.csv").code == 0
    round_at(FRIDAY, project)
    return project


@pytest.fixture
def owed(once_owed: Path, tmp_path: Path) -> Path:
    return shutil.copytree(once_owed, tmp_path / "project")


def at(now: str, project: Path, *arguments: object) -> Answer:
    return outreach_here(project, *arguments, "--now", now)


def round_at(now: str, project: Path) -> None:
    assert at(now, project, "run", "--until-idle").code == 0


def add(project: Path, now: str, *rows: str) -> Answer:
    """Import events and let the scheduler look at them."""
    (project / "more.csv").write_text("\n".join(["key,kind,at,id,promise", *rows]))
    found = at(now, project, "events", "import", "more.csv", "--json")
    round_at(now, project)
    return found


def listed(project: Path, now: str, *options: str) -> list[Any]:
    return at(now, project, "tasks", "list", "--json", *options).json


def states(project: Path) -> dict[str, str]:
    """The state of each task, by its number."""
    ids = (PROMISE, REPLY, COMPLAINT)
    return {
        id_: at(SUNDAY, project, "tasks", "show", id_, "--json").json["task"]["state"]
        for id_ in ids
    }


def happened(project: Path, key: str) -> dict[str, int]:
    shown = at(SUNDAY, project, "customers", "show", key, "--json").json
    return {each["kind"]: each["count"] for each in shown["events"]}


def test_a_reply_is_a_task_at_once_and_what_is_ten_years_old_is_none(owed: Path) -> None:
    found = listed(owed, FRIDAY)

    assert [(each["task"]["customer"], each["reason"], each["urgency"]) for each in found] == [
        ("c", "complaint of 2026-07-03", "soon"), ("b", "reply of 2026-07-03", "soon"),
    ]  # fmt: skip
    task = found[1]["task"]
    assert (task["kind"], task["title"], task["words"]) == (
        "answer", "When do you open?", "When do you\nopen?",
    )  # fmt: skip
    assert (task["owner"], task["due_at"]) == (MEI, "2026-07-04T08:00:00+00:00")


def test_a_text_that_is_its_own_title_is_shown_once(owed: Path) -> None:
    long, short = (at(FRIDAY, owed, "tasks", "show", each).out for each in (REPLY, PROMISE))

    assert long.startswith("answer\nWhen do you\nopen?\n\n")
    assert short.startswith("promise: send the samples\n\n")


def test_a_promise_is_listed_before_it_is_due_and_missed_when_its_day_is_over(owed: Path) -> None:
    before = listed(owed, FRIDAY, "--state", "promised")
    told = at(FRIDAY, owed, "tasks").out
    round_at(SUNDAY, owed)

    assert [each["task"]["title"] for each in before] == ["send the samples"]
    assert "promises that are not due yet: 1 (--state promised)\n" in told
    assert PROMISE in [str(each["task"]["id"]) for each in listed(owed, SUNDAY)]
    shown = at(SUNDAY, owed, "customers", "show", "a", "--json").json
    missed = next(each for each in shown["events"] if each["kind"] == "promise_missed")
    assert (missed["count"], missed["first_at"]) == (1, "2026-07-03T22:00:00+00:00")
    assert shown["customer"]["stage"] == "conflict"
    assert [each["title"] for each in shown["tasks"]] == ["send the samples"]


def test_a_promise_is_kept_by_closing_its_task_before_it_is_due(owed: Path) -> None:
    done = at(FRIDAY, owed, "tasks", "done", PROMISE, "--note", "they are on their way")
    round_at(SUNDAY, owed)

    assert done.out == "task 1 done: event `promise_kept` added\n"
    assert happened(owed, "a") == {"promise": 2, "promise_kept": 1}


def test_a_promise_that_is_dropped_before_it_is_due_is_not_missed(owed: Path) -> None:
    dropped = at(FRIDAY, owed, "tasks", "drop", PROMISE, "--note", "not wanted any more")
    round_at(SUNDAY, owed)

    assert dropped.code == 0
    assert happened(owed, "a") == {"promise": 2}


def test_a_promise_is_kept_by_an_event_that_names_it(owed: Path) -> None:
    add(owed, FRIDAY, "a,promise_kept,2026-07-03T10:30,k-1,p-1")
    round_at(SUNDAY, owed)

    assert states(owed)[PROMISE] == "settled"
    assert "by            event promise_kept" in at(SUNDAY, owed, "tasks", "show", PROMISE).out
    assert "promise_missed" not in happened(owed, "a")


def test_an_answer_on_one_way_or_another_ends_what_is_owed(owed: Path) -> None:
    add(owed, FRIDAY, "b,reply,2026-07-03T10:10,r-2,", "c,call,2026-07-03T10:20,t-1,")
    done = at(FRIDAY, owed, "tasks", "done", REPLY, "--note", "at nine")
    round_at(FRIDAY, owed)

    assert done.out == "task 2 done: event `answer` added\n"
    assert listed(owed, FRIDAY) == []
    assert states(owed) == {PROMISE: "promised", REPLY: "done", COMPLAINT: "settled"}


def test_what_is_long_overdue_is_told_to_somebody_else_who_finds_it_in_files_too(
    owed: Path,
) -> None:
    round_at("2026-07-04T22:30", owed)
    boss = ("--owner", TOM)

    found = {each["task"]["id"]: each["task"] for each in listed(owed, SUNDAY, *boss)}
    files = [at(SUNDAY, owed, "tasks", "export", name, *boss).code for name in ("t.csv", "t.ics")]

    assert {id_: each["owner"] for id_, each in found.items()} == {1: MEI, 2: MEI, 3: ""}
    assert {each["escalated_to"] for each in found.values()} == {TOM}
    assert files == [0, 0]
    lines = list(csv.DictReader((owed / "t.csv").read_text().splitlines()))
    assert lines[1]["why"] == "promise of 2026-07-01"
    calendar = (owed / "t.ics").read_bytes().replace(b"\r\n ", b"").decode()
    assert f"reply of 2026-07-03\\, escalated to {TOM}\r\n" in calendar


def test_nobodys_tasks_are_told_and_somebodys_as_soon_as_there_is_a_fallback(owed: Path) -> None:
    warned = at(FRIDAY, owed, "doctor", "--json").json
    nobodys = listed(owed, FRIDAY, "--owner", "none")
    (owed / "outreach.yaml").write_text(f"{COMPANY}  fallback: {TOM}\n")
    round_at(FRIDAY, owed)

    assert [each["detail"].partition(";")[0] for each in warned if each["check"] == "tasks"] == [
        "open: 2, waiting: 0, promised: 1", "of customers without a known owner: 1",
    ]  # fmt: skip
    assert [each["task"]["customer"] for each in nobodys] == ["c"]
    assert [each["task"]["owner"] for each in listed(owed, FRIDAY)] == [TOM, MEI]


def test_a_retracted_event_takes_its_task_along(owed: Path) -> None:
    assert at(FRIDAY, owed, "events", "retract", "p-1", "r-1").code == 0

    shown = at(FRIDAY, owed, "tasks", "show", REPLY, "--json").json["task"]
    assert (shown["state"], shown["note"]) == ("dropped", "event retracted")
    assert states(owed) == {PROMISE: "dropped", REPLY: "dropped", COMPLAINT: "open"}


def test_erasing_a_customer_drops_a_promise_too_and_what_was_promised(owed: Path) -> None:
    assert at(FRIDAY, owed, "customers", "forget", "--yes", "a").code == 0
    round_at(SUNDAY, owed)

    task = at(SUNDAY, owed, "tasks", "show", PROMISE, "--json").json["task"]
    assert (task["state"], task["title"]) == ("dropped", "erased")


def test_a_call_to_the_one_answers_the_other_who_is_merged_into_them(owed: Path) -> None:
    add(owed, FRIDAY, "a,call,2026-07-03T10:30,t-1,")
    assert at(FRIDAY, owed, "customers", "merge", "--yes", "b", "a").code == 0
    round_at(FRIDAY, owed)

    assert states(owed) == {PROMISE: "promised", REPLY: "settled", COMPLAINT: "open"}


def test_promises_are_handed_over_with_their_customers(owed: Path) -> None:
    found = at(FRIDAY, owed, "customers", "assign", "--from", MEI, "--to", TOM, "--json").json

    assert (found["customers"], found["tasks"]) == (2, 2)
    assert [each["task"]["owner"] for each in listed(owed, FRIDAY, "--state", "promised")] == [TOM]


def test_what_was_escalated_to_somebody_who_leaves_is_their_successors(owed: Path) -> None:
    round_at(SUNDAY, owed)

    found = at(SUNDAY, owed, "customers", "assign", "--from", TOM, "--to", MEI, "--json").json

    assert (found["customers"], found["tasks"]) == (0, 3)
    assert listed(owed, SUNDAY, "--owner", TOM) == []


def test_a_promise_says_when_it_is_due_or_nobody_is_told_of_it(owed: Path) -> None:
    (owed / "more.csv").write_text(
        "key,kind,at,id,due\na,promise,2026-07-03,p-7,\na,promise,2026-07-03,p-8,soon\n"
        "a,invoice,2026-07-03,i-1,soon\n"
    )

    found = at(FRIDAY, owed, "events", "import", "more.csv", "--json").json

    assert (found["created"], found["warnings"]) == (
        2, ["promises without a date in `due`: 1; nobody is told of these"],
    )  # fmt: skip
    (reject,) = found["rejects"]
    assert (reject["line"], reject["column"]) == (3, "due")
    assert reject["message"].startswith("`soon` is no date or time")
