"""A new project: a copy of the sample that comes with the package, or one with little in it."""

import shutil
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from outreach.app.schema import write_schemas
from outreach.errors import SetupError, UsageError

IGNORED = ".outreach/\n.env\n"


@dataclass(frozen=True, slots=True)
class NewProject:
    """The folder, and what was written into it."""

    folder: Path
    files: tuple[str, ...]


def make_project(folder: Path, *, empty: bool = False) -> NewProject:
    """Copy the sample project into the folder; UsageError where that or a file of it is in the way.

    Or, `empty`, one of a single campaign that is a draft, with what it needs. Nothing is written over, and nothing at all if anything is in the way.
    """
    for above in (folder, *folder.parents):
        if above.is_file():
            raise UsageError(f"`{above}` is a file", "name a new folder: `outreach init FOLDER`")
    parts = _empty() if empty else _sample()
    files = {path: each for part, place in parts.items() for path, each in _files(place, part)}
    in_the_way = [path for path in files if (folder / path).exists()]
    if in_the_way:
        message = f"`{folder / in_the_way[0]}` is there already"
        raise UsageError(message, "name a new folder: `outreach init FOLDER`")
    for path, each in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with each.open("rb") as source, target.open("xb") as copy:
            shutil.copyfileobj(source, copy)
    ignored = folder / ".gitignore"
    if not ignored.exists():
        ignored.write_text(IGNORED, encoding="utf-8")
    write_schemas(folder / ".outreach")
    return NewProject(folder, tuple(sorted(files)))


def _sample() -> dict[str, Traversable]:
    """The parts of the sample: in an installed package, else the checkout, a project itself."""
    package = resources.files("outreach")
    checkout = Path(str(package)).parent
    places = ((package / "sample", "tests"), (checkout, "tests/campaigns"))
    for place, tests in places:
        if (place / "outreach.yaml").is_file():
            parts = {part: place / part for part in ("outreach.yaml", "campaigns", "templates")}
            return parts | {"tests": place / tests}
    raise SetupError("the sample project is not there", "install outreach again")


def _empty() -> dict[str, Traversable]:
    place = resources.files("outreach.app") / "empty_project"
    return {each.name: each for each in place.iterdir()}


def _files(place: Traversable, path: str) -> list[tuple[str, Traversable]]:
    """Every file at a place, with its path in the new project."""
    if place.is_file():
        return [(path, place)]
    if not place.is_dir():
        return []
    seen = (each for each in place.iterdir() if not each.name.startswith((".", "__")))
    inside = (_files(each, f"{path}/{each.name}") for each in seen)
    return [file for files in inside for file in files]
