"""Which adapter sends on a channel."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from outreach.channels.capture.adapter import CaptureAdapter
from outreach.channels.registry import adapter_name, adapters, make_adapter
from outreach.errors import SetupError
from outreach.settings.company import Brand, ChannelSettings, Company
from outreach.settings.environment import Environment

TWILIO = {"twilio_account_sid": "AC1", "twilio_auth_token": SecretStr("secret")}
SMTP = {"smtp_url": SecretStr("smtp://localhost:25")}


def company(**adapters_by_channel: str) -> Company:
    settings = {name: ChannelSettings(adapter=of) for name, of in adapters_by_channel.items()}
    return Company(brand=Brand(name="Shop"), channels=settings)


@pytest.mark.parametrize(
    ("channel", "values", "name"),
    [
        ("email", {}, "capture"),
        ("sms", {}, "capture"),
        ("email", SMTP, "smtp"),
        ("sms", SMTP, "capture"),
        ("sms", TWILIO, "twilio"),
        ("letter", SMTP | TWILIO, "capture"),
    ],
)
def test_the_environment_picks_where_the_company_is_silent(
    tmp_path: Path, channel: str, values: dict[str, Any], name: str
) -> None:
    environment = Environment(project=tmp_path, **values)

    assert adapter_name(channel, company(), environment) == name
    assert make_adapter(channel, company(), environment).name == name


def test_the_company_has_the_first_word(tmp_path: Path) -> None:
    environment = Environment(project=tmp_path, **SMTP)

    adapter = make_adapter("email", company(email="capture"), environment)

    assert isinstance(adapter, CaptureAdapter)


@pytest.mark.parametrize(
    ("channel", "adapter", "says", "hint"),
    [
        ("email", "smpt", "unknown adapter `smpt`", "did you mean `smtp`?"),
        (
            "email",
            "pigeon",
            "unknown adapter `pigeon`",
            "there are `capture`, `smtp`, `task`, `twilio`",
        ),
        ("email", "smtp", "OUTREACH_SMTP_URL is unset", "set it, or use `capture`"),
        ("sms", "twilio", "OUTREACH_TWILIO_ACCOUNT_SID is unset", "set it, or use `capture`"),
        ("sms", "smtp", "smtp sends on `email`", "choose another adapter"),
        ("email", "twilio", "twilio sends on `sms`", "choose another adapter"),
    ],
)
def test_what_can_not_be_made_is_explained(
    tmp_path: Path, channel: str, adapter: str, says: str, hint: str
) -> None:
    with pytest.raises(SetupError, match=says) as caught:
        make_adapter(channel, company(**{channel: adapter}), Environment(project=tmp_path))

    assert caught.value.hint == hint


def test_the_built_in_adapters_are_those_of_the_project_file() -> None:
    import tomllib

    written = tomllib.loads(Path(__file__).parents[3].joinpath("pyproject.toml").read_text("utf-8"))
    declared = written["project"]["entry-points"]["outreach.adapters"]

    assert {name: point.value for name, point in adapters().items()} == declared


def test_an_installed_package_adds_an_adapter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = tmp_path / "pigeon-1.dist-info"
    metadata.mkdir()
    metadata.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: pigeon\nVersion: 1\n")
    metadata.joinpath("entry_points.txt").write_text(
        "[outreach.adapters]\npigeon = outreach.channels.capture.adapter:CaptureAdapter\n"
        "ghost = no_such_module:Ghost\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    adapters.cache_clear()
    environment = Environment(project=tmp_path)

    adapter = make_adapter("letter", company(letter="pigeon"), environment)

    assert isinstance(adapter, CaptureAdapter)
    with pytest.raises(SetupError, match="`ghost` of channel `letter` can not be loaded"):
        make_adapter("letter", company(letter="ghost"), environment)
    adapters.cache_clear()
