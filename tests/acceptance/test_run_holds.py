"""Runs that a person stops, and runs and channels that hold themselves, by the real command."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from commands import NOW, begin, outreach, outreach_here
from consent_race import Recorder, recorder
from letterbox import people
from scripted_smtp import Post, only_password, smtp_server
from waiting import wait_for

KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
CUSTOMERS = 200
LEFT_OUT = {"no_consent": 20, "control_group": 4}
SENT_TO = CUSTOMERS - sum(LEFT_OUT.values())
Settings = dict[str, str]


@pytest.fixture
def settings(database_url: str) -> Settings:
    return {"database_url": database_url, "secret_key": KEY, "in_flight": "16"}


@contextmanager
def sending(project: Path, settings: Settings) -> Iterator[None]:
    """`outreach run` at work, ended in order."""
    process = begin(project, "run", "--now", NOW, **settings)
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(30) == 0


def runs(project: Path, settings: Settings, *words: object) -> Any:
    answer = outreach_here(project, "runs", *words, "--json", **settings)
    assert answer.code == 0, answer.err
    return answer.json


def begun_between(post: Recorder, since: float, until: float = float("inf")) -> list[str]:
    return [to for to, at in post.begun.items() if any(since < each < until for each in at)]


def run_of_greeting(project: Path, settings: Settings) -> int:
    [run] = runs(project, settings, "list", "weekly-greeting")
    return int(run["id"])


def test_a_pause_stops_it_and_a_resumption_repeats_nothing(
    project: Path, settings: Settings
) -> None:
    people(project, CUSTOMERS, **settings)
    with recorder(pause_seconds=0.02) as post:
        settings["smtp_url"] = post.url
        with sending(project, settings):
            wait_for(lambda: len(post.begun) > 20)
            run = run_of_greeting(project, settings)
            paused = runs(project, settings, "pause", run)
            paused_at = time.monotonic()
            wait_for(
                lambda: (
                    not {"claimed", "handing"}
                    & runs(project, settings, "show", run)["states"].keys()
                )
            )
            stopped = runs(project, settings, "show", run)["states"]
            resumed_at = time.monotonic()
            runs(project, settings, "resume", run)
            wait_for(lambda: len(post.begun) == SENT_TO)

    assert paused["state"] == "paused"
    assert stopped.keys() == {"sent", "due", "skipped"}
    assert 20 < stopped["sent"] < SENT_TO
    assert begun_between(post, paused_at, resumed_at) == []
    assert {len(at) for at in post.begun.values()} == {1}


def test_a_cancelled_run_keeps_what_went_out(project: Path, settings: Settings) -> None:
    people(project, CUSTOMERS, **settings)
    with recorder(pause_seconds=0.02) as post:
        settings["smtp_url"] = post.url
        with sending(project, settings):
            wait_for(lambda: len(post.begun) > 20)
            run = run_of_greeting(project, settings)
            runs(project, settings, "cancel", run)
            cancelled_at = time.monotonic()
            wait_for(
                lambda: (
                    not {"claimed", "handing"}
                    & runs(project, settings, "show", run)["states"].keys()
                )
            )
        shown = runs(project, settings, "show", run)

    assert shown["state"] == "cancelled"
    assert begun_between(post, cancelled_at) == []
    assert shown["states"].keys() == {"sent", "cancelled", "skipped"}
    assert shown["states"]["sent"] == len(post.begun)
    assert sum(shown["states"].values()) == shown["planned"] == CUSTOMERS


def test_a_run_whose_addresses_are_refused_holds_itself_and_is_resumed_by_a_person(
    project: Path, settings: Settings
) -> None:
    people(project, CUSTOMERS, **settings)
    greeting = project / "campaigns/weekly-greeting.yaml"  # or what is refused waits for a text
    greeting.write_text(greeting.read_text().replace("[sms, email]", "[email]"))
    file = project / "outreach.yaml"
    file.write_text(
        file.read_text().replace(
            "  email:\n", "  email:\n    hold_at: {share: 20%, least: 15}\n", 1
        )
    )
    post = Post(script=lambda stage, _to: "550 5.1.1 No such user" if stage == "rcpt" else None)
    with smtp_server(post):
        settings["smtp_url"] = post.url
        ended = outreach(project, "run", "--until-idle", "--now", NOW, "--json", **settings)
        run = run_of_greeting(project, settings)
        held = runs(project, settings, "show", run)
        doctor = outreach(project, "doctor", "--now", NOW, **settings)
        post.script = lambda _stage, _to: None
        resumed = runs(project, settings, "resume", run)
        outreach(project, "run", "--until-idle", "--now", NOW, **settings)
        done = runs(project, settings, "show", run)

    failed = ended.json["failed"]
    assert 15 <= failed < SENT_TO
    assert held["state"] == "held"
    assert held["reason"].endswith("refused for good, mostly `550 5.1.1 No such user` (address)")
    assert "run is held" in ended.err
    assert "suppressions lifted" in ended.err
    assert doctor.code == 1
    assert held["reason"] in doctor.out
    assert resumed["state"] == "planning"
    assert done["skipped"] == LEFT_OUT
    assert done["states"] == {"sent": SENT_TO - failed, "failed": failed, "skipped": 24}
    assert len(set(post.recipients)) == len(post.recipients) == SENT_TO - failed


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
def test_a_channel_that_refuses_us_is_held_told_and_let_go_on(
    project: Path, settings: Settings
) -> None:
    people(project, 20, **settings)
    with smtp_server(Post(), user="shop:secret@", **only_password(b"secret")) as post:
        wrong = {**settings, "smtp_url": post.url.replace("secret", "guess")}
        place = post.url.rpartition("@")[2]
        ended = outreach(project, "run", "--until-idle", "--now", NOW, "--json", **wrong)
        waited = outreach(project, "run", "--until-idle", "--now", NOW, **wrong)
        listed = outreach_here(project, "runs", "list", **wrong)
        shown = runs(project, wrong, "show", run_of_greeting(project, wrong))
        doctor = outreach(project, "doctor", "--now", NOW, **wrong)
        plan = outreach_here(
            project, "plan", "weekly-greeting", "--at", NOW, "--now", NOW, "--json", **wrong
        )
        resumed = outreach_here(project, "runs", "resume", "--channel", "email", **wrong)
        right = {**settings, "smtp_url": post.url, "retry_first_seconds": "0.1"}
        _forget_waits(settings["database_url"])
        sent = outreach(project, "run", "--until-idle", "--now", NOW, "--json", **right)
        again = outreach_here(project, "runs", "resume", "--channel", "email", **right)

    assert (ended.code, ended.json["sent"], ended.json["error"]["code"]) == (3, 0, "setup")
    assert f"email: {place} can not be used since" in ended.err
    assert waited.code == 3  # held from before: nothing is tried, and it says so
    assert f"email: {place} can not be used since" in waited.err
    assert "channel is held" in ended.err
    assert "guess" not in ended.err + doctor.out + listed.out
    [hold] = shown["channels_held"]
    assert (hold["channel"], hold["place"], hold["stage"]) == ("email", place, "auth")
    assert "email is held since" in listed.out
    assert f"{place} said 535 5.7.8" in listed.out
    assert doctor.code == 1
    assert f"{place} said 535 5.7.8" in doctor.out
    assert "`outreach runs resume --channel email`" in doctor.out
    assert "channel_held" not in plan.json["skip"] | plan.json["held"]
    assert resumed.out == "email goes on\n"
    assert sent.json == {"sent": 18, "failed": 0, "unknown": 0}
    assert again.out == "email is not held\n"


def _forget_waits(database_url: str) -> None:
    """As if the minute that each refused message waits had passed."""
    from outreach.store.engine import dispose, make_engine, writing
    from outreach.store.tables import deliveries

    engine = make_engine(database_url)
    with writing(engine) as conn:
        conn.execute(deliveries.update().values(retry_at=None))
    dispose(engine)


def test_resume_wants_a_run_or_a_channel(project: Path) -> None:
    assert outreach_here(project, "runs", "resume").code == 2
    assert outreach_here(project, "runs", "resume", 1, "--channel", "email").code == 2
    unknown = outreach_here(project, "runs", "resume", "--channel", "emial")
    assert (unknown.code, "did you mean `email`" in unknown.err) == (2, True)
