"""`outreach approve`: what must be approved goes out once it is, as it was approved."""

from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Answer, outreach_here, sample_project
from letterbox import people

BEFORE, NOW, NEXT = "2026-07-03T12:00", "2026-07-03T17:00", "2026-07-10T17:00"
MEI, TOM, LI = "mei@example.com", "tom@example.com", "li@example.com"
CAMPAIGN = f"""\
owner: {MEI}
topic: greetings
status: active
audience: everyone
schedule: {{cron: "0 17 * * FRI", timezone: America/New_York, late: 2 hours}}
steps: [{{id: greet, channels: email, template: weekly-greeting}}]
"""
KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
PEOPLE = f"approval: {{people: [{MEI}, {TOM}, {LI}]}}\n"


class Place:
    """A project on a database of its own, with ten customers."""

    def __init__(self, project: Path, url: str) -> None:
        self.project, self.settings = project, {"database_url": url, "secret_key": KEY}
        people(project, 10, ordered=False, **self.settings)

    def call(self, *words: object, at: str = NOW) -> Answer:
        return outreach_here(self.project, *words, "--now", at, **self.settings)

    def write(self, more: str, company: str = PEOPLE, campaign: str = CAMPAIGN) -> None:
        (self.project / "campaigns" / "friday.yaml").write_text(campaign + more)
        path = self.project / "outreach.yaml"
        path.write_text(path.read_text().partition("\napproval:")[0].rstrip() + "\n\n" + company)

    def approve(self, person: str, at: str = NOW) -> Answer:
        return self.call("approve", "friday", "--as", person, "--yes", "--json", at=at)

    def run(self, at: str = NOW) -> list[dict[str, object]]:
        ran = outreach_here(self.project, "run", "--until-idle", "--now", at, **self.settings)
        assert ran.code == 0, ran.out + ran.err
        found = self.call("runs", "list", "--json", at=at).json
        return [{key: each[key] for key in ("id", "state", "reason", "planned")} for each in found]

    def sent(self) -> int:
        return int(self.call("report", "friday", "--json").json["sent"])


@pytest.fixture
def place(tmp_path: Path, new_database_url: Callable[[], str]) -> Place:
    project = sample_project(tmp_path / "project")
    for other in (project / "campaigns").iterdir():
        other.unlink()
    return Place(project, new_database_url())


def test_an_unapproved_run_is_held_and_goes_by_itself_once_it_is_approved(place: Place) -> None:
    place.write("approval: one\n")
    plan = place.call("plan", "friday", "--json", at=BEFORE).json
    held = place.run()
    doctor = place.call("doctor", "--json").json
    resumed = place.call("runs", "resume", 1)
    by_hand = place.call("send", "friday", "--yes", "--json")
    unsent = place.sent()
    approved = place.approve(TOM).json
    gone = place.run()

    why = f"it is not approved by one of {MEI}, {TOM}, {LI}: `outreach approve friday --as PERSON`"
    assert plan["held_back"] == [why]
    assert held == [{"id": 1, "state": "held", "reason": why, "planned": 0}]
    [named] = (each for each in doctor if each["check"] == "run 1")
    assert named == {
        "check": "run 1", "ok": False, "detail": f"friday, held; open messages: 0; {why}",
    }  # fmt: skip
    assert resumed.code == 2
    assert "waits for an approval" in resumed.err
    assert "`outreach approve friday --as PERSON` lets it go" in resumed.err
    assert by_hand.code == 2
    assert "may not go out: it is not approved by one of" in by_hand.json["error"]["message"]
    assert unsent == 0
    assert approved == {"digest": approved["digest"], "approved_by": [TOM], "needed": 1}
    assert gone == [{"id": 1, "state": "done", "reason": None, "planned": 10}]
    assert place.sent() == 9
    assert place.call("plan", "friday", "--json").json["revision"] == approved["digest"][:12]


def test_two_others_than_the_owner_must_approve(place: Place) -> None:
    place.write("approval: two\n")
    place.run()
    owner = place.approve(MEI)
    first = [place.approve(TOM).json["approved_by"] for _ in range(2)]
    held = place.run()
    resumed = place.call("runs", "resume", 1)
    second = place.approve(LI).json
    gone = place.run()

    assert owner.code == 2
    assert "two others must approve it" in owner.json["error"]["message"]
    assert first == [[TOM], [TOM]]
    assert held[0]["state"] == "held"
    assert resumed.code == 2
    assert sorted(second["approved_by"]) == [LI, TOM]
    assert second["needed"] == 2
    assert gone[0]["state"] == "done"


