"""What is wrong with one file of a template by its syntax tree, each problem at its place."""

from collections.abc import Collection, Iterator, Mapping

from jinja2 import nodes

from outreach.errors import WARNING, Problem
from outreach.rendering.happened import STARTED
from outreach.rendering.named_dates import misread_dates
from outreach.rendering.patterns import misread_patterns
from outreach.rendering.raw_values import raw_values
from outreach.rendering.started import NONE_DID, USAGE
from outreach.rendering.syntax import (
    did_you_mean,
    groups_printed,
    judge,
    place_of,
    unknown_attributes,
    unknown_names,
)
from outreach.settings.date_names import DATES


def noted(
    path: str, text: str, line: int, word: str, code: str, message: str, hint: str
) -> Problem:
    """A problem at a word from a line on."""
    return Problem(*place_of(path, text, line, word), code, message, hint)


def faults(
    path: str, text: str, tree: nodes.Template, names: Collection[str], local: Collection[str]
) -> Iterator[Problem]:
    """What no template may do or ask for; `names` are those it may use, `local` its own."""
    yield from judge(path, text, tree)
    for name, hint in unknown_names(tree, names, local):
        if name.name == STARTED:
            yield noted(path, text, name.lineno, STARTED, "unknown-name", NONE_DID, USAGE)
            continue
        alone = hint.startswith("write")  # `customer.first_name`
        message = f"{'there is' if alone else 'customer has'} no `{name.name}`"
        yield noted(path, text, name.lineno, name.name, "unknown-name", message, hint)
    misread = list(misread_dates(tree, names))
    if DATES not in local:
        for read, message, hint in misread:
            word = read.attr if isinstance(read, nodes.Getattr) else DATES
            yield noted(path, text, read.lineno, word, "unknown-name", message, hint)
    for node, known in unknown_attributes(tree):
        assert isinstance(node.node, nodes.Name)
        message = f"`{node.node.name}` has no `{node.attr}`"
        hint = did_you_mean(
            node.attr, known, f"it has {', '.join(f'`{one}`' for one in sorted(known))}"
        )
        yield noted(path, text, node.lineno, node.attr, "unknown-name", message, hint)
    for group, hint in groups_printed(tree):
        if group.name not in local:
            message = f"`{group.name}` has several parts, of which one can be printed"
            yield noted(path, text, group.lineno, group.name, "printed-group", message, hint)
    for filtered, pattern, message, hint in misread_patterns(tree):
        yield noted(path, text, filtered.lineno, pattern, "bad-pattern", message, hint)


def shown_raw(
    path: str,
    text: str,
    tree: nodes.Template,
    names: Collection[str],
    kinds: Mapping[str, str],
    local: Collection[str],
) -> Iterator[Problem]:
    """Warnings of values that nobody wants to read as they are: dates, amounts, spans."""
    shown = {name: kind for name, kind in kinds.items() if name.partition(".")[0] not in local}
    if DATES not in local and not list(misread_dates(tree, names)):
        shown[DATES] = "date"
    for value, word, message, hint in raw_values(tree, shown):
        place = place_of(path, text, value.lineno, word)
        yield Problem(*place, f"{WARNING}raw-value", message, hint)
