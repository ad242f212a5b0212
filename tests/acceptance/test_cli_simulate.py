"""`outreach simulate`: what people and programs read, and that nothing but the copy changes."""

import csv
import hashlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from commands import begin, environment, outreach, outreach_here, sample_project
from letterbox import BEFORE, people
from sqlalchemy import Engine, select
from waiting import wait_for

from outreach.store.engine import reading
from outreach.store.tables import metadata

NOON = "2026-07-03T12:00"  # a Friday
KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
SHOWN = """\
2026-07-03 to 2026-07-05: 9 messages to 9 of 10 customers
Cost about 0.00 USD

Messages by day
day              all   weekly-greeting
──────────────────────────────────────
Fri 2026-07-03     9                 9
Sat 2026-07-04     0
Sun 2026-07-05     0

By campaign
campaign          send   hold   left out   most of all for
──────────────────────────────────────────────────────────
weekly-greeting      9      0          1   no_consent 1

By channel
email  9  ████████████████████████████████████████

By hour, company time
17:00  9  ████████████████████████████████████████

Nothing comes of
campaign         for
───────────────────────────────────────────────
service-notice   it begins by hand
win-back         it does not come in these days

Messages by customer
0  1  █████
1  9  ████████████████████████████████████████
median 1, 95 of 100 up to 1, most 1
1 customer is reached by nothing

Who hears most
customer   messages   from
───────────────────────────────────────
k1                1   weekly-greeting 1
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Ten customers, nine of whom may be written to."""
    made = sample_project(tmp_path / "project")
    people(made, 10)
    return made


def test_people_read_days_campaigns_touches_and_names(project: Path) -> None:
    answer = outreach(project, "simulate", "--days", "2", "--now", NOON)

    assert answer.code == 0
    assert answer.out.startswith(SHOWN)
    assert answer.out.endswith("k0         never                         no_consent\n")


def test_a_terminal_shows_the_day_that_is_reached(project: Path) -> None:
    """And nothing of it is left at the end, nor in the answer."""
    words = ("simulate", "--days", "9", "--now", NOON, "--json")
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "outreach", *words],
        cwd=project, env=environment() | {"TERM": "xterm"}, stdout=subprocess.PIPE, stderr=slave,
    ) as ended:  # fmt: skip
        os.close(slave)
        shown = b"".join(iter(partial(read_some, master), b""))
        answer = json.loads(ended.communicate(timeout=120)[0])
    os.close(master)

    days = re.findall(rb"2026-07-\d\d", shown)
    assert days[0] == b"2026-07-03"
    assert len(set(days)) > 1
    assert answer["customers"] == 10


