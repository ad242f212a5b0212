"""`outreach correct`: a run stopped, and corrected to those who got it, on either database."""

import shutil
import signal
import sys
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import pytest
from commands import Answer, environment, outreach, outreach_here, sample_project
from letterbox import BEFORE
from pythons import Process
from sqlalchemy import Pool, create_engine, event, text

AT = "2026-07-06T12:00+02:00"  # in Berlin; in New York it is six in the morning
LATER = "2026-07-06T12:30+02:00"
PEOPLE = """\
key,first_name,email,timezone,country,consent.email.offers
a,Ann,a@example.com,Europe/Berlin,DE,yes
b,Bob,b@example.com,Europe/Berlin,DE,yes
c,Cid,c@example.com,Europe/Berlin,DE,yes
n,Nan,n@example.com,America/New_York,US,yes
x,Xia,x@example.com,Europe/Berlin,DE,
"""
CAMPAIGN = """\
title: Prices
owner: mei@example.com
topic: offers
status: active
audience: everyone
schedule: {manual: true, late: 12 hours}
steps: [{id: offer, channels: [email], template: prices}]
"""
OFFERS = ("--channel", "email", "--topic", "offers", "--source", "form")
DYING = """\
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from outreach.cli.frame import run

left = int(sys.argv[1])

@event.listens_for(Engine, "commit")
def count(_):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

sys.exit(run(sys.argv[2:]))
"""  # by `kill -9` before its commit of this number
BODY = "{{ first_name }}: %s\n{{ brand.postal_address }} {{ unsubscribe_url }}\n"


class Shop:
    """A project with a run that said the wrong price to a, b and c; n's waits for the morning."""

    def __init__(self, project: Path, settings: dict[str, str]) -> None:
        self.project, self.settings = project, settings

    def here(self, *words: object) -> Answer:
        """The answer of a command from within this process."""
        return outreach_here(self.project, *words, **self.settings)

    def run(self, at: str) -> None:
        """Send what is due."""
        words = ("run", "--until-idle", "--now", at)
        assert outreach(self.project, *words, **self.settings).code == 0

    def killed(self, number: int, *words: str) -> bool:
        """Run a command that is killed before its commit of a number; False: it had fewer."""
        command = [sys.executable, "-c", DYING, str(number), *words]
        code = Process(command, self.project, environment(**self.settings), DEVNULL).wait(60)
        assert code in (0, -signal.SIGKILL)
        return code != 0

    def rows(self, query: str) -> list[Any]:
        """What is in the database."""
        engine = create_engine(self.settings["database_url"])
        with engine.connect() as conn:
            found = conn.execute(text(query)).all()
        engine.dispose()
        return list(found)

    def change(self, statement: str) -> None:
        """Let what is in the database be otherwise."""
        engine = create_engine(self.settings["database_url"])
        with engine.begin() as conn:
            conn.execute(text(statement))
        engine.dispose()

    def sent(self, words: str) -> list[str]:
        """Who was sent a mail with these words."""
        mails = (path.read_text() for path in (self.project / ".outreach/outbox").rglob("*.eml"))
        lines = [line for mail in mails if words in mail for line in mail.splitlines()]
        return sorted(line.removeprefix("To: ") for line in lines if line.startswith("To: "))


@pytest.fixture
def shop(tmp_path: Path, database_url: str) -> Shop:
    """It, after the run has sent what was due."""
    project = sample_project(tmp_path / "project")
    rules = (project / "outreach.yaml").read_text()
    (project / "outreach.yaml").write_text(rules.replace("control_group: 1%\n", ""))
    (project / "campaigns/prices.yaml").write_text(CAMPAIGN)
    for name, words in (("prices", "It is 10 dollars"), ("right-price", "It is 100 dollars")):
        (project / f"templates/{name}").mkdir()
        (project / f"templates/{name}/subject.txt").write_text("A price")
        (project / f"templates/{name}/body.txt").write_text(BODY % words)
    (project / "c.csv").write_text(PEOPLE)
    settings = {"database_url": database_url, "secret_key": "0123456789abcdefghijklmnopqrstuvwxyz"}
    found = Shop(project, settings)
    words = ("customers", "import", "c.csv", "--consent-source", "form", "--now", BEFORE)
    assert found.here(*words).code == 0
    assert found.here("send", "prices", "--yes", "--now", AT).code == 0
    found.run(AT)
    return found


