"""The project while it is edited: its files as they stand now, and what they come to.

What takes milliseconds is worked out when it is asked for. Checks, plans and the search for a typical
customer go on beside, and who waits for them is told.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from outreach.app.background import Background, Done
from outreach.app.check import Checked, check_files
from outreach.app.coming import Coming, coming
from outreach.app.context import Context
from outreach.app.describing import Described, describe_campaign
from outreach.app.explaining import Explained, explain_customer
from outreach.app.kept import Kept, files_of
from outreach.app.looking import Look, Who, Whom, look_at, mail_html
from outreach.app.margin import Margin, margin_of
from outreach.app.planning import Plan, plan_campaign
from outreach.app.telling import MEANINGS, told
from outreach.app.typical import Typical, typical_customer
from outreach.app.watching import stamps
from outreach.campaign.project import campaign_files, read_project
from outreach.errors import OutreachError
from outreach.settings.company_file import COMPANY_FILE
from outreach.store.engine import reading
from outreach.store.keys import Named, named_from
from outreach.vocabulary import Reason

AGAIN = timedelta(seconds=10)  # nobody was found: look again after so long
PATIENCE_SECONDS = 0.4  # for a typical customer: meanwhile a made-up one is shown
PAUSE_SECONDS = 1.0  # after an edit, before its plan is counted: it takes a core from what is shown
MOST_KEYS = 20
FILES, BASE = "files", "base"  # topics: checks of the files by themselves, and beside the base


@dataclass(frozen=True, slots=True)
class Edited:
    """The project's files as they were last read; `error` says why they can not be read now."""

    version: int
    context: Context
    saved_at: float | None = None  # when the newest change was written, by the clock of files
    error: OutreachError | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A look at a campaign, for whom it is, and of which version of the files."""

    version: int
    saved_at: float | None
    who: Who
    typical: Typical | None  # where one was asked for, and is known
    is_sought: bool  # a typical customer is still looked for
    look: Look


@dataclass(frozen=True, slots=True)
class Counted:
    """The plan as far as it is known; `is_current` False: files have changed, it is counted anew."""

    plan: Plan | None
    is_current: bool
    counted_at: float | None  # seconds of the real clock
    meanings: Mapping[Reason, str]  # of the reasons in it


@dataclass(frozen=True, slots=True)
class Told:
    """Every rule's answer for one customer, and the same in sentences."""

    explained: Explained
    said: tuple[str, ...]