def read_some(terminal: int) -> bytes:
    """What was shown since; nothing once the command has ended."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def test_programs_get_one_document(project: Path) -> None:
    answer = outreach(project, "simulate", "--days", "2", "--now", NOON, "--json")

    found = answer.json
    greeting = {"send": 9, "hold": 0, "skip": {"no_consent": 1}, "channels": {"email": 9}}
    assert found["days"] == [
        {"date": "2026-07-03", "campaigns": {"weekly-greeting": greeting}},
        {"date": "2026-07-04", "campaigns": {}},
        {"date": "2026-07-05", "campaigns": {}},
    ]
    assert found["touches"] == {"median": 1, "p95": 1, "max": 1, "histogram": {"0": 1, "1": 9}}
    assert found["cost"] == {"currency": "USD", "total": 0, "channels": {}}
    assert (found["unreached"], found["starved"]) == (1, [])
    assert found["forgotten"] == [{"key": "k0", "last_contact_at": None, "why": "no_consent"}]


def test_pictures_and_rows_are_written_where_they_were_asked_for(project: Path) -> None:
    answer = outreach_here(
        project, "simulate", "--days", "1", "--now", NOON, "--rows", "r.csv", "--svg", "drawn"
    )

    assert answer.code == 0
    assert (
        "weekly-greeting, Fri 2026-07-03: 9 messages"
        in (project / "drawn/calendar.svg").read_text()
    )
    assert "1 message: 9 customers" in (project / "drawn/touches.svg").read_text()
    with (project / "r.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 10
    assert rows[1]["planned_at"] == "2026-07-03T21:00:00+00:00"
    assert (rows[1]["decision"], rows[1]["state"]) == ("send", "sent")


def checksums(engine: Engine) -> dict[str, str]:
    """Of each table all that is in it."""
    with reading(engine) as conn:
        return {
            table.name: hashlib.sha256(
                "\n".join(sorted(str(row) for row in conn.execute(select(table)))).encode()
            ).hexdigest()
            for table in metadata.sorted_tables
        }


def files(project: Path) -> dict[str, Any]:
    """Every file of the project but the database itself."""
    return {
        str(path): path.read_bytes()
        for path in project.rglob("*")
        if path.is_file() and "outreach.db" not in path.name
    }


def test_nothing_but_the_copy_changes(tmp_path: Path, engine: Engine, database_url: str) -> None:
    project = sample_project(tmp_path / "project")
    settings = {"database_url": database_url, "secret_key": KEY}
    people(project, 10, **settings)
    before, kept = checksums(engine), files(project)

    answer = outreach_here(project, "simulate", "--days", "8", "--now", NOON, "--json", **settings)

    assert answer.json["channels"] == {"email": 18}
    assert checksums(engine) == before
    assert files(project) == kept


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_simulation_that_is_told_to_end_takes_its_copy_along(
    project: Path, number: signal.Signals
) -> None:
    begun = begin(project, "simulate", "--days", "366", "--now", NOON)
    wait_for(lambda: list(project.glob(".outreach/outreach_scratch_*/copy.db")))

    begun.send_signal(number)

    assert begun.wait(60) == 128 + number
    assert not list(project.glob(".outreach/*scratch_*"))


def test_the_same_question_has_the_same_answer(project: Path) -> None:
    ask = ("simulate", "--days", "3", "--now", NOON, "--json")

    assert outreach_here(project, *ask).out == outreach_here(project, *ask).out


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--every", "7 hours"), "--every: `7 hours` does not part a day evenly"),
        (("--rows", "none/r.csv"), "there is no folder `none`"),
        (("--svg", "c.csv", "--rows", "r.csv"), "`c.csv` can not be made: File exists"),
    ],
)
def test_what_can_not_be_meant_is_refused(
    project: Path, option: tuple[str, ...], said: str
) -> None:
    answer = outreach_here(project, "simulate", "--days", "1", "--now", NOON, *option)

    assert answer.code == 2
    assert said in answer.err
    assert not (project / "r.csv").exists()  # it is told before the days are gone through


def test_who_waits_for_a_message_at_the_end_is_not_one_whom_no_campaign_is_for(
    project: Path,
) -> None:
    """Mails are held for who sleeps."""
    text = WELCOME.replace("{on_event: {kind: signup}, late: 2 days}", NIGHTLY)
    (project / "campaigns/nightly.yaml").write_text(text)
    ask = ("simulate", "--days", "1", "--now", "2026-07-04T12:00")

    found = outreach_here(project, *ask, "--json").json["forgotten"]
    told = outreach_here(project, *ask).out

    assert [each["why"] for each in found] == ["no_consent", *["waiting"] * 9]
    assert "k9         never                         a message for them waits still\n" in told


NIGHTLY = "{cron: '0 23 * * *', timezone: America/New_York, window: '18:00-20:00'}"
ASSUMED = """\
stages:
  development: {open: 100%, click: 50%, reply: 50%, purchase: 100%, amount: 30, opt_out: 50%}
