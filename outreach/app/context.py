"""The one place where a project's settings, files, clock and database come together."""

import threading
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from outreach.campaign.check import Project, load_project
from outreach.campaign.project import ProjectFiles, read_project
from outreach.clock import Clock, FrozenClock, SystemClock
from outreach.documents import RefusalError
from outreach.errors import Problem, ProblemsFound, UsageError
from outreach.settings.company import Company
from outreach.settings.company_file import COMPANY_FILE, load_company
from outreach.settings.environment import Environment
from outreach.settings.written import parse_late

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from outreach.decisions.loading import Rulings
    from outreach.planning.journeys import Journeys

EARLIEST, LATEST = 1900, 2200  # years that can be meant


class Opened:
    """The database of several contexts: opened when one of them first asks for it, on any thread."""

    def __init__(self, environment: Environment, engine: "Engine | None" = None) -> None:
        self._environment = environment
        self._engine = engine
        self._lock = threading.Lock()

    def engine(self) -> "Engine":
        """The database, up to date; SetupError where it can not be used, each time it is asked."""
        from outreach.app.database import open_database

        with self._lock:
            if self._engine is None:
                self._engine = open_database(self._environment)
            return self._engine

    @cached_property
    def rulings(self) -> "Rulings":
        """What decides about the revisions in the database, each read and compiled once."""
        from outreach.decisions.loading import Rulings

        return Rulings()

    @cached_property
    def journeys(self) -> "Journeys":
        """What looks after journeys, with what it remembers from tick to tick."""
        from outreach.planning.journeys import Journeys

        return Journeys(self.rulings)

    def close(self) -> None:
        """Give its connections back."""
        if self._engine is not None:
            self._engine.dispose()


class Context:
    """A project and this machine's settings for it; the database is opened when first asked for."""

    def __init__(
        self,
        environment: Environment,
        files: ProjectFiles,
        frozen: datetime | None = None,
        opened: Opened | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.environment = environment
        self.files = files
        self._frozen = frozen
        self._opened = opened or Opened(environment)
        self._clock = clock
        self.is_rehearsal = False  # on another database: as if everything were approved
        self.has_sound_facts = False  # stored ones, of all events up to the last daily refresh

    @property
    def project(self) -> Path:
        """The project's folder."""
        return self.environment.project

    @cached_property
    def loaded(self) -> Project:
        """The company's rules and campaigns as far as they have no problem, and all problems."""
        return load_project(self.files.contents)

    def company(self) -> Company:
        """The company's rules; ProblemsFound with those of outreach.yaml."""
        company, problems = self._company
        if company is None:
            raise ProblemsFound(problems)
        return company

    @cached_property
    def _company(self) -> tuple[Company | None, list[Problem]]:
        return load_company(self.files.contents.get(COMPANY_FILE, b""))

    @cached_property
    def clock(self) -> Clock:
        """The decisions' clock: frozen by `--now`, which is company time if it has no offset."""
        if self._clock is not None:
            return self._clock
        return SystemClock() if self._frozen is None else FrozenClock(self.instant(self._frozen))

    def now(self) -> datetime:
        """The present instant of the decisions' clock, aware UTC."""
        return self.clock.now()

    def instant(self, written: datetime) -> datetime:
        """An instant as a person wrote it, aware UTC: company time where it has no offset."""
        if written.tzinfo is None:
            written = written.replace(tzinfo=ZoneInfo(self.company().brand.timezone))
        return written.astimezone(UTC)

    @property
    def public_url(self) -> str:
        """Where customers reach our pages; "" where nothing says so. Without a slash at its end."""
        company = self.loaded.company
        known = self.environment.public_url or (company.public_url if company else "")
        return known.rstrip("/")

    @property
    def has_database(self) -> bool:
        """Whether there is one to ask: an embedded one is made by the first command that needs it."""
        if not self.environment.embedded:
            return True
        path = self.environment.engine_url.partition("///")[2].partition("?")[0]
        return Path(path).exists()

    @property
    def engine(self) -> "Engine":
        """The database, up to date; SetupError where it can not be used."""
        return self._opened.engine()

    @property
    def rulings(self) -> "Rulings":
        """What decides about the revisions in the database, each read and compiled once."""
        return self._opened.rulings

    @property
    def journeys(self) -> "Journeys":
        """What looks after journeys, with what it remembers from tick to tick."""
        return self._opened.journeys

    def with_files(self, files: ProjectFiles) -> "Context":
        """The same settings, clock and database with other files: either closes it."""
        return Context(self.environment, files, self._frozen, self._opened, self._clock)

    def at(self, instant: datetime) -> "Context":
        """The same project and database with the clock frozen: either closes it."""
        return Context(self.environment, self.files, instant, self._opened)

    def by(self, clock: Clock) -> "Context":
        """The same project and database under another clock: either closes it."""
        return Context(self.environment, self.files, self._frozen, self._opened, clock)

    def on(self, engine: "Engine", clock: Clock) -> "Context":
        """The same project on another database under another clock; nothing of it is shared."""
        opened = Opened(self.environment, engine)
        made = Context(self.environment, self.files, self._frozen, opened)
        made.clock = clock
        made.is_rehearsal = True
        return made

    def close(self) -> None:
        """Give the database's connections back."""
        self._opened.close()


def open_context(project: Path, now: str | None = None, *, bare: bool = False) -> Context:
    """The context of the project in a folder; `now` is `--now` as written.

    SetupError where there is no project or a setting is at fault, UsageError for a bad `now`.
    With `bare` a folder will do: workers read the database, no project.
    """
    frozen = None if now is None else read_instant(now, "--now")
    is_bare = bare and not (project / COMPANY_FILE).exists()
    files = ProjectFiles({}) if is_bare else read_project(project)
    return Context(Environment.load(project), files, frozen)


def read_instant(written: str, option: str) -> datetime:
    """An ISO 8601 date and time as written, naive where it has no offset; UsageError otherwise."""
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        found = None
    if found is None or not EARLIEST <= found.year <= LATEST:
        message = f"`{option} {written}` is no date and time"
        raise UsageError(message, f"write for example `{option} 2026-07-03T17:00`")
    return found


def read_span(written: str, option: str) -> timedelta:
    """A span of time given to an option; UsageError that says what to write instead."""
    try:
        return parse_late(written)
    except RefusalError as error:
        raise UsageError(f"{option}: {error.message}", error.hint) from error
    except ValueError as error:
        message, _, hint = str(error).partition("; ")
        raise UsageError(f"{option}: {message}", hint) from error