def test_who_got_it_gets_the_correction_and_who_did_not_gets_neither(shop: Shop) -> None:
    no = ("consent", "withdraw", "c", "--channel", "email", "--topic", "offers", "--source", "call")
    assert shop.here(*no, "--now", LATER).code == 0

    answer = shop.here("correct", 1, "--template", "right-price", "--yes", "--json", "--now", LATER)
    shop.run(LATER)
    shop.run("2026-07-06T20:00+02:00")  # n is awake

    found = answer.json
    assert (answer.code, found["campaign"], found["template"]) == (0, "prices", "right-price")
    assert found["reached"] == {"got": 3, "maybe": 0, "unsent": 0, "cancelled": 1}
    [run] = found["corrections"]
    assert (run["run"], run["channel"], run["send"], run["hold"]) == (2, "email", 2, 0)
    assert run["skip"] == {"consent_withdrawn": 1}  # caps would have said `capped` of all
    assert shop.sent("It is 10 dollars") == ["a@example.com", "b@example.com", "c@example.com"]
    assert shop.sent("It is 100 dollars") == ["a@example.com", "b@example.com"]
    [logged] = shop.rows("SELECT subject, detail FROM audit WHERE action = 'run corrected'")
    assert logged.subject == "1"
    assert "caps do not hold for it, once" in str(logged.detail)


def test_the_very_words_that_were_wrong_correct_nothing(shop: Shop) -> None:
    words = ("correct", 1, "--template", "prices", "--now", LATER)

    same = [shop.here(*words, *more) for more in ((), ("--yes",))]
    unsent = shop.here("runs", "show", 1, "--json", "--now", LATER).json
    (shop.project / "templates/prices/body.txt").write_text(BODY % "It is 100 dollars")
    mended = shop.here(*words, "--yes", "--json")

    assert [(each.code, each.err) for each in same] == [(
        2,
        "outreach: run 1 went out with `prices` as it stands: it would say the same again; mend "
        "templates/prices/, or write the correction as a template of its own\n",
    )] * 2  # fmt: skip
    assert "cancelled" not in str(unsent)  # nothing was stopped
    assert mended.json["corrections"][0]["send"] == 3


def test_called_again_it_makes_nothing_twice_and_tells_how_both_stand(shop: Shop) -> None:
    words = ("correct", 1, "--template", "right-price", "--yes", "--json", "--now", LATER)
    first = shop.here(*words).json
    shop.run(LATER)

    again = shop.here(*words).json
    other = shop.here("correct", 1, "--template", "prices", "--yes", "--now", LATER)

    assert first["corrections"][0]["states"] == {"due": 3}
    assert again["corrections"][0]["states"] == {"sent": 3}
    assert [each["run"] for each in again["corrections"]] == [2]
    assert shop.sent("It is 100 dollars") == ["a@example.com", "b@example.com", "c@example.com"]
    assert (other.code, other.err) == (
        2,
        "outreach: run 1 is corrected by run 2 with `right-price` already; correct that one:"
        " `outreach correct 2`\n",
    )


def test_a_run_that_went_by_two_channels_is_corrected_by_a_run_for_each(shop: Shop) -> None:
    at, later = "2026-07-16T12:00+02:00", "2026-07-16T12:30+02:00"
    both = CAMPAIGN.replace("[email]", "[sms, email]")
    (shop.project / "campaigns/both.yaml").write_text(both)
    for name, words in (("prices", "10"), ("right-price", "100")):
        (shop.project / f"templates/{name}/sms.txt").write_text(f"It is {words} dollars. STOP")
    (shop.project / "p.csv").write_text("key,phone,consent.sms.offers\nb,+4915112345678,yes\n")
    people = ("customers", "import", "p.csv", "--consent-source", "form", "--now", at)
    assert shop.here(*people).code == 0
    assert shop.here("send", "both", "--yes", "--now", at).code == 0
    shop.run(at)

    words = ("correct", 2, "--template", "right-price", "--yes", "--json", "--now", later)
    first, again = shop.here(*words), shop.here(*words)

    assert first.code == 0, first.err
    told = [(each["channel"], each["send"]) for each in first.json["corrections"]]
    assert told == [("email", 2), ("sms", 1)]
    assert again.json["corrections"] == first.json["corrections"]


def test_ended_between_stopping_and_planning_it_goes_on(shop: Shop) -> None:
    assert shop.here("runs", "cancel", 1, "--now", LATER).code == 0

    found = shop.here("correct", 1, "--template", "right-price", "--yes", "--json", "--now", LATER)

    assert found.json["reached"] == {"got": 3, "maybe": 0, "unsent": 0, "cancelled": 1}
    assert found.json["corrections"][0]["send"] == 3