within: {purchase: 12 hours}
"""


@pytest.mark.parametrize("seed", [0, 7])
def test_customers_do_what_is_assumed_and_campaigns_follow(
    tmp_path: Path, engine: Engine, database_url: str, seed: int
) -> None:
    """Who said no gets no second greeting, and whoever orders is in another stage."""
    project = sample_project(tmp_path / "project")
    settings = {"database_url": database_url, "secret_key": KEY}
    people(project, 40, **settings)
    (project / "a.yaml").write_text(ASSUMED)
    before = checksums(engine)
    ask = ("simulate", "--days", "8", "--now", NOON, "--assume", "a.yaml", "--seed", seed, "--json")

    found = outreach_here(project, *ask, **settings).json

    deeds, fridays = found["deeds"], [day for day in found["days"] if day["campaigns"]]
    assert deeds["open"] == deeds["purchase"] == 36
    assert 0 < deeds["click"] < 36
    assert 0 < deeds["opt_out"] < 36
    second = fridays[1]["campaigns"]["weekly-greeting"]
    assert second["skip"]["consent_withdrawn"] == deeds["opt_out"]
    assert second["send"] == 36 - deeds["opt_out"]
    assert found["stages"]["main"]["after"] != found["stages"]["main"]["before"]
    assert outreach_here(project, *ask, **settings).json == found
    assert checksums(engine) == before


SILENT = {
    "service-notice": "it begins by hand",
    "win-back": "it does not come in these days",
}
WELCOME = """\
title: Welcome
owner: mei@example.com
topic: greetings
status: active
audience: everyone
schedule: {on_event: {kind: signup}, late: 2 days}
steps:
  - {id: hello, channels: [email], template: weekly-greeting}
