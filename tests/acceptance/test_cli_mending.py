"""Mending mistakes on the command line: suppressions, events that never happened."""

import csv
import os
import pty
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from commands import NOW, environment, outreach_here, sample_project
from makers import make_delivery, make_run
from sqlalchemy import select, update

from outreach.app.context import open_context
from outreach.app.suppressions import add_suppression
from outreach.store.customers import by_keys
from outreach.store.engine import dispose, make_engine, reading, writing
from outreach.store.tables import audit, deliveries, suppressions

CUSTOMERS = """\
key,first_name,email,phone,country,timezone,consent.email.greetings
a,Ann,ann@example.com,+12025550111,US,America/New_York,yes
b,Bob,bob@example.com,,US,America/New_York,no
"""
IMPORT = ("customers", "import", "c.csv", "--consent-source", "form", "--now", NOW)
EVENTS = """\
key,kind,at,amount,id
a,order,2026-06-20T10:00,25.00,o-1
a,order,2026-07-01T10:00,40.50,o-2
"""


@pytest.fixture(scope="module")
def once_peopled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two customers and two orders."""
    project = sample_project(tmp_path_factory.mktemp("mended") / "project")
    (project / "c.csv").write_text(CUSTOMERS)
    (project / "e.csv").write_text(EVENTS)
    assert outreach_here(project, *IMPORT).code == 0
    assert outreach_here(project, "events", "import", "e.csv", "--now", NOW).code == 0
    return project


@pytest.fixture
def peopled(once_peopled: Path, tmp_path: Path) -> Path:
    return shutil.copytree(once_peopled, tmp_path / "peopled")


def audited(project: Path) -> list[tuple[str, str, object]]:
    engine = make_engine(f"sqlite:///{project}/.outreach/outreach.db")
    with reading(engine) as conn:
        t = audit.c
        rows = conn.execute(select(t.action, t.subject, t.detail).order_by(t.id))
        found = [(row.action, row.subject, row.detail) for row in rows]
    dispose(engine)
    return found


def reason_for(project: Path, key: str) -> str | None:
    answer = outreach_here(project, "explain", "weekly-greeting", key, "--json", "--now", NOW)
    return next(
        (
            rule["rule"]
            for rule in answer.json["rules"]
            if rule["channel"] == "email" and not rule["passed"]
        ),
        None,
    )


def test_an_address_is_suppressed_and_lifted(peopled: Path) -> None:
    add = ("suppressions", "add", "email", "Ann@Example.com", "--reason", "asked by phone")

    first, again = (outreach_here(peopled, *add, "--json") for _ in range(2))
    during = reason_for(peopled, "a")
    lifted = outreach_here(
        peopled, "suppressions", "lift", "email", "ann@example.com", "--reason", "a typo", "--json"
    )

    about = {"channel": "email", "address": "ann@example.com"}
    assert first.json == {**about, "reason": "asked_by_phone", "added": True}
    assert again.json == {**about, "reason": "asked_by_phone", "added": False}
    assert during == "suppressed"
    assert lifted.json == {**about, "lifted": ["asked_by_phone"]}
    assert reason_for(peopled, "a") != "suppressed"
    assert [(action, subject) for action, subject, _ in audited(peopled)] == [
        ("suppression added", "email"),
        ("suppression added", "email"),
        ("suppression lifted", "email"),
    ]
    assert "example.com" not in str(audited(peopled))


def test_a_suppression_is_confirmed_when_nothing_begins_any_more(peopled: Path) -> None:
    context = open_context(peopled, NOW)
    with writing(context.engine) as conn:
        ann = by_keys(conn, ["a"])["a"]
        run = make_run(conn)
        make_delivery(conn, ann, "handing", run_id=run, worker_id=1, address="ann@example.com")

    waiting = threading.Thread(
        target=add_suppression, args=(context, "email", "ann@example.com", "asked"), daemon=True
    )
    waiting.start()
    waiting.join(0.3)
    waited = waiting.is_alive()
    with writing(context.engine) as conn:
        conn.execute(update(deliveries).values(state="sent", worker_id=None))
    waiting.join(20)
    context.close()

    assert waited
    assert not waiting.is_alive()


def test_lifting_makes_no_yes(peopled: Path) -> None:
    outreach_here(peopled, "suppressions", "add", "email", "bob@example.com", "--reason", "x")
    outreach_here(peopled, "suppressions", "lift", "email", "bob@example.com", "--reason", "x")

    assert reason_for(peopled, "b") == "consent_withdrawn"


@pytest.mark.parametrize("reason", ["complaint", "unsubscribed"])
def test_what_the_person_said_is_lifted_only_anyway(peopled: Path, reason: str) -> None:
    outreach_here(peopled, "suppressions", "add", "email", "ann@example.com", "--reason", reason)
    lift = ("suppressions", "lift", "email", "ann@example.com", "--reason", "wants it")

    refused = outreach_here(peopled, *lift)
    lifted = outreach_here(peopled, *lift, "--anyway")

    said = "complaint" if reason == "complaint" else "opted_out"
    assert refused.code == 2
    assert refused.err == (
        f"outreach: `ann@example.com` is suppressed for what its reader said: {said};"
        " if you are sure that they want it, say `--anyway`\n"
    )
    assert (lifted.code, lifted.out) == (0, f"email ann@example.com: lifted ({said})\n")


def test_a_complaint_stays_where_another_reason_was_given_too(peopled: Path) -> None:
    for reason in ("typo", "complaint", "typo"):
        outreach_here(peopled, "suppressions", "add", "email", "a@example.com", "--reason", reason)

    answer = outreach_here(
        peopled, "suppressions", "lift", "email", "a@example.com", "--reason", "x"
    )

    assert answer.code == 2


def test_a_file_of_suppressions_is_taken_in_once(peopled: Path) -> None:
    (peopled / "s.csv").write_text(
        "channel;address;reason;at\n"
        "email;ANN@example.com;Spam;2026-01-05\n"
        "sms;(202) 555-0111;;\n"
        "email;nobody;hard bounce;\n"
        "fax;1;;\n"
        "email;x@example.com;;2027-01-01\n"
    )
    take = ("suppressions", "import", "s.csv", "--json", "--now", NOW)

    first, again = (outreach_here(peopled, *take) for _ in range(2))

    assert (first.code, first.json["created"], first.json["unchanged"]) == (1, 2, 0)
    assert (again.json["created"], again.json["unchanged"]) == (0, 2)
    assert [(one["line"], one["column"]) for one in first.json["rejects"]] == [
        (4, "address"), (5, "channel"), (6, "at"),
    ]  # fmt: skip
    shown = outreach_here(peopled, "suppressions", "list", "--json").json
    assert (shown["count"], [tuple(one.values())[:4] for one in shown["suppressions"]]) == (
        2,
        [
            ("sms", "+12025550111", "listed", "import"),
            ("email", "ann@example.com", "complaint", "import"),
        ],
    )


def test_a_channel_or_address_that_can_not_be_meant_is_wrong_usage(peopled: Path) -> None:
    add = ("suppressions", "add")

    assert outreach_here(peopled, *add, "mail", "a@example.com", "--reason", "x").err == (
        "outreach: there is no channel `mail` with addresses; did you mean `email`?\n"
    )
    assert "`nobody` is no e-mail address" in (
        outreach_here(peopled, *add, "email", "nobody", "--reason", "x").err
    )
    assert outreach_here(peopled, *add, "email", "a@example.com", "--reason", " ").code == 2
    assert suppressed(peopled) == []


def suppressed(project: Path) -> list[str]:
    engine = make_engine(f"sqlite:///{project}/.outreach/outreach.db")
    with reading(engine) as conn:
        found = list(conn.execute(select(suppressions.c.address)).scalars())
    dispose(engine)
    return found


def test_a_retracted_event_is_gone_for_good(peopled: Path) -> None:
    def facts() -> tuple[object, ...]:
        shown = outreach_here(peopled, "customers", "show", "a", "--json", "--now", NOW).json
        return tuple(shown["customer"][name] for name in ("orders", "spend"))

    before = facts()

    first, again = (
        outreach_here(peopled, "events", "retract", "o-2", "--json", "--now", NOW) for _ in range(2)
    )
    once_more = outreach_here(peopled, "events", "import", "e.csv", "--json", "--now", NOW)

    assert (before, facts()) == ((2, 65.5), (1, 25))
    assert [one["state"] for one in (*first.json, *again.json)] == ["retracted", "already"]
    assert first.json[0]["key"] == "a"
    assert (once_more.json["created"], once_more.json["duplicate"]) == (0, 2)
    assert audited(peopled)[-1][:2] == ("event retracted", "o-2")


def test_of_several_events_none_is_retracted_if_one_is_not_there(peopled: Path) -> None:
    answer = outreach_here(peopled, "events", "retract", "o-1", "o-9", "--now", NOW)
    once_more = outreach_here(peopled, "events", "retract", "o-1", "--json", "--now", NOW)

    assert (answer.code, answer.err) == (
        2,
        "outreach: there is no event with the id `o-9`;"
        " an event can be retracted by the `id` that its file gave it\n",
    )
    assert once_more.json[0]["state"] == "retracted"


def test_what_is_exported_is_imported_unchanged(peopled: Path) -> None:
    hostile = "key,first_name,last_name,tags,birthday\nc,=1+1,@SUM(A1),-1;+2,02-29\n"
    (peopled / "more.csv").write_text(hostile)
    outreach_here(peopled, "customers", "import", "more.csv", "--now", NOW)

    told = outreach_here(peopled, "customers", "export", "out.csv", "--json")
    back = outreach_here(peopled, "customers", "import", "out.csv", "--consent-source", "form",
                         "--json", "--now", NOW)  # fmt: skip

    with (peopled / "out.csv").open(newline="") as file:
        rows = {row["key"]: row for row in csv.DictReader(file)}
    assert (told.json["customers"], told.json["file"]) == (3, "out.csv")
    assert rows["a"]["consent.email.greetings"] == "yes"
    assert rows["b"]["consent.email.greetings"] == "no"
    assert [rows["c"][name] for name in ("first_name", "last_name", "tags", "phone")] == [
        "'=1+1", "'@SUM(A1)", "'-1;+2", "",
    ]  # fmt: skip
    assert rows["a"]["phone"] == "'+12025550111"
    assert [back.json[name] for name in ("unchanged", "created", "updated", "rejected")] == [
        3, 0, 0, 0,
    ]  # fmt: skip
    assert list(peopled.glob("*.part")) == []


def test_one_customer_is_told_as_one(project: Path) -> None:
    (project / "one.csv").write_text("key\na\n")
    outreach_here(project, "customers", "import", "one.csv", "--now", NOW)

    told = outreach_here(project, "customers", "export", "out.csv")
    week = outreach_here(project, "simulate", "--days", "1", "--now", NOW)

    assert told.out == "1 customer in out.csv\n"
    assert ": 0 messages to 0 of 1 customer\n" in week.out
    assert "\n1 customer is reached by nothing\n" in week.out


def test_an_export_that_can_not_be_written_says_why(peopled: Path) -> None:
    answer = outreach_here(peopled, "customers", "export", "nowhere/out.csv")

    assert (answer.code, answer.err) == (
        3,
        "outreach: `nowhere/out.csv` can not be written: No such file or directory;"
        " name a place that this user may write to\n",
    )


def test_two_records_of_one_person_become_one(peopled: Path) -> None:
    told = outreach_here(peopled, "customers", "merge", "--yes", "a", "b", "--json", "--now", NOW)
    again = outreach_here(peopled, "customers", "merge", "--yes", "a", "b", "--now", NOW)

    assert told.json == {
        "closed": "a", "key": "b", "cancelled": 0, "events": 2, "withdrawn": 0,
    }  # fmt: skip
    shown = outreach_here(peopled, "customers", "show", "b", "--json", "--now", NOW).json
    assert (shown["customer"]["orders"], shown["customer"]["spend"]) == (2, 65.5)
    assert (again.code, again.err) == (
        2,
        "outreach: customer `a` was merged into `b`; see `outreach customers show KEY`\n",
    )
    assert outreach_here(peopled, "customers", "forget", "--yes", "a").err == (
        "outreach: customer `a` was merged into `b`; erase `b`: this one goes along\n"
    )


@pytest.mark.parametrize("words", [("forget", "a"), ("merge", "a", "b"), ("forget", "a", "--json")])
def test_what_can_not_be_undone_needs_a_yes_where_nobody_can_be_asked(
    peopled: Path, words: tuple[str, ...]
) -> None:
    answer = outreach_here(peopled, "customers", *words)

    what = "erase" if words[0] == "forget" else "merge"
    said = f"nobody can be asked whether to {what} them; add `--yes`"
    assert answer.code == 2
    assert said.partition(";")[0] in answer.err + answer.out
    assert outreach_here(peopled, "customers", "show", "a").code == 0


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (("forget", "a"), "Erase a (Ann, ann@example.com, +12025550111) for good? [y/N]:"),
        (
            ("merge", "a", "b"),
            "Close a (Ann, ann@example.com, +12025550111) for good, in favour of b (Bob, bob@example.com)? [y/N]:",
        ),
    ],
)
def test_a_person_is_asked_about_whom_it_is(
    peopled: Path, words: tuple[str, ...], asked: str
) -> None:
    no = at_a_terminal(peopled, "n\n", "customers", *words)
    there = outreach_here(peopled, "customers", "show", "a", "--json").json["customer"]
    yes = at_a_terminal(peopled, "y\n", "customers", *words)

    assert (no, there["merged_into"]) == ((0, asked), None)
    assert yes == (0, asked)
    after = outreach_here(peopled, "customers", "show", "a", "--json")
    assert after.code == 2 or after.json["customer"]["merged_into"] == "b"


def at_a_terminal(project: Path, typed: str, *words: str) -> tuple[int, str]:
    """How a command ends, and what it asks, whose words are typed by a person."""
    master, slave = pty.openpty()
    try:
        os.write(master, typed.encode())
        done = subprocess.run(
            [sys.executable, "-m", "outreach", *words],
            cwd=project, env=environment(), stdin=slave, capture_output=True, check=False,
        )  # fmt: skip
    finally:
        os.close(master)
        os.close(slave)
    return done.returncode, done.stderr.decode()


def test_a_merged_record_says_into_whom(peopled: Path) -> None:
    (peopled / "more.csv").write_text("key,first_name,interests\na,Ann,tea\n")
    take = ("customers", "import", "more.csv", "--interests-source", "form", "--json")
    assert outreach_here(peopled, *take, "--now", NOW).code == 0
    outreach_here(peopled, "customers", "merge", "--yes", "a", "b", "--now", NOW)

    shown = outreach_here(peopled, "customers", "show", "a", "--json", "--now", NOW).json
    taken = outreach_here(peopled, *take, "--now", NOW).json
    told = outreach_here(peopled, "explain", "win-back", "a", "--now", NOW, "--json").json

    [why] = [each["detail"] for each in told["rules"] if each["rule"] == "erased"]
    assert (shown["customer"]["merged_into"], shown["interests"]) == ("b", [])
    assert [each["message"] for each in taken["rejects"]] == [
        "this customer was merged into `b`; give its row that key"
    ]
    assert why == "was merged into b"


def test_compliance_14_an_erasure_takes_captured_messages_along(peopled: Path) -> None:
    mail = ("send", "service-notice", "--yes", "--now", NOW, "--to")
    assert outreach_here(peopled, *mail, "a", "--to", "b").code == 0
    assert outreach_here(peopled, "run", "--until-idle", "--now", NOW).code == 0
    before = captured(peopled)

    told = outreach_here(peopled, "customers", "forget", "--yes", "a", "--json", "--now", NOW)

    assert told.code == 0
    assert told.json["files"] == len(before) - len(captured(peopled)) == 2
    assert [text for text in captured(peopled) if "ann@example.com" in text] == []
    assert outreach_here(peopled, "customers", "show", "a").code == 2
    shown = outreach_here(peopled, "customers", "show", told.json["key"], "--json", "--now", NOW)
    assert shown.json["customer"]["orders"] == 2
    again = outreach_here(peopled, "customers", "forget", "--yes", "a")
    assert (again.code, again.err) == (2, "outreach: customer `a` was erased\n")
    (peopled / "c.csv").write_text(CUSTOMERS)
    back = outreach_here(peopled, *IMPORT, "--json")
    assert [one["message"] for one in back.json["rejects"]] == ["this customer was erased"]


def captured(project: Path) -> list[str]:
    return [path.read_text() for path in (project / ".outreach" / "outbox").rglob("*.*")]


def test_people_see_tables(peopled: Path) -> None:
    add = ("suppressions", "add", "email", "ann@example.com", "--reason", "x", "--now", NOW)

    added = outreach_here(peopled, *add)
    listed = outreach_here(peopled, "suppressions", "list", "--channel", "email")
    retracted = outreach_here(peopled, "events", "retract", "o-2", "--now", NOW)

    assert added.out == "email ann@example.com: suppressed\n"
    assert listed.out.splitlines()[-1].split()[:4] == ["email", "ann@example.com", "x", "person"]
    assert retracted.out.splitlines()[-1].split()[:4] == ["o-2", "retracted", "a", "order"]
