"""Runs campaign tests: each case on a base of its own, through the statements that plan and send."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr
from sqlalchemy import Engine

from outreach.app.context import Context, Opened
from outreach.app.project import campaign_named
from outreach.app.rulings import ruling_of
from outreach.app.stages import lifecycles_of
from outreach.campaign.project import campaign_files
from outreach.decisions.grid import Grid
from outreach.decisions.ruling import Ruling
from outreach.errors import Problem, ProblemsFound, UsageError
from outreach.store.engine import make_engine, reading, writing
from outreach.store.migrate import migrate
from outreach.store.past_touches import campaign_id
from outreach.testing.cases import Case
from outreach.testing.comparing import CaseResult, compare
from outreach.testing.coverage import Untested, untested
from outreach.testing.deciding import Got, decide, in_the_way
from outreach.testing.filling import fill
from outreach.testing.reading import Known, read_cases

FOLDERS = ("tests/campaigns", "tests")  # the first that is there: a checkout has tests of its own
_SECRET = "of no base that lasts, so no link that is made with it leads anywhere"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Results:
    """What came of the tests."""

    cases: tuple[CaseResult, ...]
    untested: tuple[Untested, ...]

    @property
    def passed(self) -> int:
        """How many are as expected."""
        return sum(each.ok for each in self.cases)

    @property
    def failed(self) -> int:
        """How many are not."""
        return len(self.cases) - self.passed


def run_tests(
    context: Context, path: Path | None = None, told: Callable[[CaseResult], None] = lambda _: None
) -> Results:
    """Run the tests of a file or a folder, else all of the project; `told` of each as it is done.

    ProblemsFound with all that is wrong with the files, or with the campaigns that they test: then
    nothing is run. UsageError where there is nothing to run.
    """
    files = files_with_tests(context.project, path)
    cases = _read(context, files)
    with TemporaryDirectory(prefix="outreach-test-") as folder:
        bench = _Bench(context, Path(folder), {each.campaign for each in cases})
        results = []
        for case in cases:
            result = bench.run(case)
            told(result)
            results.append(result)
        about = {each.campaign for each in cases} if path is not None else _tested(context)
        return Results(tuple(results), tuple(bench.untested(sorted(about))))


def _tested(context: Context) -> set[str]:
    return set(context.loaded.campaigns)


def files_with_tests(project: Path, path: Path | None = None) -> list[Path]:
    """The files with tests, of a folder those that end in `.yaml`, however deep; else the project's.

    UsageError where there are none.
    """
    if path is None:
        found = (project / name for name in FOLDERS)
        path = next((each for each in found if each.is_dir()), project / FOLDERS[-1])
    elif not path.exists() and (project / path).exists():
        path = project / path
    files = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    if not files or not files[0].exists():
        hint = "write one as docs/testing.md says, or name a file"
        raise UsageError(f"there is no test in `{path}`", hint)
    return files


def _read(context: Context, files: Sequence[Path]) -> list[Case]:
    """The cases of all files, or every problem of all of them."""
    loaded, company = context.loaded, context.company()
    names = {name for name, _ in campaign_files(context.files.contents)}
    faulty = frozenset(names - loaded.campaigns.keys())
    known = Known(company, loaded.campaigns, lifecycles_of(context), faulty)
    cases: list[Case] = []
    problems: list[Problem] = []
    for path in files:
        shown = path.resolve()
        inside = shown.is_relative_to(context.project.resolve())
        name = shown.relative_to(context.project.resolve()).as_posix() if inside else str(path)
        found, faults = read_cases(known, name, path.read_bytes())
        cases += found
        problems += faults
    if problems:
        raise ProblemsFound(sorted(set(problems)))
    return cases


@dataclass(slots=True)
class _Bench:
    """Keeps one empty base, and copies it for each case."""

    context: Context
    folder: Path
    campaigns: set[str]
    rulings: dict[tuple[str, str | None], Ruling] = field(default_factory=dict)
    got: dict[str, list[Got]] = field(default_factory=dict)
    _engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self._engine = make_engine(f"sqlite:///{self.folder / 'case.db'}")
        migrate(self._engine)
        with writing(self._engine) as conn:
            for name, _ in campaign_files(self.context.files.contents):
                campaign_id(conn, name)
        problems: list[Problem] = []
        for name in sorted(self.campaigns):
            try:
                self._ruling(name)
            except ProblemsFound as found:
                problems += found.problems
        self._engine.dispose()
        if problems:
            raise ProblemsFound(sorted(set(problems)))
        shutil.copyfile(self.folder / "case.db", self.folder / "empty.db")

    def run(self, case: Case) -> CaseResult:
        """What came of a case."""
        with self._base():
            load = self._loader(case.campaign)
            company, lifecycles = self.context.company(), lifecycles_of(self.context)
            fill(self._engine, company, lifecycles, case, load(None).campaign)
            context = self._at(case)
            got = decide(context, load, case)
            result = compare(case, got)
            if not result.ok:
                result = replace(result, why=in_the_way(context, load, case))
        self.got.setdefault(case.campaign, []).append(got)
        return result

    def untested(self, names: Sequence[str]) -> Iterator[Untested]:
        """What no case came to, of the campaigns of these names that are in order."""
        with self._base():
            for name in names:
                try:
                    rulings = [self._ruling(name, step) for step in self._steps(name)]
                except ProblemsFound:
                    continue
                yield from untested(rulings, self.got.get(name, ()))

    @contextmanager
    def _base(self) -> Iterator[None]:
        """An empty base while the block lasts; what is compiled for its engine stays."""
        shutil.copyfile(self.folder / "empty.db", self.folder / "case.db")
        try:
            yield
        finally:
            self._engine.dispose()

    def _steps(self, name: str) -> list[str | None]:
        """The messages of a campaign, the first as None."""
        return [None, *(each.id for each in campaign_named(self.context, name).steps[1:])]

    def _ruling(self, name: str, step: str | None = None) -> Ruling:
        if (name, step) not in self.rulings:
            campaign_named(self.context, name)
            with reading(self._engine) as conn:
                self.rulings[name, step] = ruling_of(self.context, conn, name, step)
        return self.rulings[name, step]

    def _loader(self, name: str) -> Callable[[str | None], Ruling]:
        """What decides about each message in one case: made once for the case."""
        kept: dict[str | None, Ruling] = {}

        def load(step: str | None) -> Ruling:
            if step not in kept:
                kept[step] = _anew(self._ruling(name, step))
            return kept[step]

        return load

    def _at(self, case: Case) -> Context:
        """The project at a case's instant, with the bench's database and no other."""
        url = SecretStr(f"sqlite:///{self.folder / 'case.db'}")
        settings: Mapping[str, object] = {"database_url": url, "secret_key": (SecretStr(_SECRET),)}
        environment = self.context.environment.model_copy(update=settings)
        opened = Opened(environment, self._engine)
        made = Context(environment, self.context.files, case.at, opened)
        made.loaded = self.context.loaded
        return made


def _anew(ruling: Ruling) -> Ruling:
    """The same without what it keeps of another base: places have other numbers in each."""
    return replace(
        ruling,
        grid=Grid(ruling.campaign, ruling.company),
        above=tuple(map(_anew, ruling.above)),
    )
