"""Where mails come back, as people name the place; what `doctor` says of it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from commands import sample_project

from outreach.app.context import Context, open_context
from outreach.app.feedback import feedback_checks, source_at
from outreach.errors import OutreachError, SetupError, UsageError


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = sample_project(tmp_path / "project")
    (project / "bounces" / "new").mkdir(parents=True)
    return project


@pytest.fixture
def context(project: Path) -> Iterator[Context]:
    with closing(open_context(project)) as made:
        yield made


@pytest.mark.parametrize(
    ("where", "error", "said"),
    [
        ("imaps://b@mail.example.com", SetupError, "OUTREACH_IMAP_PASSWORD is unset"),
        ("imap://b@mail.example.com", UsageError, "would show the password to the network"),
        ("imaps://b:hush@mail.example.com", UsageError, "a password stands in the URL"),
        ("pop3://b@mail.example.com", UsageError, "is no mailbox"),
    ],
)
def test_a_place_that_can_not_be_meant_is_told(
    context: Context, where: str, error: type[OutreachError], said: str
) -> None:
    with pytest.raises(error, match=said) as told:
        source_at(context, where)

    assert "hush" not in told.value.message


@pytest.mark.parametrize(
    ("where", "ok", "said"),
    [
        ("{maildir: bounces}", True, "mails come back to "),
        ("{maildir: nowhere}", False, "can not be used: no such folder"),
        ("{imap: 'imap://b@127.0.0.1:1/INBOX'}", False, "127.0.0.1:1 can not be reached"),
    ],
)
def test_the_doctor_looks_at_the_place(
    project: Path, where: str, ok: bool, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTREACH_IMAP_PASSWORD", "hush")
    rules = project / "outreach.yaml"
    rules.write_text(rules.read_text().replace("connections: 4", f"feedback: {where}"))

    with closing(open_context(project)) as context:
        found = list(feedback_checks(context))

    assert [(each.ok, said in each.detail) for each in found] == [(ok, True)]


def test_the_doctor_is_silent_where_nothing_is_read(context: Context) -> None:
    assert list(feedback_checks(context)) == []
