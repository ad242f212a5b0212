"""Settings of a machine: where they come from, what is refused, what is never shown."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from outreach.errors import SetupError
from outreach.settings.environment import Environment, LogFormat
from outreach.settings.secret_key import stored_secret_key

GOOD_KEY = "3Wd7kq0VZ9mXbT4nRcY8sLfJ1hPgUe5A"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("OUTREACH_")]:
        monkeypatch.delenv(name)


def refusal(project: Path, dotenv: str) -> str:
    (project / ".env").write_text(dotenv, "utf-8")
    with pytest.raises(SetupError) as caught:
        Environment.load(project).secret_keys()
    return f"{caught.value.message}; {caught.value.hint}"


def test_nothing_set_means_the_embedded_default(tmp_path: Path) -> None:
    environment = Environment.load(tmp_path)

    assert environment.engine_url == f"sqlite:///{tmp_path}/.outreach/outreach.db"
    assert environment.broker_url.get_secret_value() == "memory://"
    assert environment.smtp_url is None
    assert (environment.in_flight, environment.lease_seconds) == (64, 30)
    assert (environment.retry_first_seconds, environment.retry_cap_seconds) == (60, 14_400)
    assert environment.log is LogFormat.CONSOLE


def test_variables_win_over_the_projects_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("OUTREACH_IN_FLIGHT=7\nexport OUTREACH_LOG='json'\nOTHER=1\n")
    monkeypatch.setenv("OUTREACH_IN_FLIGHT", "9")

    environment = Environment.load(tmp_path)

    assert (environment.in_flight, environment.log) == (9, LogFormat.JSON)


def test_an_empty_variable_is_unset(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OUTREACH_SMTP_URL=\nOUTREACH_PUBLIC_URL=\n")

    assert Environment.load(tmp_path).smtp_url is None


def test_a_postgres_address_gets_its_driver(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OUTREACH_DATABASE_URL=postgres://me:pw@db/x\n")

    environment = Environment.load(tmp_path)

    assert environment.engine_url == "postgresql+psycopg://me:pw@db/x"
    assert not environment.embedded


@pytest.mark.parametrize(
    ("dotenv", "line"),
    [
        (
            "OUTREACH_SMPT_URL=smtp://x",
            "there is no setting OUTREACH_SMPT_URL; did you mean `OUTREACH_SMTP_URL`?",
        ),
        ("OUTREACH_IN_FLIGHT", ".env:1: this is no `NAME=value`; mend the line"),
        (
            "OUTREACH_IN_FLIGHT=0",
            "OUTREACH_IN_FLIGHT: it must be 1 or more; mend",
        ),
        ("OUTREACH_IN_FLIGHT=hunter2", "OUTREACH_IN_FLIGHT: this is no whole number; mend"),
        ("OUTREACH_LEASE_SECONDS=hunter2", "OUTREACH_LEASE_SECONDS: this is no number; mend"),
        (
            "OUTREACH_SMTP_URL=http://me:hunter2@mail",
            "OUTREACH_SMTP_URL: it must begin with `smtp://` or `smtps://`; mend",
        ),
        (
            "OUTREACH_DATABASE_URL=mysql://me:hunter2@db",
            "OUTREACH_DATABASE_URL: it must begin with `sqlite://` or `postgresql+psycopg://`; mend",
        ),
        (
            "OUTREACH_BROKER_URL=amqp://me:hunter2@mq",
            "OUTREACH_BROKER_URL: it must begin with `memory://` or `redis://` or `rediss://`; mend",
        ),
        (
            "OUTREACH_PUBLIC_URL=http://example.com",
            "OUTREACH_PUBLIC_URL: mail programs want https for unsubscribing; begin it with "
            "`https://`; mend",
        ),
        (
            "OUTREACH_SECRET_KEY=hunter2",
            "OUTREACH_SECRET_KEY: a key must be 32 or more characters, made by chance; mend",
        ),
        (
            f"OUTREACH_SECRET_KEY={'changeme' * 6}",
            "OUTREACH_SECRET_KEY: a key must be 32 or more characters, made by chance; mend",
        ),
        (
            "OUTREACH_RETRY_CAP_SECONDS=1",
            "OUTREACH_RETRY_CAP_SECONDS is less than OUTREACH_RETRY_FIRST_SECONDS; mend",
        ),
        (
            "OUTREACH_TWILIO_ACCOUNT_SID=AC1",
            "OUTREACH_TWILIO_ACCOUNT_SID is set without OUTREACH_TWILIO_AUTH_TOKEN, and without "
            "OUTREACH_TWILIO_API_KEY with OUTREACH_TWILIO_API_SECRET; mend",
        ),
        (
            "OUTREACH_LOG=hunter2",
            "OUTREACH_LOG: it must be 'console' or 'json'; mend",
        ),
        ("A=1\nwhat is this\n", ".env:2: this is no `NAME=value`; mend the line"),
        (
            "OUTREACH_DATABASE_URL=postgresql+psycopg://db/x",
            "OUTREACH_SECRET_KEY is unset; set it to the same 32 or more characters, made by "
            "chance, on every machine",
        ),
    ],
)
def test_a_bad_setting_is_named_and_never_shown(tmp_path: Path, dotenv: str, line: str) -> None:
    said = refusal(tmp_path, dotenv)

    mend = "; set it right in the environment or in the project's .env"
    assert said == line.removesuffix("; mend") + (mend if line.endswith("; mend") else "")
    assert "hunter2" not in said


def test_all_bad_settings_are_named_at_once(tmp_path: Path) -> None:
    said = refusal(tmp_path, "OUTREACH_IN_FLIGHT=no\nOUTREACH_TICK_SECONDS=0\n")

    assert "OUTREACH_IN_FLIGHT" in said
    assert "OUTREACH_TICK_SECONDS" in said


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff\n")

    with pytest.raises(SetupError, match=r"\.env` can not be read"):
        Environment.load(tmp_path)


def test_secrets_do_not_show_in_the_settings(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "OUTREACH_SMTP_URL=smtp://me:hunter2@mail\nOUTREACH_TWILIO_AUTH_TOKEN=hunter2\n"
        f"OUTREACH_DATABASE_URL=postgresql://me:hunter2@db/x\nOUTREACH_SECRET_KEY={GOOD_KEY}\n"
    )

    shown = repr(Environment.load(tmp_path))

    assert "hunter2" not in shown
    assert GOOD_KEY not in shown


def test_several_keys_stay_in_order(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"OUTREACH_SECRET_KEY={GOOD_KEY}, {GOOD_KEY[::-1]}\n")

    keys = Environment.load(tmp_path).secret_keys()

    assert [key.get_secret_value() for key in keys] == [GOOD_KEY, GOOD_KEY[::-1]]


def test_the_embedded_key_is_made_once_for_its_user_alone(tmp_path: Path) -> None:
    first = Environment.load(tmp_path).secret_keys()
    again = Environment.load(tmp_path).secret_keys()

    path = tmp_path / ".outreach" / "secret_key"
    assert first == again
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["secret_key"]


def test_processes_that_start_at_once_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(stored_secret_key, [tmp_path] * 64))

    assert len(keys) == 1


def test_a_damaged_key_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("short")

    with pytest.raises(SetupError, match="is damaged"):
        stored_secret_key(tmp_path)


def test_the_key_of_erasures_is_made_only_when_somebody_is_erased(tmp_path: Path) -> None:
    environment = Environment.load(tmp_path)

    assert environment.key_of_erasures(make=False) is None
    made = environment.key_of_erasures(make=True)
    assert made is not None
    assert environment.key_of_erasures(make=False) == made
    assert made not in environment.secret_keys()


def test_the_key_of_erasures_of_a_server_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTREACH_DATABASE_URL", "postgresql://host/base")
    assert Environment.load(tmp_path).key_of_erasures(make=True) is None

    monkeypatch.setenv("OUTREACH_ERASURE_KEY", "0123456789abcdefghijklmnopqrstuvwxyz")
    assert Environment.load(tmp_path).key_of_erasures(make=False) is not None

    monkeypatch.setenv("OUTREACH_ERASURE_KEY", "changeme")
    with pytest.raises(SetupError, match="OUTREACH_ERASURE_KEY"):
        Environment.load(tmp_path)
