"""Lifecycles from YAML: the project's own under lifecycles/, else a preset of the package."""

import re
from collections.abc import Mapping
from importlib import resources

from pydantic import Field, field_validator

from outreach.audience.check import check
from outreach.audience.names import Names, names_of
from outreach.campaign.model import Expression
from outreach.documents import Document, FileModel, RefusalError, did_you_mean, load, validate
from outreach.errors import Problem
from outreach.lifecycle.model import Lifecycle, Stage
from outreach.settings.company import Company

GIVEN = "given"  # the stage comes with the customers' file: there are no rules
OTHERWISE = "otherwise"
FOLDER = "lifecycles/"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class StageFile(FileModel):
    """One stage as it is written."""

    id: str = Field(description="What campaigns call it", examples=["growth"])
    title: str = ""
    meaning: str = ""
    when: str = Field(description="An expression, or `otherwise`", examples=["orders >= 2"])

    @field_validator("id")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        if _ID.fullmatch(value) is None:
            raise RefusalError(f"`{value}` is no name for a stage", "letters, digits, - and _")
        return value


class LifecycleFile(FileModel):
    """A lifecycle as it is written."""

    title: str = ""
    stages: list[StageFile] = Field(min_length=1, max_length=50)


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
    name = company.lifecycle
    if name == GIVEN:
        return None, []
    path = f"{FOLDER}{name}.yaml"
    content = files.get(path)
    if content is None and name in presets():
        path = f"{name}.yaml (preset)"
        content = (resources.files("outreach.lifecycle") / "presets" / f"{name}.yaml").read_bytes()
    if content is None:
        known = [GIVEN, *presets(), *_own(files)]
        hint = did_you_mean(name, known, listing="there are") or "write it under lifecycles/"
        message = f"there is no lifecycle `{name}`"
        return None, [Problem("outreach.yaml", 0, 0, "unknown-lifecycle", message, hint)]
    return read_lifecycle(name, path, content, names_of(company))


def check_lifecycles(company: Company, files: Mapping[str, bytes]) -> list[Problem]:
    """Everything that is wrong with the lifecycle in force and with the project's other ones."""
    problems = load_lifecycle(company, files)[1]
    for name in _own(files):
        if name != company.lifecycle:
            path = f"{FOLDER}{name}.yaml"
            problems += read_lifecycle(name, path, files[path], names_of(company))[1]
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
    stages = tuple(
        Stage(stage.id, stage.title or stage.id, stage.meaning, _when(document, at, stage.when))
        for at, stage in enumerate(written.stages)
    )
    problems = _problems(document, stages, names)
    return (None if problems else Lifecycle(name, written.title or name, stages)), problems


def _when(document: Document, at: int, written: str) -> Expression | None:
    if written.strip() == OTHERWISE:
        return None
    return Expression.at(document.file, document.passage(("stages", at, "when")))


def _problems(document: Document, stages: tuple[Stage, ...], names: Names) -> list[Problem]:
    problems: list[Problem] = []
    for at, stage in enumerate(stages):
        if stage.id in [other.id for other in stages[:at]]:
            message = f"there are two stages `{stage.id}`"
            problems.append(document.problem(("stages", at, "id"), "duplicate", message))
        if stage.when is not None:
            problems += check(stage.when, names)
        elif at < len(stages) - 1:
            message = f"`{OTHERWISE}` takes everyone: no stage after it can be reached"
            hint = "put it last"
            problems.append(document.problem(("stages", at, "when"), "bad-value", message, hint))
    return problems


def _own(files: Mapping[str, bytes]) -> list[str]:
    return sorted(
        path.removeprefix(FOLDER).removesuffix(".yaml")
        for path in files
        if path.startswith(FOLDER) and path.endswith(".yaml")
    )