def test_killed_before_one_of_its_commits_after_another_it_goes_on_and_makes_nothing_twice(
    shop: Shop,
) -> None:
    words = ("correct", "1", "--template", "right-price", "--yes", "--json", "--now", LATER)

    deaths = sum(shop.killed(number, *words) for number in range(1, 9))
    found = shop.here(*words).json
    shop.run(LATER)
    shop.run("2026-07-06T20:00+02:00")

    assert deaths >= 4  # the run cancelled, its messages, the correction made, planned
    assert found["reached"] == {"got": 3, "maybe": 0, "unsent": 0, "cancelled": 1}
    assert [each["send"] for each in found["corrections"]] == [3]
    got = ["a@example.com", "b@example.com", "c@example.com"]
    assert (shop.sent("It is 10 dollars"), shop.sent("It is 100 dollars")) == (got, got)
    assert len(shop.rows("SELECT id FROM audit WHERE action = 'run corrected'")) == 1


def test_of_two_at_once_with_two_templates_one_corrects_and_the_other_is_told(shop: Shop) -> None:
    """The one has cancelled the run when the other comes and is through before it goes on."""
    more = ("--yes", "--now", LATER)
    first: list[Answer] = []
    looks: list[int] = []
    shutil.copytree(shop.project / "templates/right-price", shop.project / "templates/other")
    (shop.project / "templates/other/body.txt").write_text(BODY % "It is 90 dollars")

    def go_first(*_: object) -> None:
        if looks or first:
            return
        looks.append(1)  # a look itself gives its connection back
        if shop.rows("SELECT id FROM runs WHERE state = 'cancelled'"):
            words = ("correct", 1, "--template", "right-price", *more)
            first.append(outreach(shop.project, *words, **shop.settings))
        looks.clear()

    event.listen(Pool, "checkin", go_first)
    try:
        second = shop.here("correct", 1, "--template", "other", *more)
    finally:
        event.remove(Pool, "checkin", go_first)
    shop.run(LATER)

    assert [each.code for each in first] == [0], first
    assert (second.code, second.out) == (2, "")
    assert "run 1 is corrected by run 2 with `right-price` already" in second.err
    assert shop.sent("It is 100 dollars") == ["a@example.com", "b@example.com", "c@example.com"]
    assert len(shop.rows("SELECT id FROM audit WHERE action = 'run corrected'")) == 1


def test_who_was_merged_since_gets_it_as_the_customer_who_counts_for_both(shop: Shop) -> None:
    assert shop.here("consent", "grant", "x", *OFFERS, "--now", BEFORE).code == 0
    assert shop.here("customers", "merge", "--yes", "a", "x", "--now", LATER).code == 0
    assert shop.here("customers", "merge", "--yes", "b", "c", "--now", LATER).code == 0

    found = shop.here("correct", 1, "--template", "right-price", "--yes", "--json", "--now", LATER)
    shop.run(LATER)

    assert found.json["corrections"][0]["send"] == 2
    assert shop.sent("It is 100 dollars") == ["c@example.com", "x@example.com"]


def test_a_correction_goes_over_with_who_was_merged_before_it_went(shop: Shop) -> None:
    again = ("correct", 1, "--template", "right-price", "--yes", "--json", "--now", LATER)
    assert shop.here("consent", "grant", "x", *OFFERS, "--now", BEFORE).code == 0
    assert shop.here(*again).json["corrections"][0]["send"] == 3

    assert shop.here("customers", "merge", "--yes", "a", "x", "--now", LATER).code == 0
    merged = shop.here(*again).json["corrections"][0]
    shop.run(LATER)

    assert (merged["send"], merged["states"]) == (3, {"due": 3})
    assert shop.sent("It is 100 dollars") == ["b@example.com", "c@example.com", "x@example.com"]


def test_consent_that_ends_and_records_that_close_before_it_goes_count_no_more(shop: Shop) -> None:
    again = ("correct", 1, "--template", "right-price", "--yes", "--json", "--now", LATER)
    assert shop.here(*again).json["corrections"][0]["send"] == 3

    assert shop.here("customers", "merge", "--yes", "a", "b", "--now", LATER).code == 0
    merged = shop.here(*again).json["corrections"][0]
    assert shop.here("consent", "withdraw", "c", *OFFERS, "--now", LATER).code == 0
    shop.run(LATER)
    sent = shop.here(*again).json["corrections"][0]

    assert (merged["send"], merged["states"]) == (2, {"due": 2, "cancelled": 1})
    assert (sent["send"], sent["skip"]) == (1, {"consent_withdrawn": 1})
    assert shop.sent("It is 100 dollars") == ["b@example.com"]


