"""Every file of a project checked: all problems at once, in order of file and place."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from outreach.app.admission import trials, tried
from outreach.app.approval_slips import unapprovable
from outreach.app.context import Context
from outreach.app.floor_slips import unfit_floors
from outreach.app.fragments import (
    company_as_read,
    expressions_in,
    names_as_read,
    stages_in,
    unused_templates,
)
from outreach.app.kept import Kept
from outreach.app.rival_slips import rivals
from outreach.app.slips import company_slips, slips_of
from outreach.app.sound import sound_campaigns
from outreach.audience.check import campaigns_named, literal_comparisons, stages_compared
from outreach.audience.check import check as check_expression
from outreach.audience.names import Names
from outreach.audience.unreached import unreached
from outreach.campaign.check import Project
from outreach.campaign.model import Campaign, Expression, Place
from outreach.campaign.project import campaign_files
from outreach.documents import Document, closest, did_you_mean, load
from outreach.errors import WARNING, Problem, SetupError
from outreach.lifecycle.load import check_lifecycles, load_lifecycles
from outreach.lifecycle.model import Lifecycle, Lifecycles
from outreach.rendering.check import check_templates, compared_in
from outreach.rendering.context import context_names
from outreach.rendering.happened import STARTED
from outreach.rendering.misnamed import perhaps_variants, unread
from outreach.settings.company import Brand, Company
from outreach.settings.company_file import COMPANY_FILE

SLIPS_SECONDS = 600.0  # they ask what the time is
_OUR_NAMES = ("unknown-name", "duty")  # what only an outreach.yaml in order can answer


@dataclass(frozen=True, slots=True)
class Checked:
    """Problems by file and place, warnings among them, and how many files were read.

    `unasked` says why the database could not be asked; empty where it was, or where there is none.
    `of_base` are those that only the customers at hand show.
    """

    problems: tuple[Problem, ...]
    files: int
    unasked: str = ""
    of_base: frozenset[Problem] = frozenset()

    @property
    def faults(self) -> list[Problem]:
        """The problems that are no warnings."""
        return list(filter(_is_fault, self.problems))


def check_files(context: Context, kept: Kept | None = None, *, asks_base: bool = True) -> Checked:
    """All that is wrong with the project's files; with a database also what finds nobody in it.

    Warnings are of the campaigns that are in order, whatever is wrong with others. Without
    `asks_base` no customers are looked at, which takes seconds where there are many. What `kept`
    knows of campaigns that did not change is not asked again.
    """
    kept = kept or Kept()
    problems = _all_problems(context) | set(_unknown_campaigns(context))
    problems |= kept.of_each(context, "trial", tried(context), trials(context))
    sound = sound_campaigns(context, filter(_is_fault, problems))
    problems |= kept.of_each(
        context, "slips", sound, lambda each: slips_of(context, each), SLIPS_SECONDS
    )
    problems |= {*company_slips(context), *rivals(context, sound)}
    unasked = _unasked(context) if asks_base else ""
    of_base: frozenset[Problem] = frozenset()
    if unasked is None and context.loaded.company is not None:
        from outreach.app.warnings import warnings  # and with it SQLAlchemy

        of_base = frozenset(warnings(context, sound, kept)) - problems
    found = tuple(sorted(problems | of_base))
    return Checked(found, len(context.files.contents), unasked or "", of_base)


def _unasked(context: Context) -> str | None:
    """Why the database is not asked: it can not be, or, empty, there is none; None: it is."""
    if not context.has_database:
        return ""
    try:
        _ = context.engine
    except SetupError as error:
        return f"{error.message}; {error.hint}"
    return None


def faults(context: Context) -> set[Problem]:
    """All that is wrong with the project's files by themselves; no database is asked."""
    return set(filter(_is_fault, _all_problems(context)))


def campaign_faults(context: Context, campaign: Campaign) -> list[Problem]:
    """What is wrong with whom one campaign names: its expressions, stages, other campaigns."""
    files, company = context.files.contents, context.company()
    document = load(campaign.file, files[campaign.file])[0]
    lifecycles = load_lifecycles(company, files)[0]
    found = [*_expression_problems([document], company, lifecycles)]
    found += _unknown_campaigns(context, campaign.file)
    if lifecycles.main is not None:
        found += _stage_problems([document], lifecycles.main)
    return sorted(filter(_is_fault, found))


def _is_fault(problem: Problem) -> bool:
    return not problem.code.startswith(WARNING)


def _all_problems(context: Context) -> set[Problem]:
    """Faults of the files, and the warnings that need no database."""
    files = context.files.contents
    shallow = {*context.files.problems, *context.loaded.problems}
    shallow |= set(unapprovable(files, context.loaded))
    shallow |= set(unfit_floors(files, context.loaded))
    return shallow | set(_deeper_problems(files, context.loaded))