def test_an_edit_takes_an_approval_back_and_its_undoing_gives_it_again(place: Place) -> None:
    template = place.project / "templates" / "weekly-greeting" / "subject.txt"
    place.write("approval: one\n")
    place.approve(TOM)
    before = place.call("plan", "friday", "--json").json["held_back"]
    written = template.read_text()
    template.write_text(written.rstrip() + "!\n")
    edited = place.call("plan", "friday", "--json").json["held_back"]
    held = place.run()
    template.write_text(written)
    undone = place.call("plan", "friday", "--json").json["held_back"]
    doctor = place.call("doctor", "--json").json
    gone = place.run()

    assert before == undone == []
    assert "it is not approved" in edited[0]
    assert held[0]["state"] == "held"
    [named] = (each["detail"] for each in doctor if each["check"] == "run 1")
    assert named == "friday, held; open messages: 0; it begins at a scheduler's next look"
    assert gone == [{"id": 1, "state": "done", "reason": None, "planned": 10}]


def test_a_run_says_what_it_lacks_by_now(place: Place) -> None:
    place.write("approval: two\n")
    before = place.run()
    place.approve(TOM)
    after = place.run()

    assert [each[0]["state"] for each in (before, after)] == ["held", "held"]
    assert before[0]["reason"].startswith(f"it is not approved by two of {TOM}, {LI}: ")
    assert after[0]["reason"].startswith(f"it is approved by {TOM}, and not yet by {LI}: ")


def test_a_held_run_takes_the_words_that_were_approved(place: Place) -> None:
    template = place.project / "templates" / "weekly-greeting" / "subject.txt"
    place.write("approval: one\n")
    place.run()
    template.write_text(template.read_text().rstrip() + "!\n")
    place.approve(TOM)
    gone = place.run()

    assert gone == [{"id": 1, "state": "done", "reason": None, "planned": 10}]
    assert place.sent() == 9


def test_a_held_run_whose_schedule_was_edited_is_not_taken_over(place: Place) -> None:
    place.write("approval: one\n")
    place.run()
    place.write("approval: one\n", campaign=CAMPAIGN.replace("0 17 * * FRI", "0 18 * * FRI"))
    place.approve(TOM)

    assert place.run()[0]["state"] == "held"


def test_what_nobody_approves_expires_with_late(place: Place) -> None:
    place.write("approval: one\n")
    place.run()
    over = place.run("2026-07-03T19:30")
    place.approve(TOM, at="2026-07-03T19:30")
    report = place.call("report", "friday", "--json", at="2026-07-03T20:00").json

    assert over == [{"id": 1, "state": "done", "reason": None, "planned": 10}]
    assert report["sent"] == 0
    assert report["skipped"]["expired"] == 10


def test_a_large_audience_needs_more(place: Place) -> None:
    rules = f"approval: {{people: [{MEI}, {TOM}, {LI}], above: {{audience: 9, least: two}}}}\n"
    place.write("", rules)
    held = place.run()
    few = place.call("send", "friday", "--to", "k1", "--yes", "--json", at=BEFORE)
    place.approve(TOM)
    still = place.run()
    place.approve(LI)
    gone = place.run()

    assert held[0]["state"] == still[0]["state"] == "held"
    assert few.code == 0
    assert gone[0]["state"] == "done"


def test_the_company_may_ask_for_it_of_every_campaign(place: Place) -> None:
    place.write("", f"approval: {{people: {TOM}, least: one}}\n")

    assert place.run()[0]["reason"] == (
        f"it is not approved by {TOM}: `outreach approve friday --as PERSON`"
    )


def test_who_is_no_longer_named_approved_nothing(place: Place) -> None:
    place.write("approval: one\n")
    place.approve(TOM)
    place.write("approval: one\n", f"approval: {{people: [{LI}]}}\n")

    assert (
        "it is not approved by li@" in place.call("plan", "friday", "--json").json["held_back"][0]
    )