def test_nothing_of_a_run_that_had_ended_goes_out_again_once_it_is_corrected(shop: Shop) -> None:
    shop.run("2026-07-06T20:00+02:00")
    shop.change("UPDATE deliveries SET state = 'unknown' WHERE id = 1")
    assert [row.state for row in shop.rows("SELECT state FROM runs")] == ["done"]

    found = shop.here("correct", 1, "--template", "right-price", "--yes", "--json", "--now", LATER)
    again = shop.here("runs", "settle", 1, "--again", "--now", LATER)

    assert found.json["reached"] == {"got": 3, "maybe": 1, "unsent": 0, "cancelled": 0}
    assert (again.code, again.err) == (
        2, "outreach: run 1 is cancelled; nothing of it is sent any more\n",
    )  # fmt: skip


def test_nothing_is_done_where_nobody_says_yes(shop: Shop) -> None:
    answer = shop.here("correct", 1, "--template", "right-price", "--now", LATER)
    none = shop.here("correct", 1, "--template", "right-prise", "--yes", "--now", LATER)

    assert answer.code == 2
    assert "nobody can be asked whether to correct; add `--yes`" in answer.err
    assert answer.out.splitlines()[:4] == [
        "Run 1 of prices", "got it           3", "may have got it  0", "unsent           1",
    ]  # fmt: skip
    assert [row.state for row in shop.rows("SELECT state FROM runs")] == ["running"]
    assert none.err == "outreach: there is no template `right-prise`; did you mean `right-price`?\n"


def test_what_it_would_look_like_stands_beside_what_was_sent(shop: Shop) -> None:
    answer = shop.here("correct", 1, "--template", "right-price", "--now", LATER)

    assert "a got:\n    A price\n    Ann: It is 10 dollars\n" in answer.out
    assert "a would get:\n    A price\n    Ann: It is 100 dollars\n" in answer.out


@pytest.mark.parametrize(("change", "said"), [
    ((), None),
    (("manual: true, late: 12 hours", "cron: '0 9 * * TUE', timezone: Europe/Berlin"),
     "prices is still active and comes again Tuesday 2026-07-07 09:00 Europe/Berlin"
     " with `prices`"),
    (("manual: true, late: 12 hours", "on_event: order"),
     "prices is still active and goes to everyone who comes in, with `prices`"),
    (("manual: true, late: 12 hours", "cron: '0 9 * * TUE'", "active", "paused"), None),
    (("manual: true, late: 12 hours", "cron: '0 9 * * TUE'", "template: prices",
      "template: right-price"), None),
    (("manual: true, late: 12 hours", "at: 2026-07-01T09:00"), None),
])  # fmt: skip
def test_it_says_when_the_wrong_words_come_again(
    shop: Shop, change: tuple[str, ...], said: str | None
) -> None:
    campaign = CAMPAIGN
    for old, new in zip(change[::2], change[1::2], strict=True):
        campaign = campaign.replace(old, new)
    (shop.project / "campaigns/prices.yaml").write_text(campaign)

    before = shop.here("correct", 1, "--template", "right-price", "--now", LATER)
    after = shop.here("correct", 1, "--template", "right-price", "--yes", "--json", "--now", LATER)

    again = after.json["comes_again"]
    assert (again and again["said"]) == said
    end = f"{said}: set `status: paused`, or correct its template"
    assert before.out.endswith(f"{end}\n") is (said is not None), before.out


def test_words_that_were_mended_do_not_come_again(shop: Shop) -> None:
    text = CAMPAIGN.replace("manual: true, late: 12 hours", "cron: '0 9 * * TUE'")
    (shop.project / "campaigns/prices.yaml").write_text(text)
    (shop.project / "templates/prices/body.txt").write_text(BODY % "It is 100 dollars")

    found = shop.here("correct", 1, "--template", "right-price", "--yes", "--json", "--now", LATER)

    assert found.json["comes_again"] is None


def test_several_runs_are_corrected_by_one_call_and_none_where_one_can_not_be(shop: Shop) -> None:
    words = ("--template", "right-price", "--yes", "--json", "--now", LATER)
    assert shop.here("correct", 1, *words).code == 0
    (shop.project / "templates/right-price/body.txt").write_text(BODY % "It is 101 dollars")

    none = shop.here("correct", 2, 99, *words)
    before = [row.state for row in shop.rows("SELECT state FROM runs ORDER BY id")]
    found = shop.here("correct", 1, 2, *words)

    assert (none.code, before) == (2, ["cancelled", "running"])
    assert [each["run"] for each in found.json] == [1, 2]
    assert [len(each["corrections"]) for each in found.json] == [1, 0]
