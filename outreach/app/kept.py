"""What checks of single campaigns found, kept while the files stay that they looked at."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from outreach.app.context import Context
from outreach.campaign.model import Campaign
from outreach.campaign.pinned import pinned_files
from outreach.campaign.project import campaign_files
from outreach.errors import Problem
from outreach.settings.company_file import COMPANY_FILE

Weighty = tuple[tuple[str, bytes], ...]  # files that matter, by path
HOUR_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True)
class _Found:
    key: tuple[Weighty, frozenset[str]]  # with the names of all campaigns
    until: float  # by time.monotonic
    problems: frozenset[Problem]


class Kept:
    """The findings of a process that checks a project again and again; for one thread at a time."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], _Found] = {}

    def of_each(
        self,
        context: Context,
        what: str,
        campaigns: Iterable[Campaign],
        work: Callable[[Campaign], Iterable[Problem]],
        seconds: float = HOUR_SECONDS,
    ) -> set[Problem]:
        """The campaigns' problems of one sort: as found before, no longer ago than that, or anew."""
        names = frozenset(name for name, _ in campaign_files(context.files.contents))
        found: set[Problem] = set()
        for campaign in campaigns:
            of, now = (what, campaign.name), time.monotonic()
            key, known = (files_of(context, campaign), names), self._known.get(of)
            if known is None or known.key != key or now >= known.until:
                known = _Found(key, now + seconds, frozenset(work(campaign)))
                self._known[of] = known
            found |= known.problems
        return found


def files_of(context: Context, campaign: Campaign) -> Weighty:
    """What one campaign and its messages are made of: what a run would pin, and all rules."""
    files = context.files.contents
    found = {**pinned_files(campaign, files, context.company()), COMPANY_FILE: files[COMPANY_FILE]}
    folders = tuple(f"templates/{step.template}/" for step in campaign.steps)
    starts = (*folders, "templates/_", "lifecycles/")
    found |= {path: content for path, content in files.items() if path.startswith(starts)}
    return tuple(sorted(found.items()))