"""


def test_a_campaign_that_an_event_begins_is_named_until_events_are_assumed(
    tmp_path: Path, database_url: str
) -> None:
    project = sample_project(tmp_path / "project")
    settings = {"database_url": database_url, "secret_key": KEY}
    people(project, 20, **settings)
    (project / "campaigns/welcome.yaml").write_text(WELCOME)
    (project / "a.yaml").write_text("events_per_day: {signup: 4}")
    ask = ("simulate", "--days", "3", "--now", NOON)

    nothing = outreach_here(project, *ask, "--json", **settings).json
    told = outreach_here(project, *ask, **settings).out
    found = outreach_here(project, *ask, "--assume", "a.yaml", "--json", **settings).json

    assert nothing["silent"] == SILENT | {"welcome": "an event `signup` begins it, and none came"}
    assert "Nothing comes of" in told
    assert found["silent"] == SILENT
    assert found["deeds"]["signup"] == 12
    welcomed = [day["campaigns"].get("welcome") for day in found["days"]]
    decided = [one["send"] + sum(one["skip"].values()) for one in welcomed if one]
    assert len(decided) >= 3
    assert 9 <= sum(decided) <= 12  # the last ones come when the days are over


def test_what_is_at_fault_and_was_never_active_is_named_with_its_fault(project: Path) -> None:
    (project / "campaigns/welcome.yaml").write_text(WELCOME.replace("topic", "topci"))
    plain = WELCOME.replace("weekly-greeting", "plain")
    (project / "campaigns/plain.yaml").write_text(plain)
    (project / "campaigns/later.yaml").write_text(plain.replace("active", "draft"))
    (project / "templates/plain").mkdir()
    (project / "templates/plain/subject.txt").write_text("{{ nickame }}")
    (project / "templates/plain/body.txt").write_text("Hello")

    answer = outreach(project, "simulate", "--days", "1", "--now", NOON, "--json")

    fault = "campaigns/welcome.yaml:3:1: unknown key `topci`; did you mean `topic`?"
    assert answer.code == 0
    assert answer.json["silent"] == SILENT | {
        "plain": "its templates are at fault: see `outreach check`",
        "welcome": f"its file is at fault: {fault}",
    }


DAILY = """\
title: Daily
owner: mei@example.com
topic: greetings
status: active
audience: everyone
schedule: {cron: "30 11 * * *", timezone: America/New_York}
steps: [{id: hello, channels: [email], template: weekly-greeting}]
"""
IN_STEPS = """\
schedule: {on_event: {kind: signup}, late: 2 days}
steps: [{wait: 5 days}, {id: hello, channels: [email], template: weekly-greeting}]
"""


def test_of_what_began_and_came_to_nothing_it_says_where_that_stands(
    tmp_path: Path, database_url: str
) -> None:
    project = sample_project(tmp_path / "project")
    settings = {"database_url": database_url, "secret_key": KEY}
    people(project, 20, **settings)
    begins = WELCOME.partition("schedule")[0]
    (project / "campaigns/welcome.yaml").write_text(begins + IN_STEPS)
    (project / "campaigns/late.yaml").write_text(DAILY)
    text = DAILY.replace("30 11", "0 13").replace("[email]", "[sms]")
    text = text.replace("weekly-greeting", "noon") + "budget: 0.01\n"
    (project / "campaigns/noon.yaml").write_text(text)
    (project / "templates/noon").mkdir()
    (project / "templates/noon/sms.txt").write_text("It is noon. STOP ends this.")
    phones = "k1,+12025550142,yes\nk2,+12025550144,yes\n"
    (project / "p.csv").write_text("key,phone,consent.sms.greetings\n" + phones)
    words = ("customers", "import", "p.csv", "--consent-source", "form", "--now", BEFORE)
    assert outreach_here(project, *words, **settings).code == 0
    (project / "a.yaml").write_text("events_per_day: {signup: 4}")
    ask = ("simulate", "--days", "1", "--now", NOON, "--assume", "a.yaml", "--json")

    silent = outreach_here(project, *ask, **settings).json["silent"]

    assert silent["welcome"] == "4 are under way in it, and come to no message in these days"
    assert silent["late"] == (
        "it comes behind the last look at the clock: look more often, or a day longer"
    )
    assert silent["noon"] == "its run is held: it would cost 0.02 USD, and `budget` is 0.01"


def test_texts_cost_by_the_length_of_their_own_campaign(tmp_path: Path, database_url: str) -> None:
    """60 of one segment, and later 60 of three: each is rendered 50 times at most."""
    project = sample_project(tmp_path / "project")
    settings = {"database_url": database_url, "secret_key": KEY}
    rules = (project / "outreach.yaml").read_text("utf-8").replace("control_group: 1%\n", "")
    (project / "outreach.yaml").write_text(rules, "utf-8")
    for name, hour, words in (("short", 13, 1), ("long", 15, 50)):
        text = DAILY.replace("30 11", f"0 {hour}").replace("[email]", "[sms]")
        text = text.replace("everyone", f"{{tier: [{name[0].upper()}]}}")
        written = text.replace("weekly-greeting", name)
        (project / f"campaigns/{name}.yaml").write_text(written)
        (project / f"templates/{name}").mkdir()
        (project / f"templates/{name}/sms.txt").write_text("A word. " * words + "STOP ends this.")
    lines = [f"c{n},+1202555{1000 + n},{'SL'[n // 60]},US,America/New_York,yes" for n in range(120)]
    head = "key,phone,tier,country,timezone,consent.sms.greetings"
    (project / "p.csv").write_text("\n".join([head, *lines]))
    words = ("customers", "import", "p.csv", "--consent-source", "form", "--now", BEFORE)
    assert outreach_here(project, *words, **settings).code == 0

    ask = ("simulate", "--days", "1", "--now", NOON, "--json")
    found = outreach_here(project, *ask, **settings).json

    assert found["channels"] == {"sms": 120}
    assert found["cost"]["total"] == round((60 + 60 * 3) * 0.0083, 2)


def test_tasks_that_a_floor_gives_out_are_foreseen(tmp_path: Path, database_url: str) -> None:
    project = sample_project(tmp_path / "project")
    settings = {"database_url": database_url, "secret_key": KEY}
    people(
        project, 3, **settings
    )  # as of today: who is newer than the floor's span is not owed yet
    later = f"{datetime.now(UTC) + timedelta(days=40):%Y-%m-%dT%H:%M}"
    rules = project / "outreach.yaml"
    floor = "\nfloors:\n  - {at_least: 1, per: 30 days, audience: everyone, by: owner}\n"
    rules.write_text(rules.read_text("utf-8") + floor, "utf-8")

    found = outreach_here(
        project, "simulate", "--days", "1", "--now", later, "--json", **settings
    ).json

    assert [(one["title"], one["cause"], one["tasks"]) for one in found["tasks"]] == [
        ("nobody has been in touch for 30 days", "floor", 3)
    ]


def test_assumptions_that_can_not_be_are_told_at_their_place(project: Path) -> None:
    (project / "a.yaml").write_text("stages: {growht: {open: 1%}}\n")

    answer = outreach_here(project, "simulate", "--days", "1", "--now", NOON, "--assume", "a.yaml")

    assert answer.code == 1
    assert answer.out == "a.yaml:1:10: there is no stage `growht`; did you mean `growth`?\n"
