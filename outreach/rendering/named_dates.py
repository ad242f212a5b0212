"""Named dates in templates: `dates.wedding`."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from jinja2 import nodes

from outreach.rendering.syntax import place_of
from outreach.rendering.walking import all_of
from outreach.settings.date_names import DATES, date_name


@dataclass(frozen=True, slots=True)
class DateRead:
    """Where a template prints a named date, or asks for it."""

    name: str
    file: str
    line: int
    column: int


def dates_read(path: str, text: str, tree: nodes.Template) -> Iterator[DateRead]:
    """Every named date that the tree of a file reads."""
    for node in _reads(tree):
        yield DateRead(node.attr, *place_of(path, text, node.lineno, node.attr))


def misread_dates(
    tree: nodes.Template, names: Collection[str]
) -> Iterator[tuple[nodes.Expr, str, str]]:
    """Where `dates` is read otherwise, or for what is no date's name; each with message and hint.

    `names` are those that a template may use alone.
    """
    named = {id(node.node) for node in _reads(tree)}  # nodes compare by content
    for node in all_of(tree, nodes.Name):
        if node.name == DATES and id(node) not in named:
            yield node, f"`{DATES}` is read by the name of one", f"write `{DATES}.wedding`"
    for read in _reads(tree):
        if read.attr in names:
            yield read, f"`{read.attr}` is no named date", f"write `{read.attr}`"
        elif (meant := date_name(read.attr)) != read.attr:
            hint = f"write `{DATES}.{meant}`" if meant else ""
            yield read, f"no date is called `{read.attr}`", hint


def _reads(tree: nodes.Template) -> Iterator[nodes.Getattr]:
    for node in all_of(tree, nodes.Getattr):
        if isinstance(node.node, nodes.Name) and node.node.name == DATES:
            yield node
