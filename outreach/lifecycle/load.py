"""Lifecycles from YAML: the project's own under lifecycles/, else a preset of the package."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from importlib import resources

from outreach.audience.check import check
from outreach.audience.names import Names, names_of
from outreach.campaign.model import Expression
from outreach.documents import Document, did_you_mean, load, validate
from outreach.documents.document import Path
from outreach.errors import Problem
from outreach.lifecycle.lifecycle_file import LifecycleFile, StageFile
from outreach.lifecycle.model import Lifecycle, Lifecycles, Stage
from outreach.settings.company import Company
from outreach.settings.company_file import COMPANY_FILE

GIVEN = "given"  # the stage comes with the customers' file: there are no rules
OTHERWISE = "otherwise"
FOLDER = "lifecycles/"


def presets() -> list[str]:
    """The names of the lifecycles that come with the package."""
    folder = resources.files("outreach.lifecycle") / "presets"
    return sorted(
        file.name.removesuffix(".yaml") for file in folder.iterdir() if ".yaml" in file.name
    )


def load_lifecycle(
    company: Company, files: Mapping[str, bytes]
) -> tuple[Lifecycle | None, list[Problem]]:
    """The lifecycle that outreach.yaml names; None, without a problem, when stages are given.

    `files` are the project's, by path; an own file goes before a preset of the same name.
    """
    if company.lifecycle == GIVEN:
        return None, []
    return _load(company.lifecycle, company, files, ("lifecycle",))


def load_lifecycles(
    company: Company, files: Mapping[str, bytes]
) -> tuple[Lifecycles, list[Problem]]:
    """The lifecycle and the further ones that outreach.yaml names; those at fault are left out."""
    main, problems = load_lifecycle(company, files)
    further = {}
    for name, model in company.lifecycles.items():
        found, faults = _load(model, company, files, ("lifecycles", name))
        problems = problems + [each for each in faults if each not in problems]
        if found is not None:
            further[name] = found
    return Lifecycles(main, further), problems


def check_lifecycles(company: Company, files: Mapping[str, bytes]) -> list[Problem]:
    """Everything that is wrong with the lifecycles in force and with the project's other ones."""
    problems = load_lifecycles(company, files)[1]
    for name in _own(files):
        if name not in (company.lifecycle, *company.lifecycles.values()):
            path = f"{FOLDER}{name}.yaml"
            problems += read_lifecycle(name, path, files[path], _names(company))[1]
    return problems


def read_lifecycle(
    name: str, path: str, content: bytes, names: Names
) -> tuple[Lifecycle | None, list[Problem]]:
    """The lifecycle in a file, or all of its problems; `path` is shown in them."""
    document, problems = load(path, content)
    if document is None or problems:
        return None, problems
    written, problems = validate(document, LifecycleFile)
    if written is None:
        return None, problems
    stages = tuple(_stage(document, at, stage) for at, stage in enumerate(written.stages))
    model = Lifecycle(
        name,
        written.title or name,
        stages,
        written.evaluation or (),
        written.moves or {},
        written.high_water,
    )
    problems = [*_expression_problems(model, names), *_order_problems(document, model)]
    return (None if problems else model), sorted(problems)


def _load(
    name: str, company: Company, files: Mapping[str, bytes], named_at: Path
) -> tuple[Lifecycle | None, list[Problem]]:
    path = f"{FOLDER}{name}.yaml"
    content = files.get(path)
    if content is None and name in presets():
        path = f"{name}.yaml (preset)"
        content = (resources.files("outreach.lifecycle") / "presets" / f"{name}.yaml").read_bytes()
    if content is None:
        known = [GIVEN, *presets(), *_own(files)]
        hint = did_you_mean(name, known, listing="there are") or "write it under lifecycles/"
        message = f"there is no lifecycle `{name}`"
        document = load(COMPANY_FILE, files.get(COMPANY_FILE, b""))[0]
        place = (0, 0) if document is None else document.place(named_at)
        return None, [Problem(COMPANY_FILE, *place, "unknown-lifecycle", message, hint)]
    return read_lifecycle(name, path, content, _names(company))


def _names(company: Company) -> Names:
    """What rules may speak of: a stage in a rule would change with every refresh."""
    return names_of(company, staged=False)


def _stage(document: Document, at: int, written: StageFile) -> Stage:
    place = ("stages", at)
    when = None
    if written.when.strip() != OTHERWISE:
        when = Expression.at(document.file, document.passage((*place, "when")))
    unless = None
    if written.unless is not None:
        unless = Expression.at(document.file, document.passage((*place, "unless")))
    least = timedelta(days=written.least_days or 0)
    title = written.title or written.id
    return Stage(written.id, title, written.meaning, when, least, unless)


def _expression_problems(model: Lifecycle, names: Names) -> Iterator[Problem]:
    for stage in model.stages:
        for expression in filter(None, (stage.when, stage.unless)):
            yield from check(expression, names)


def _order_problems(document: Document, model: Lifecycle) -> Iterator[Problem]:
    """Stages that are there twice, that nobody can reach, or that are not there."""
    for at, id_ in enumerate(model.ids):
        if id_ in model.ids[:at]:
            yield document.problem(
                ("stages", at, "id"), "duplicate", f"there are two stages `{id_}`"
            )
    for at, id_ in enumerate(model.evaluation):
        yield from _named(document, model, id_, ("evaluation", at))
    for source, targets in model.moves.items():
        yield from _named(document, model, source, ("moves", source), key=True)
        for at, id_ in enumerate(targets):
            yield from _named(document, model, id_, ("moves", source, at))
    missing = sorted(set(model.ids) - set(model.evaluation)) if model.evaluation else []
    if missing:
        message = f"`evaluation` leaves out {', '.join(f'`{each}`' for each in missing)}"
        yield document.problem(("evaluation",), "bad-value", message, "name every stage once")
    elif set(model.evaluation) <= set(model.ids):
        yield from _after_otherwise(document, model)


def _named(
    document: Document, model: Lifecycle, id_: str, path: Path, *, key: bool = False
) -> Iterator[Problem]:
    if id_ not in model.ids:
        hint = did_you_mean(id_, model.ids, listing="there are")
        message = f"there is no stage `{id_}`"
        yield document.problem(path, "unknown-stage", message, hint, key=key)


def _after_otherwise(document: Document, model: Lifecycle) -> Iterator[Problem]:
    for stage in model.rules[:-1]:
        if stage.when is None:
            path = ("stages", model.stages.index(stage), "when")
            message = f"`{OTHERWISE}` takes everyone: no stage after it can be reached"
            yield document.problem(path, "bad-value", message, "put it last")


def _own(files: Mapping[str, bytes]) -> list[str]:
    return sorted(
        path.removeprefix(FOLDER).removesuffix(".yaml")
        for path in files
        if path.startswith(FOLDER) and path.endswith(".yaml")
    )
