"""Messages captured as files."""

import os
from pathlib import Path

import pytest
from channel_source import ListSource, mail, outcome_of, serve, text

from outreach.channels.capture.adapter import CaptureAdapter, list_outbox, outbox_of
from outreach.settings.company import Brand, Company
from outreach.settings.environment import Environment
from outreach.vocabulary import Answer, Fault


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """A project folder without anything."""
    return Environment(project=tmp_path)


def capture(environment: Environment, channel: str = "email") -> CaptureAdapter:
    return CaptureAdapter(channel, Company(brand=Brand(name="Shop")), environment)


def test_a_mail_lands_as_the_very_bytes(environment: Environment) -> None:
    outcome_of(capture(environment), mail(1_234_567))

    path = environment.project / ".outreach/outbox/email/1234/1234567.eml"
    assert path.read_bytes() == mail(1_234_567).content


def test_a_text_lands_with_to_and_from(environment: Environment) -> None:
    outcome_of(capture(environment, "sms"), text(7, "+447700900007", text="Hi 王总"))

    path = environment.project / ".outreach/outbox/sms/0/7.txt"
    assert path.read_text("utf-8") == "To: +447700900007\nFrom: +15005550006\n\nHi 王总"


def test_a_repeat_replaces_the_file(environment: Environment) -> None:
    serve(capture(environment), mail(1, body="first"), mail(1, body="second"))

    [captured] = list_outbox(outbox_of(environment), 10)
    assert b"second" in captured.path.read_bytes()
    assert [path.name for path in captured.path.parent.iterdir()] == ["1.eml"]


def test_only_its_owner_can_read_a_message(environment: Environment) -> None:
    outcome_of(capture(environment), mail(1))

    [captured] = list_outbox(outbox_of(environment), 1)
    assert captured.path.stat().st_mode & 0o077 == 0


def test_the_latest_of_all_channels_come_first(environment: Environment) -> None:
    serve(capture(environment), mail(999), mail(1000), mail(1001))
    serve(capture(environment, "sms"), text(5))
    for written_at, captured in enumerate(reversed(list_outbox(outbox_of(environment), 9))):
        os.utime(captured.path, (written_at, written_at))

    latest = list_outbox(outbox_of(environment), 3)

    assert [(one.channel, one.id) for one in latest] == [
        ("sms", 5),
        ("email", 1001),
        ("email", 1000),
    ]


def test_an_empty_project_has_an_empty_outbox(environment: Environment) -> None:
    assert list_outbox(outbox_of(environment), 3) == []


def test_a_disk_that_refuses_holds_the_channel(environment: Environment) -> None:
    outbox_of(environment).parent.mkdir()
    outbox_of(environment).write_text("in the way")

    source = serve(capture(environment), mail(1), mail(2))

    assert source.each_once()
    assert (source.by_id[1].answer, source.by_id[1].fault) == (Answer.RETRY, Fault.CHANNEL)
    assert not source.by_id[2].begun
    [check] = capture(environment).check()
    assert not check.ok


def test_the_check_leaves_nothing_behind(environment: Environment) -> None:
    [check] = capture(environment).check()

    assert check.ok
    assert "nothing leaves this machine" in check.detail
    assert list((outbox_of(environment) / "email").iterdir()) == []


def test_a_source_that_ran_dry_ends_it(environment: Environment) -> None:
    source = ListSource([])

    capture(environment).serve(source)

    assert source.reported == []