def test_brake_compares_with_the_audience_that_was_approved(place: Place) -> None:
    place.write("approval: one\nbrake: 50%\n")
    place.approve(TOM)
    people(place.project, 16, ordered=False, **place.settings)
    held = place.run()
    resumed = place.call("runs", "resume", 1)
    gone = place.run()
    place.approve(LI, at=NEXT)
    following = place.call("plan", "friday", "--json", at="2026-07-09T12:00").json

    why = f"its audience is 16, 60% more than the 10 that {TOM} approved, and `brake` is 50%"
    assert held[0]["reason"] == f"{why}: let it go with `outreach runs resume 1`, or cancel it"
    assert resumed.code == 0
    assert gone[0]["state"] == "done"
    assert following["held_back"] == []


def test_it_says_what_is_approved_and_asks(place: Place) -> None:
    place.write("approval: two\n")
    asked = place.call("approve", "friday", "--as", TOM)
    silent = place.call("approve", "friday", "--as", TOM, "--json")
    said = place.call("approve", "friday", "--as", TOM, "--yes")

    assert asked.code == silent.code == 2
    assert "nobody can be asked whether to approve it; add `--yes`" in asked.err
    assert f"Nothing goes out before two of {TOM}, {LI} approve it as it stands." in asked.out
    assert "audience  10" in asked.out
    assert "two persons must approve it" in asked.out
    assert (
        place.call("plan", "friday", "--json")
        .json["held_back"][0]
        .startswith(f"it is approved by {TOM}, and not yet by {LI}: ")
    )
    assert f"is approved by {TOM}\none more must approve it before it goes out" in said.out


def test_who_may_not_is_told_who_may(place: Place) -> None:
    place.write("approval: one\n")
    wrong = place.approve("tim@example.com").json["error"]
    place.write("approval: one\n", campaign=CAMPAIGN.replace("active", "draft"))
    draft = place.approve(TOM).json["error"]

    assert wrong["message"] == "`tim@example.com` may not approve"
    assert TOM in wrong["hint"]
    assert draft["message"] == "campaign `friday` is not active: its status is `draft`"


def test_a_triggered_campaign_starts_nothing_before_it_is_approved(place: Place) -> None:
    schedule = "schedule: {on_event: {kind: visit}, late: 2 hours}"
    lines = [schedule if each.startswith("schedule") else each for each in CAMPAIGN.splitlines()]
    place.write("approval: one\n", campaign="\n".join(lines) + "\n")
    place.run(BEFORE)
    for key, at in (("k1", "12:10"), ("k2", "16:00")):
        file = place.project / "e.csv"
        file.write_text(f"key,kind,at,id\n{key},visit,2026-07-03T{at},{key}\n")
        assert place.call("events", "import", "e.csv", at=f"2026-07-03T{at}").code == 0
    place.run()
    before = place.sent()
    place.approve(TOM)
    place.run()

    assert before == 0
    assert place.sent() == 1  # of k2: what happened earlier is past its `late`


def test_check_refuses_what_nobody_could_approve(place: Place) -> None:
    def told() -> list[str]:
        found = place.call("check", "--json").json
        return [each["message"] for each in found if "warning" not in each["code"]]

    place.write("approval: two\n", f"approval: {{people: [{MEI}, {TOM}]}}\n")
    owner = told()
    place.write("approval: one\n", "")
    nobody = told()
    place.write("", f"approval: {{people: [{MEI}], least: two}}\n")
    few = told()
    place.write("", f"approval: {{people: [{MEI}, {TOM}], least: twoo}}\n")
    wrong = place.call("check", "--json").json

    assert owner == [f"two must approve it, not its owner {MEI}: that leaves {TOM}"]
    assert nobody == ["somebody must approve it, and outreach.yaml names too few who may"]
    assert few == ["`two` must approve, and `people` names 1"]
    assert "`two`" in wrong[0]["hint"]


def test_simulate_is_as_if_it_were_approved(place: Place) -> None:
    place.write("approval: one\n")
    days = place.call("simulate", "--days", "2", "--json", at=BEFORE).json["days"]

    assert sum(day["campaigns"].get("friday", {}).get("send", 0) for day in days) == 9
