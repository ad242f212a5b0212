"""The project's files under watch: read anew when they change, while a scheduler runs for months."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from outreach.app.check import faults
from outreach.app.context import Context
from outreach.app.last_good import last_good
from outreach.app.rulings import candidates
from outreach.campaign.project import FOLDERS, campaign_files, read_project
from outreach.errors import OutreachError, Problem, ProblemsFound
from outreach.logger import Logger
from outreach.planning.tick import Candidate
from outreach.rendering.compiling import compile_step
from outreach.settings.company_file import COMPANY_FILE
from outreach.store.engine import reading

log = Logger(__name__)
Stamp = tuple[str, int, int]  # path, time of change, size


class WatchedProject:
    """A project as its files last stood without a fault.

    A campaign that is broken keeps the files it had before; the company's rules likewise, and with
    them every campaign. What is broken is told once for each change.
    """

    def __init__(self, context: Context) -> None:
        """ProblemsFound where the company's rules are at fault: there are none from before."""
        self.context = context
        self._stamps = frozenset(stamps(context.project))
        self._good: dict[str, Candidate] = {}
        self.faulty: dict[str, str] = {}  # campaigns that nothing comes of, and why
        self._take(context)

    @property
    def candidates(self) -> list[Candidate]:
        """Every campaign that there are sound files of, by name."""
        return [each for _, each in sorted(self._good.items())]

    @property
    def names(self) -> frozenset[str]:
        """Every campaign that there is a file of, sound or not."""
        return frozenset(name for name, _ in campaign_files(self.context.files.contents))

    def look(self) -> bool:
        """Read the files again if any has changed; whether anything new was taken from them."""
        found = frozenset(stamps(self.context.project))
        if found == self._stamps:
            return False
        self._stamps = found
        try:
            self._take(self.context.with_files(read_project(self.context.project)))
        except ProblemsFound as found:
            log.warning("the last good rules stay", why=str(found.problems[0]))
            return False
        except OutreachError as error:  # the file is away for a moment, or for good
            log.warning("the last good files stay", why=error.message)
            return False
        return True

    def _take(self, context: Context) -> None:
        found = sorted(faults(context))
        if context.loaded.company is None or any(map(_of_company, found)):
            raise ProblemsFound([each for each in found if _of_company(each)] or found)
        by_file = {each.file: each for each in reversed(found)}
        sound = dict(_sound(context, by_file))
        self.faulty = {}
        for name, path in campaign_files(context.files.contents):
            if name not in sound:
                self._keep(name, by_file.get(path), sound)
        self.context, self._good = context, sound

    def _keep(self, name: str, problem: Problem | None, sound: dict[str, Candidate]) -> None:
        known = self._good.get(name) or self._before(name)
        meanwhile = "its last good files" if known is not None else "nothing"
        why = str(problem) if problem is not None else "its templates are at fault"
        if known is not None:
            sound[name] = known
        else:
            theirs = f"{why}: see `outreach check`"
            self.faulty[name] = theirs if problem is None else f"its file is at fault: {problem}"
        log.warning("campaign is at fault", campaign=name, meanwhile=meanwhile, why=why)

    def _before(self, name: str) -> Candidate | None:
        """As it was before this process began: a fault must not wait for a restart to do harm."""
        with reading(self.context.engine) as conn:
            return last_good(self.context, conn, name)


def _of_company(problem: Problem) -> bool:
    return problem.file == COMPANY_FILE or problem.file.startswith("lifecycles/")


def _sound(context: Context, problems: Mapping[str, Problem]) -> Iterator[tuple[str, Candidate]]:
    for each in candidates(context):
        name = each.campaign.name
        if f"campaigns/{name}.yaml" in problems:
            continue
        try:
            for step in each.campaign.steps:
                compile_step(each.files, each.campaign.at_step(step.id), context.company())
        except ProblemsFound as found:
            log.warning("templates are at fault", campaign=name, why=str(found.problems[0]))
        else:
            yield name, each


def stamps(project: Path) -> Iterator[Stamp]:
    """What changes when a file of the project does; a file that goes meanwhile is none."""
    paths = [str(project / COMPANY_FILE)]
    for folder in FOLDERS:
        for place, _, names in os.walk(project / folder):
            paths += [os.path.join(place, name) for name in names]
    for path in paths:
        try:
            status = os.stat(path)
        except OSError:
            continue
        yield path, status.st_mtime_ns, status.st_size
