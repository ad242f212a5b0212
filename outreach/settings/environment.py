"""Settings of a machine: environment variables and the project's `.env`; secrets only there."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from dotenv.parser import parse_stream
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from outreach.documents import did_you_mean
from outreach.documents.library_words import in_our_words
from outreach.errors import SetupError
from outreach.settings.public_url import check_public_url
from outreach.settings.secret_key import check_secret_key, stored_key, stored_secret_key

PREFIX = "OUTREACH_"
ERASURE_KEY = "erasure_key"
_HINT = "set it right in the environment or in the project's .env"


class LogFormat(StrEnum):
    """How log lines are written."""

    CONSOLE = "console"  # for people
    JSON = "json"  # for machines


def _begins_with(*schemes: str) -> AfterValidator:
    def check(url: SecretStr | None) -> SecretStr | None:
        if url is not None and url.get_secret_value().partition(":")[0] not in schemes:
            # The address is not shown: it may hold a password.
            raise ValueError(
                "it must begin with " + " or ".join(f"`{each}://`" for each in schemes)
            )
        return url

    return AfterValidator(check)


def _with_driver(url: Any) -> Any:
    """`postgres://` and `postgresql://`, as hosts hand them out, with the driver we use."""
    for short in ("postgres://", "postgresql://"):
        if isinstance(url, str) and url.startswith(short):
            return "postgresql+psycopg://" + url.removeprefix(short)
    return url


def _split_keys(written: Any) -> Any:
    return tuple(written.replace(",", " ").split()) if isinstance(written, str) else written


def _check_erasure_key(key: SecretStr | None) -> SecretStr | None:
    return key if key is None else _check_key(key)


def _check_key(key: SecretStr) -> SecretStr:
    check_secret_key(key.get_secret_value())
    return key


class Environment(BaseSettings):
    """The settings of one machine for the project in the folder `project`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        validate_default=False,
        hide_input_in_errors=True,
    )

    project: Path
    database_url: Annotated[
        SecretStr | None,
        BeforeValidator(_with_driver),
        _begins_with("sqlite", "postgresql+psycopg"),
    ] = None  # None: the embedded default, see `engine_url`
    broker_url: Annotated[SecretStr, _begins_with("memory", "redis", "rediss")] = SecretStr(
        "memory://"
    )
    smtp_url: Annotated[SecretStr | None, _begins_with("smtp", "smtps")] = None
    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr | None = None
    twilio_api_key: str = ""
    twilio_api_secret: SecretStr | None = None
    twilio_api_base: str = ""
    imap_password: SecretStr | None = None  # of `channels.email.feedback`
    public_url: Annotated[str, AfterValidator(check_public_url)] = ""
    secret_key: Annotated[
        tuple[Annotated[SecretStr, AfterValidator(_check_key)], ...],
        NoDecode,
        BeforeValidator(_split_keys),
    ] = ()  # as given; `secret_keys` are those to use
    erasure_key: Annotated[SecretStr | None, AfterValidator(_check_erasure_key)] = None
    in_flight: Annotated[int, Field(ge=1, le=10_000)] = 64  # handing at once per worker process
    lease_seconds: Annotated[float, Field(ge=1, le=3600)] = 30
    retry_first_seconds: Annotated[float, Field(gt=0, le=86_400)] = 60
    retry_cap_seconds: Annotated[float, Field(gt=0, le=604_800)] = 14_400
    tick_seconds: Annotated[float, Field(ge=0.05, le=60)] = 1  # of the scheduler
    log: LogFormat = LogFormat.CONSOLE

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.retry_cap_seconds < self.retry_first_seconds:
            raise ValueError("OUTREACH_RETRY_CAP_SECONDS is less than OUTREACH_RETRY_FIRST_SECONDS")
        by_key = self.twilio_api_key and self.twilio_api_secret
        if self.twilio_account_sid and not (self.twilio_auth_token or by_key):
            raise ValueError(
                "OUTREACH_TWILIO_ACCOUNT_SID is set without OUTREACH_TWILIO_AUTH_TOKEN, "
                "and without OUTREACH_TWILIO_API_KEY with OUTREACH_TWILIO_API_SECRET"
            )
        return self

    @classmethod
    def load(cls, project: Path) -> Self:
        """The settings for a project folder; variables win over its `.env`, empty ones are unset.

        SetupError names every variable at fault, and never shows a value: it may be a secret.
        """
        path = project.absolute() / ".env"
        names = {name.upper() for name in os.environ} | _names_in(path)
        known = {PREFIX + name.upper() for name in cls.model_fields if name != "project"}
        for name in sorted(names - known):
            if name.startswith(PREFIX):
                hint = did_you_mean(name, known) or "take it out"
                raise SetupError(f"there is no setting {name}", hint)
        try:
            return cls(project=project.absolute(), _env_file=path)
        except ValidationError as error:
            faults = "; ".join(_fault(each) for each in error.errors(include_url=False))
            raise SetupError(faults, _HINT) from None

    @property
    def state(self) -> Path:
        """The folder of what the project keeps on this machine."""
        return self.project / ".outreach"

    @property
    def embedded(self) -> bool:
        """Whether the database is a file of this machine."""
        return self.database_url is None or self.database_url.get_secret_value().startswith(
            "sqlite"
        )

    @property
    def engine_url(self) -> str:
        """The database's address with its password: for the engine, never for people.

        A relative path of SQLite is one in the project's folder, wherever the command is run.
        """
        if self.database_url is None:
            return f"sqlite:///{self.state / 'outreach.db'}"
        url = self.database_url.get_secret_value()
        relative = url.removeprefix("sqlite:///")
        if relative == url or relative.startswith(("/", ":")) or not relative:
            return url
        return f"sqlite:///{self.project / relative}"

    def secret_keys(self) -> tuple[SecretStr, ...]:
        """Keys that sign and verify, the one that signs first; on the embedded default made once.

        SetupError when several machines share a database and none is set: each would sign with
        a key of its own.
        """
        if self.secret_key:
            return self.secret_key
        if not self.embedded:
            hint = "set it to the same 32 or more characters, made by chance, on every machine"
            raise SetupError("OUTREACH_SECRET_KEY is unset", hint)
        return (stored_secret_key(self.state),)

    def key_of_erasures(self, *, make: bool) -> SecretStr | None:
        """The key of the hashes that erasures leave behind; it never changes.

        On the embedded default it is kept beside the database: `make` makes it if it is not
        there. None: there is none, so nobody can have been erased from here.
        """
        if self.erasure_key is not None:
            return self.erasure_key
        if self.embedded and (make or (self.state / ERASURE_KEY).exists()):
            return stored_key(self.state, ERASURE_KEY)
        return None


def _names_in(path: Path) -> set[str]:
    """Names of the variables in a `.env`; SetupError when it can not be read."""
    try:
        with path.open(encoding="utf-8") as file:
            lines = list(parse_stream(file))
    except FileNotFoundError:
        return set()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"`{path}` can not be read", "save it as UTF-8 text") from error
    for line in lines:
        if line.error or (line.key and line.value is None):
            raise SetupError(f".env:{line.original.line}: this is no `NAME=value`", "mend the line")
    return {line.key.upper() for line in lines if line.key}


def _fault(error: Any) -> str:
    cause = error.get("ctx", {}).get("error")
    message = str(cause) if isinstance(cause, ValueError) else in_our_words(error["msg"])
    if not error["loc"]:
        return message
    return f"{PREFIX}{str(error['loc'][0]).upper()}: {message[:1].lower()}{message[1:]}"
