"""What stands beside the message while a project is edited: its campaigns and all problems."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from outreach.app.check import Checked
from outreach.app.context import Context
from outreach.campaign.project import campaign_files
from outreach.errors import WARNING, OutreachError, Problem

LONGEST_LINE = 200  # characters of a file's line


@dataclass(frozen=True, slots=True)
class Listed:
    """A campaign of the list; `status` is empty where its file can not be read."""

    name: str
    title: str
    status: str
    channels: tuple[str, ...]
    faults: int
    warnings: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A problem and the line of the file that it is in."""

    problem: Problem
    place: str  # file:line:column, as far as it is known
    line: str
    is_warning: bool
    campaigns: tuple[str, ...]  # that have it; none: it is everyone's


@dataclass(frozen=True, slots=True)
class Margin:
    """Every campaign and every problem of one version of the files.

    `is_checked`: all problems are of this version; else those of customers are still looked for.
    """

    version: int
    brand: str
    campaigns: tuple[Listed, ...]
    problems: tuple[Placed, ...]
    is_checked: bool
    unasked: str  # why the database was not asked
    error: str  # why the files can not be read at all


def margin_of(
    context: Context,
    version: int,
    by_files: tuple[int, Checked] | None,
    by_base: tuple[int, Checked] | None,
    error: OutreachError | None,
) -> Margin:
    """From the last checks, each with its version: of the files alone, and beside the customers.

    While the latter goes on, the former's stand with what the customers were found to lack before.
    """
    is_checked = by_base is not None and by_base[0] == version
    problems: set[Problem] = set()
    if by_base is not None:
        problems = set(by_base[1].problems)
    if not is_checked and by_files is not None:
        of_base = by_base[1].of_base if by_base is not None else frozenset()
        problems = {*by_files[1].problems, *of_base}
    placed = tuple(_placed(context, sorted(problems)))
    company = context.loaded.company
    return Margin(
        version=version,
        brand=company.brand.name if company else "",
        campaigns=tuple(_listed(context, placed)),
        problems=placed,
        is_checked=is_checked,
        unasked=by_base[1].unasked if by_base else "",
        error=f"{error.message}; {error.hint}" if error else "",
    )


def _listed(context: Context, placed: Iterable[Placed]) -> Iterator[Listed]:
    theirs = [(each.is_warning, name) for each in placed for name in each.campaigns]
    for name, _ in campaign_files(context.files.contents):
        campaign = context.loaded.campaigns.get(name)
        yield Listed(
            name=name,
            title=campaign.title if campaign else name,
            status=campaign.status.value if campaign else "",
            channels=campaign.steps[0].channels if campaign else (),
            faults=theirs.count((False, name)),
            warnings=theirs.count((True, name)),
        )


def _placed(context: Context, problems: Iterable[Problem]) -> Iterator[Placed]:
    files = context.files.contents
    folders = [
        (f"templates/{step.template}/", name)
        for name, campaign in context.loaded.campaigns.items()
        for step in campaign.steps
    ]
    names = {path: name for name, path in campaign_files(files)}
    for each in problems:
        lines = files.get(each.file, b"").decode(errors="replace").split("\n")
        line = lines[each.line - 1] if 0 < each.line <= len(lines) else ""
        own = {name for folder, name in folders if each.file.startswith(folder)}
        own |= {names[each.file]} if each.file in names else set()
        place = f"{each.file}:{each.line}:{each.column}" if each.line else each.file
        is_warning = each.code.startswith(WARNING)
        yield Placed(each, place, line[:LONGEST_LINE], is_warning, tuple(sorted(own)))