def _deeper_problems(files: Mapping[str, bytes], project: Project) -> Iterator[Problem]:
    """Expressions, stages, lifecycles and templates; also of campaigns that have other faults."""
    company, certain = project.company, True
    if company is None:
        company = company_as_read(files.get(COMPANY_FILE, b""))
        certain = company is not None
    company = company or Company(brand=Brand(name="?"))
    paths = (path for _, path in campaign_files(files))
    documents = [load(path, files[path])[0] for path in (COMPANY_FILE, *paths) if path in files]
    lifecycles = Lifecycles(None)
    if project.company is not None:
        lifecycles = load_lifecycles(company, files)[0]
    found = [
        *_expression_problems(documents, company, lifecycles),
        *_template_problems(files, project, company, lifecycles.main),
        *check_lifecycles(company, files),
    ]
    found += (each for campaign in project.campaigns.values() for each in unreached(campaign))
    if lifecycles.main is not None:
        found += _stage_problems(documents, lifecycles.main)
    yield from (each for each in found if certain or each.code not in _OUR_NAMES)


def _expression_problems(
    documents: Iterable[Document | None], company: Company, lifecycles: Lifecycles
) -> Iterator[Problem]:
    lifecycle = lifecycles.main
    for document in filter(None, documents):
        names = names_as_read(document, company)
        for expression in expressions_in(document):
            problems = check_expression(expression, names)
            word = expression.source.strip()
            if lifecycle is not None and problems and word in lifecycle.ids:
                problems = [replace(problems[0], hint=f"write `stage: {word}`")]
            elif not problems:
                problems = list(_stages_compared(expression, names, lifecycles))
            yield from problems


def _stages_compared(
    expression: Expression, names: Names, lifecycles: Lifecycles
) -> Iterator[Problem]:
    compared = [
        (lifecycles.main, text, place)
        for name, text, place in literal_comparisons(expression, names)
        if name == "stage"
    ]
    for name, text, place in stages_compared(expression, names):
        compared.append((lifecycles.further.get(name), text, place))
    for lifecycle, text, place in compared:
        if lifecycle is not None and text not in lifecycle.ids:
            yield Problem(place.file, place.line, place.column, *_no_stage(text, lifecycle))


def _unknown_campaigns(context: Context, only: str | None = None) -> Iterator[Problem]:
    """Campaigns that an expression asks for and that there is no file of, nor were ever any runs.

    In all files, or in `only` this one.

    A check only: what runs goes on when the file of another campaign is taken away.
    """
    company, files = context.loaded.company, context.files.contents
    paths = dict(campaign_files(files))
    if company is None:
        return
    asked: list[tuple[str, Place]] = []
    every = (COMPANY_FILE, *paths.values())
    read = (load(path, files[path])[0] for path in every if only in (None, path))
    for document in filter(None, read):
        names = names_as_read(document, company)
        for expression in expressions_in(document):
            if not check_expression(expression, names):
                asked += campaigns_named(expression, names)
    missing = [(name, place) for name, place in asked if name not in paths]
    known = {*paths, *(_campaigns_of_old(context) if missing else ())}
    for name, place in missing:
        if name not in known:
            code, message = "unknown-campaign", f"there is no campaign `{name}`"
            hint = did_you_mean(name, known, listing="there are")
            yield Problem(place.file, place.line, place.column, code, message, hint)


def _campaigns_of_old(context: Context) -> Iterable[str]:
    """Campaigns that the database knows, also those whose file is gone."""
    if _unasked(context) is not None:
        return ()
    from outreach.store.activity import activities  # and with it SQLAlchemy
    from outreach.store.engine import reading

    with reading(context.engine) as conn:
        return tuple(activities(conn))


def _template_problems(
    files: Mapping[str, bytes], project: Project, company: Company, lifecycle: Lifecycle | None
) -> Iterator[Problem]:
    used: dict[str, set[str]] = {}
    for campaign in project.campaigns.values():
        for step in campaign.steps:
            used.setdefault(step.template, set()).update(each.name for each in campaign.variants)
        yield from check_templates(files, campaign, company, context_names(company, campaign))
    unused = list(unused_templates(files, used.keys()))
    alone = [step.template for each in unused for step in each.steps]
    used |= {each: perhaps_variants(each, files) for each in alone}
    attached = {
        each.file for campaign in project.campaigns.values() for each in campaign.attachments
    }
    yield from unread(files, used, attached)
    for campaign in unused:  # one that an event starts may come to use it
        names = context_names(company, campaign) | {STARTED}
        found = check_templates(files, campaign, company, names)
        yield from (each for each in found if each.code != "duty")  # its topic is not known
    if lifecycle is not None:
        for campaign in (*project.campaigns.values(), *unused):
            asked = compared_in(files, campaign, company, context_names(company, campaign))
            for each in (one for one in asked if one.name == "stage"):
                # Only where another is meant: a template may speak of several lifecycles' stages.
                if each.text not in lifecycle.ids and closest(each.text, lifecycle.ids):
                    place = (each.file, each.line, each.column)
                    yield Problem(*place, *_no_stage(each.text, lifecycle))


def _stage_problems(
    documents: Iterable[Document | None], lifecycle: Lifecycle
) -> Iterator[Problem]:
    for document in filter(None, documents):
        for path, stage in stages_in(document):
            if stage not in lifecycle.ids:
                yield document.problem(path, *_no_stage(stage, lifecycle))


def _no_stage(stage: str, lifecycle: Lifecycle) -> tuple[str, str, str]:
    """Code, message and hint."""
    hint = did_you_mean(stage, lifecycle.ids, listing="there are")
    if closest(stage, lifecycle.ids) is None:
        hint += "; or write stages of your own: docs/lifecycle.md"
    return "unknown-stage", f"lifecycle `{lifecycle.name}` has no stage `{stage}`", hint