class Workbench:
    """The use cases of the live page, for any thread.

    `heard` is called with the name of each thing that is new: `edited` when files were read anew,
    `files` or `base` when they are checked, `plan:…` or `typical:…` of a campaign.
    """

    def __init__(self, context: Context, heard: Callable[[str], None]) -> None:
        self._stamps = frozenset(stamps(context.project))  # before it is read: no edit is missed
        self._edited = Edited(1, context.with_files(read_project(context.project)))
        self._heard, self._kept = heard, Kept()
        self._checks = Background(self._is_done)
        self._counts = Background(self._is_done, PAUSE_SECONDS)
        self._searches = Background(self._is_done)
        self._check()

    @property
    def edited(self) -> Edited:
        """The files as they were last read."""
        return self._edited

    def look_for_changes(self) -> bool:
        """Read the files again if any has changed; whether one has. For one thread only."""
        found = frozenset(stamps(self._edited.context.project))
        if found == self._stamps and self._edited.error is None:
            return False
        changed = [each[1] / 1e9 for each in found - self._stamps]
        self._stamps, was = found, self._edited
        files, error = was.context.files, None
        try:
            files = read_project(was.context.project)
        except OutreachError as away:  # for a moment, or for good
            error = away
        if files == was.context.files and bool(error) == bool(was.error):
            return False  # what an editor keeps beside a file is none of the project's
        saved_at = max(changed, default=time.time())
        self._edited = Edited(was.version + 1, was.context.with_files(files), saved_at, error)
        self._heard("edited")
        self._check()
        return True

    def margin(self) -> Margin:
        """Every campaign and every problem, as far as they are known."""
        now = self._edited
        by_files, by_base = self._checks.result(FILES), self._checks.result(BASE)
        return margin_of(now.context, now.version, _checked(by_files), _checked(by_base), now.error)

    def show(self, name: str, whom: Whom) -> Shown:
        """The campaign's message for whom it is asked; ProblemsFound where its files are at fault."""
        now = self._edited
        whom, typical, is_sought = self._resolved(now, name, whom)
        look = look_at(now.context, name, whom)
        return Shown(now.version, now.saved_at, whom.who, typical, is_sought, look)

    def mail(self, name: str, whom: Whom, variant: str, *, dark: bool) -> str:
        """The HTML of that mail, as it is read; empty where it has none."""
        now = self._edited
        whom = self._resolved(now, name, whom)[0]
        return mail_html(now.context, name, whom, variant, dark=dark)

    def explain(self, name: str, key: str) -> Told:
        """What the rules say of one customer."""
        found = explain_customer(self._edited.context, name, key)
        return Told(found, tuple(told(found)))

    def plan(self, name: str, *, again: bool = False) -> Counted:
        """The plan as last counted; where files have changed since it is counted in the background."""
        context, topic = self._edited.context, f"plan:{name}"
        key = _weighty(context, name)
        if again:
            self._counts.forget(topic)
        self._counts.ask(topic, key, lambda: plan_campaign(context, name))
        done = self._counts.result(topic)
        is_current = done is not None and done.key == key
        if done is not None and is_current and done.error is not None:
            raise done.error
        plan = done.value if done is not None and isinstance(done.value, Plan) else None
        counted_at = done.at.timestamp() if done is not None else None
        return Counted(plan, is_current, counted_at, MEANINGS)

    def coming(self, name: str) -> Coming:
        """The campaign's next occurrences."""
        return coming(self._edited.context, name)

    def words(self, name: str, language: str) -> Described:
        """The campaign read back in a language: "en" or "zh"."""
        return describe_campaign(self._edited.context, name, language)

    def customers_from(self, key: str) -> list[Named]:
        """A few customers whose keys begin so, by key."""
        with reading(self._edited.context.engine) as conn:
            return named_from(conn, key, MOST_KEYS)

    def close(self) -> None:
        """Begin nothing more."""
        for each in (self._checks, self._counts, self._searches):
            each.close()

    def _check(self) -> None:
        """Have the files checked: by themselves at once, beside the customers as it comes."""
        context, version = self._edited.context, self._edited.version
        kept = self._kept
        self._checks.ask(BASE, version, lambda: check_files(context, kept))
        self._checks.ask(FILES, version, lambda: check_files(context, kept, asks_base=False))

    def _is_done(self, topic: str) -> None:
        self._heard(topic)

    def _resolved(self, now: Edited, name: str, whom: Whom) -> tuple[Whom, Typical | None, bool]:
        """With the key of the typical customer; made up where there is none, or none yet."""
        if whom.who is not Who.TYPICAL:
            return whom, None, False
        topic, key = f"typical:{name}", _weighty(now.context, name, with_templates=False)
        context = now.context
        self._searches.ask(topic, key, lambda: typical_customer(context, name))
        done = self._searches.wait(topic, key, PATIENCE_SECONDS)
        if done is None:
            return Whom(Who.FULL, locale=whom.locale, step=whom.step), None, True
        if not isinstance(done.value, Typical):
            if datetime.now(UTC) - done.at > AGAIN:  # somebody may have been imported
                self._searches.forget(topic)
            return Whom(Who.FULL, locale=whom.locale, step=whom.step), None, False
        return Whom(Who.TYPICAL, done.value.key, step=whom.step), done.value, False


def _checked(done: Done | None) -> tuple[int, Checked] | None:
    if done is None or not isinstance(done.value, Checked) or not isinstance(done.key, int):
        return None
    return done.key, done.value


def _weighty(context: Context, name: str, *, with_templates: bool = True) -> tuple[object, ...]:
    """What of the files a campaign's plan can depend on: an edit of anything else changes none.

    Its templates say what must be known of a customer; what comes before it is in other campaigns.
    """
    files, campaign = context.files.contents, context.loaded.campaigns.get(name)
    paths = {path for _, path in campaign_files(files)} | {COMPANY_FILE}
    paths |= {path for path in files if path.startswith("lifecycles/")}
    rules = tuple((path, files.get(path)) for path in sorted(paths))
    if not with_templates or campaign is None or context.loaded.company is None:
        return rules
    return (*rules, *files_of(context, campaign))
