"""`outreach feedback`, and what COMPLIANCE says of bounces, complaints and machines' answers."""

import io
import shutil
import threading
import time
from contextlib import closing
from pathlib import Path

import mails
import pytest
from commands import NOW, Answer, outreach, outreach_here, sample_project
from letterbox import letterbox, people
from mails import recipient_fields

from outreach import tokens
from outreach.app.context import open_context
from outreach.app.feedback import watched
from outreach.channels.email.return_path import return_path
from outreach.tokens import Purpose

KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
MAILBOX = "bounces@example.com"
GONE = recipient_fields("failed", "5.1.1", "smtp; 550 5.1.1 no such user")


def with_bounces(project: Path) -> Path:
    """The project with a signed return path."""
    rules = project / "outreach.yaml"
    rules.write_text(rules.read_text().replace("connections: 4", f"bounces: {MAILBOX}"))
    return project


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A project whose nine mails went out, and the envelope senders that the server was told."""
    project = with_bounces(sample_project(tmp_path_factory.mktemp("sent") / "project"))
    greeting = project / "campaigns/weekly-greeting.yaml"
    greeting.write_text(greeting.read_text().replace("[sms, email]", "[email]"))
    people(project, 10)
    with letterbox() as box:
        settings = {"smtp_url": box.url, "secret_key": KEY}
        done = outreach_here(project, "run", "--until-idle", "--now", NOW, **settings)
    assert done.code == 0
    return project, sorted(box.senders)


@pytest.fixture
def project(sent: tuple[Path, list[str]], tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(sent[0], tmp_path / "project")


def receive(project: Path, raw: bytes, *more: str) -> Answer:
    mail = project / "mail.eml"
    mail.write_bytes(raw)
    words = ("feedback", "receive", mail.name, "--json", "--now", NOW, *more)
    return outreach_here(project, *words, secret_key=KEY)


def report(project: Path) -> dict[str, int]:
    counts = outreach_here(project, "report", "--json", secret_key=KEY).json
    return {name: counts[name] for name in ("sent", "bounced", "complained")}


def test_each_mail_goes_out_with_a_return_path_of_its_own(sent: tuple[Path, list[str]]) -> None:
    signed = {return_path(MAILBOX, tokens.sign([KEY], Purpose.BOUNCE, n)) for n in range(1, 20)}

    assert len(set(sent[1])) == 9
    assert set(sent[1]) <= signed


def test_compliance_7_a_hard_bounce_suppresses_at_once(
    sent: tuple[Path, list[str]], project: Path
) -> None:
    answer = receive(project, mails.notification(sent[1][0], GONE))

    assert answer.code == 0
    assert {name: answer.json[name] for name in ("kind", "status", "state", "suppressed")} == {
        "kind": "bounced", "status": "5.1.1", "state": "bounced", "suppressed": "hard_bounce",
    }  # fmt: skip
    assert report(project) == {"sent": 9, "bounced": 1, "complained": 0}


def test_compliance_7_a_complaint_suppresses_at_once_and_other_reports_do_not(
    sent: tuple[Path, list[str]], project: Path
) -> None:
    types = ("not-spam", "auth-failure", "abuse")
    reports = zip(types, sent[1], strict=False)

    answers = [receive(project, mails.report(one, mail_from=path)) for one, path in reports]

    assert [each.json["suppressed"] for each in answers] == [None, None, "complaint"]
    assert report(project) == {"sent": 9, "bounced": 0, "complained": 1}


def test_compliance_7_a_bounce_is_believed_only_with_our_own_signed_return_path(
    sent: tuple[Path, list[str]], project: Path
) -> None:
    path = sent[1][0]
    forged = [MAILBOX, path.replace("bounces+", "bounces+x"), path.replace("example.com", "a.test")]

    answers = [receive(project, mails.notification(each, GONE)) for each in forged]

    assert [(each.code, each.json["believed"]) for each in answers] == [(0, False)] * 3
    assert report(project) == {"sent": 9, "bounced": 0, "complained": 0}


def test_a_folder_is_no_mail(project: Path) -> None:
    (project / "mails").mkdir()

    answer = outreach_here(project, "feedback", "receive", "mails")

    hint = "name one mail; for all mails of a folder: `outreach feedback watch mails`"
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == f"outreach: `mails` is a folder; {hint}\n"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (
            mails.notification(MAILBOX, GONE),
            "bounced (5.1.1): nothing changes; not believed: no signed return path",
        ),
        (
            mails.answer(MAILBOX),
            "reply: nothing changes; not believed: no signed return path, and no signed Message-ID",
        ),
        (b"", "unreadable: nothing changes; it is no mail, or hard to read"),
        (
            mails.notification(return_path(MAILBOX, tokens.sign([KEY], Purpose.BOUNCE, 999)), GONE),
            "bounced (5.1.1): nothing changes; this database has no delivery 999",
        ),
    ],
)
def test_a_mail_that_changes_nothing_says_why(project: Path, raw: bytes, said: str) -> None:
    (project / "mail.eml").write_bytes(raw)

    words = ("feedback", "receive", "mail.eml", "--now", NOW)

    assert outreach_here(project, *words, secret_key=KEY).out == f"{said}\n"


def test_compliance_8_nobody_answers_an_automatic_message(
    sent: tuple[Path, list[str]], project: Path
) -> None:
    """A server is there to be used, and gets no mail."""
    raw = mails.answer(sent[1][0], "Auto-Submitted: auto-replied")
    (project / "away.eml").write_bytes(raw)

    with letterbox() as box:
        words = ("feedback", "receive", "away.eml", "--now", NOW)
        answer = outreach_here(project, *words, smtp_url=box.url, secret_key=KEY)

    assert (answer.code, answer.out) == (0, "automatic: nothing changes; a machine answers\n")
    assert not box.recipients


def test_a_mail_comes_in_by_a_pipe(
    sent: tuple[Path, list[str]], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = mails.notification("somebody@example.net", GONE) + b"x" * 3_000_000
    pipe = io.TextIOWrapper(io.BytesIO(raw))
    monkeypatch.setattr("sys.stdin", pipe)

    words = ("feedback", "receive", "--recipient", sent[1][1].upper(), "--now", NOW)
    answer = outreach_here(project, *words, secret_key=KEY)

    assert (answer.code, pipe.buffer.read()) == (0, b"")
    assert answer.out.startswith("bounced (5.1.1): delivery ")
    assert answer.out.endswith(" is bounced, its address is suppressed: hard_bounce\n")


def test_the_pipe_as_a_process_of_its_own(tmp_path: Path) -> None:
    project = sample_project(tmp_path / "project")

    answer = outreach(project, "feedback", "receive", "--json")

    assert (answer.code, answer.json["kind"]) == (0, "unreadable")


def dropped(project: Path, raw: bytes) -> Path:
    """A Maildir with one mail, and the project told of it."""
    maildir = project / "bounces"
    (maildir / "new").mkdir(parents=True)
    (maildir / "new" / "1").write_bytes(raw)
    rules = project / "outreach.yaml"
    setting = f"bounces: {MAILBOX}\n    feedback: {{maildir: bounces}}"
    rules.write_text(rules.read_text().replace(f"bounces: {MAILBOX}", setting))
    return maildir


def test_a_folder_is_watched(sent: tuple[Path, list[str]], project: Path) -> None:
    maildir = dropped(project, mails.notification(sent[1][0], GONE))

    words = ("feedback", "watch", "--once", "--now", NOW, "--json")
    answers = [
        outreach_here(project, *words, *where, secret_key=KEY) for where in ([], ["bounces"])
    ]

    assert [each.json for each in answers] == [
        {"mails": 1, "kinds": {"bounced": 1}}, {"mails": 0, "kinds": {}},
    ]  # fmt: skip
    assert (maildir / "done" / "1").exists()
    assert report(project)["bounced"] == 1


def test_a_run_takes_what_came_back(sent: tuple[Path, list[str]], project: Path) -> None:
    dropped(project, mails.notification(sent[1][0], GONE))

    done = outreach_here(project, "run", "--until-idle", "--now", NOW, secret_key=KEY)

    assert done.code == 0
    assert report(project)["bounced"] == 1


def test_beside_a_scheduler_a_thread_takes_what_comes_back(
    sent: tuple[Path, list[str]], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTREACH_SECRET_KEY", KEY)
    maildir = dropped(project, mails.notification(sent[1][0], GONE))
    context = open_context(project, NOW)

    with closing(context), watched(lambda: context, threading.Event()):
        give_up = time.monotonic() + 30
        while not (maildir / "done" / "1").exists():
            assert time.monotonic() < give_up
            time.sleep(0.02)

    assert report(project)["bounced"] == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "it is not said where mails come back"),
        (["nowhere"], 3, "where mails come back, can not be used"),
    ],
)
def test_a_place_that_can_not_be_watched_ends_it(
    project: Path, words: list[str], code: int, said: str
) -> None:
    answer = outreach_here(project, "feedback", "watch", *words, secret_key=KEY)

    assert (answer.code, said in answer.err) == (code, True)
