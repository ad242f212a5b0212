"""A backup brought back after messages were sent: nothing goes out twice unless somebody says so."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from commands import NOW, outreach, outreach_here
from letterbox import letterbox, people


def back_up(project: Path) -> None:
    state = project / ".outreach"
    with (
        closing(sqlite3.connect(state / "outreach.db")) as source,
        closing(sqlite3.connect(state / "backup.db")) as copy,
    ):
        source.backup(copy)


def bring_back(project: Path) -> None:
    state = project / ".outreach"
    for path in state.glob("outreach.db*"):
        path.unlink()
    shutil.copyfile(state / "backup.db", state / "outreach.db")


@pytest.mark.parametrize("planned", [True, False], ids=["planned before", "planned after"])
def test_what_was_sent_after_the_backup_is_not_sent_again_until_resumed(
    project: Path, planned: bool
) -> None:
    people(project, 20)
    if planned:
        outreach_here(project, "send", "weekly-greeting", "--yes", "--now", NOW)
    back_up(project)

    with letterbox() as box:
        run = ("run", "--until-idle", "--now", NOW, "--json")
        first = outreach(project, *run, smtp_url=box.url)
        bring_back(project)
        second = outreach(project, *run, smtp_url=box.url)
        held = outreach_here(project, "runs", "list", "weekly-greeting", "--json").json
        doctor = outreach_here(project, "doctor", "--json", "--now", NOW, smtp_url=box.url)
        went_out = box.recipients.total()
        for each in held:
            outreach_here(project, "runs", "resume", each["id"], "--now", NOW)
        third = outreach(project, *run, smtp_url=box.url)

    assert first.json["sent"] == went_out > 0
    assert second.json == {"sent": 0, "failed": 0, "unknown": 0}
    assert {each["state"] for each in held} == {"held"}
    assert all("restored backup" in each["reason"] for each in held)
    wrong = [each["detail"] for each in doctor.json if not each["ok"]]
    assert doctor.code == 1
    assert any("restored backup" in each for each in wrong)
    assert third.json["sent"] == went_out
    assert "a restored backup?" in second.err


def test_doctor_tells_of_a_restored_backup_before_anything_is_started(project: Path) -> None:
    people(project, 5)
    back_up(project)
    outreach_here(project, "run", "--until-idle", "--now", NOW)
    well = outreach_here(project, "doctor", "--json", "--now", NOW)
    bring_back(project)

    ill = outreach_here(project, "doctor", "--json", "--now", NOW)

    def said(answer: object) -> dict[str, object]:
        [found] = [each for each in answer.json if each["check"] == "sent until"]  # type: ignore[attr-defined]
        return found

    assert said(well)["ok"] is True
    assert said(ill)["ok"] is False
    assert "a restored backup?" in str(said(ill)["detail"])
