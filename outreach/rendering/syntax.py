"""Template text to a syntax tree: parsed, judged, and changed so that it counts what it does."""

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches

from jinja2 import nodes
from jinja2.tests import TESTS

from outreach.errors import Problem
from outreach.rendering.context import BRAND_KEYS, CAMPAIGN_KEYS
from outreach.rendering.filters import FILTERS, FUNCTIONS
from outreach.rendering.happened import FUNCTION as LAST
from outreach.rendering.happened import MOST, STARTED, USAGE, asked_by
from outreach.rendering.mending import mended
from outreach.rendering.positions import BadTemplateError, Line, line_at, offset_of, read_tree
from outreach.rendering.sandbox import ALL_METHODS
from outreach.rendering.walking import all_of

NEAR = 200  # characters in which a tag tells the word that a problem names
_QUERIES = frozenset(
    [
        "count",
        "total",
        "last",
        "first",
        "received",
        "opened",
        "clicked",
        "replied",
        "in_stage_for",
        "date",
        "days_until",
        "months",
    ]
)
_SPECIAL = frozenset(
    {"loop", "caller", "super", "self", "varargs", "kwargs", "true", "false", "none"}
)
_KEYS = {"brand": BRAND_KEYS, "campaign": CAMPAIGN_KEYS}
_PARTS = {"brand": "name", "campaign": "title", STARTED: "amount"}  # what is printed of a group
_ORDERS = "orders"  # a number, of which people expect the orders themselves
_ORDER_DETAILS = frozenset(
    ["order", "last_order", "order_items", "line_items", "items", "products", "product", "invoice"]
)
_NO_DETAILS = "`orders` is a number"
_LISTED = f"for the orders themselves {USAGE}"
_FILTERS_MEANT = {
    **dict.fromkeys(("euro", "eur", "dollar", "usd", "currency", "price", "amount"), "money"),
    **dict.fromkeys(("dateformat", "format_date", "strftime", "datum", "day"), "date"),
    **dict.fromkeys(("capitalise", "ucfirst"), "capitalize"),
}
_FORBIDDEN: dict[type[nodes.Node], str] = {
    nodes.EvalContextModifier: "`autoescape` can not be changed: values from strangers are escaped; take it out",
    nodes.FilterBlock: "`filter` blocks are not allowed; put the filter on each value",
}


def place_of(path: str, text: str, line: int, word: str = "") -> tuple[str, int, int]:
    """File, line and column of a word from a place on; without one of the place itself.

    A `line` that knows no column stands for its first tag.
    """
    at = offset_of(text, line)
    end = text.find("\n", at) if not isinstance(line, Line) else at + NEAR
    within = text[at : end if end >= 0 else len(text)]
    found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", within) if word else None
    if found is None and not isinstance(line, Line):
        found = re.search(r"\{[{%#]", within)
    place = line_at(text, at + (found.start() if found else 0))
    return path, int(place), place.column


def did_you_mean(word: str, known: Collection[str], otherwise: str = "") -> str:
    """The hint that names what was probably meant, or another."""
    close = get_close_matches(word, sorted(known), n=1)
    close = close or get_close_matches(word.lower(), sorted(known), n=1)
    return f"did you mean `{close[0]}`?" if close else otherwise


def parse(path: str, text: str) -> nodes.Template | Problem:
    """The syntax tree of a template's text, or what Jinja says against it."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        return read_tree(path, text)
    except BadTemplateError as error:
        said = mended(text, error.offset, error.tag, error.message)
        place = place_of(path, text, line_at(text, said.offset))
        return Problem(*place, "template-syntax", said.message, said.hint)
    except RecursionError:
        return Problem(path, 1, 1, "template-syntax", "is too deeply nested", FLATTER)


def judge(path: str, text: str, tree: nodes.Template) -> list[Problem]:
    """Everything in the tree that no template may use, in the order of lines."""
    return sorted(
        Problem(*place_of(path, text, node.lineno, word), code, message, hint)
        for node, word, code, message, hint in _offences(tree)
    )


_DECLARE = (
    "take it out, or declare it under `attributes` of outreach.yaml; an important day is `dates.{}`"
)
FLATTER = "put fewer tags into each other"
_NO_INSIDE = "print the value itself: names that begin with `_` belong to the program"
Offence = tuple[nodes.Node, str, str, str, str]


def _offences(tree: nodes.Template) -> Iterator[Offence]:
    for node in all_of(tree, nodes.Node):
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            yield _bad_filter(node)
        elif isinstance(node, nodes.Test) and node.name not in TESTS:
            hint = did_you_mean(node.name, TESTS, "ask `is defined`, or compare it")
            yield node, node.name, "unknown-test", f"there is no test `{node.name}`", hint
        elif isinstance(node, nodes.Include | nodes.Extends | nodes.Import | nodes.FromImport):
            if not _names_file(node.template):
                yield (
                    node,
                    "",
                    "dynamic-name",
                    "the name of another template must be written out",
                    "write it in quotes: `{% include 'footer.txt' %}`",
                )
        elif (orders := _as_several_orders(node)) is not None:
            yield orders, _ORDERS, "unknown-name", _NO_DETAILS, _LISTED
        elif isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
            yield node, node.attr, "forbidden", f"`{node.attr}` can not be read", _NO_INSIDE
        elif isinstance(node, nodes.Call):
            yield from _bad_call(node)
        elif isinstance(node, nodes.AssignBlock) and node.filter is not None:
            yield node, "", "forbidden", "`set` blocks take no filter", "put it on each value"
        for kind, message in _FORBIDDEN.items():
            if isinstance(node, kind):
                what, _, hint = message.partition("; ")
                yield node, "", "forbidden", what, hint


def _as_several_orders(node: nodes.Node) -> nodes.Name | None:
    """The name `orders` where one of them is asked for, or all are gone through."""
    whole = node.iter if isinstance(node, nodes.For) else None
    if isinstance(node, nodes.Getattr | nodes.Getitem):
        whole = node.node
    return whole if isinstance(whole, nodes.Name) and whole.name == _ORDERS else None


def _bad_filter(node: nodes.Filter) -> Offence:
    if node.name == "safe":
        why = "values from strangers are escaped; write HTML into the template itself"
        return node, "safe", "forbidden", "`safe` is not allowed", why
    meant = _FILTERS_MEANT.get(node.name.lower())
    hint = (
        f"write `|{meant}`"
        if meant
        else did_you_mean(node.name, FILTERS, "take it off; docs/templates.md lists them")
    )
    return node, node.name, "unknown-filter", f"there is no filter `{node.name}`", hint


def _bad_call(node: nodes.Call) -> Iterator[Offence]:
    called = node.node
    if isinstance(called, nodes.Name) and called.name == LAST:
        if asked_by(node) is None:
            message = f"`{LAST}` takes a kind of event in quotes, and how many: 1 to {MOST}"
            yield called, LAST, "bad-argument", message, USAGE
    elif isinstance(called, nodes.Name) and called.name in _QUERIES:
        why = "it works in `where:` and `when:` only"
        yield (
            called,
            called.name,
            "unknown-function",
            f"no function `{called.name}` in templates",
            why,
        )
    elif isinstance(called, nodes.Getattr) and isinstance(called.node, nodes.Const | nodes.Name):
        local = isinstance(called.node, nodes.Name)  # may be an imported file's macro
        if called.attr not in ALL_METHODS and not local:
            yield (
                called,
                called.attr,
                "forbidden",
                f"`{called.attr}` can not be called",
                "use a filter: `{{ city|upper }}`",
            )


def _names_file(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Const) and isinstance(node.value, str)


def unknown_names(
    tree: nodes.Template, names: Collection[str], local: Collection[str]
) -> Iterator[tuple[nodes.Name, str]]:
    """Names the tree reads that nobody gives it, each with a hint; `local` are set by templates."""
    known = {*names, *FUNCTIONS, *_SPECIAL, *local}
    parts = {
        node.node.name: node.attr
        for node in all_of(tree, nodes.Getattr)
        if isinstance(node.node, nodes.Name) and node.attr in names
    }  # `customer.first_name`
    seen: set[str] = set()
    for node in all_of(tree, nodes.Name):
        if node.ctx == "load" and node.name not in known | _QUERIES and node.name not in seen:
            seen.add(node.name)
            part = parts.get(node.name)
            if node.name in _ORDER_DETAILS:
                yield node, _LISTED
            else:
                yield (
                    node,
                    f"write `{{{{ {part} }}}}`"
                    if part
                    else did_you_mean(node.name, known) or _DECLARE.format(node.name),
                )


def unknown_attributes(tree: nodes.Template) -> Iterator[tuple[nodes.Getattr, frozenset[str]]]:
    """Reads of what `brand` or `campaign` do not have, each with what they have."""
    for node in all_of(tree, nodes.Getattr):
        known = _KEYS.get(node.node.name) if isinstance(node.node, nodes.Name) else None
        if known is not None and node.attr not in known:
            yield node, known


def groups_printed(tree: nodes.Template) -> Iterator[tuple[nodes.Name, str]]:
    """Where `brand`, `campaign` or `event` is printed whole, each with a part that may be meant."""
    for output in all_of(tree, nodes.Output):
        for printed in map(_unfiltered, output.nodes):
            if isinstance(printed, nodes.Name) and printed.name in _PARTS:
                part = _PARTS[printed.name]
                yield printed, f"write `{{{{ {printed.name}.{part} }}}}`"


def _unfiltered(node: nodes.Expr) -> nodes.Expr:
    """What goes into the filters behind a value."""
    while isinstance(node, nodes.Filter) and node.node is not None:
        node = node.node
    return node


def names_set(tree: nodes.Template) -> set[str]:
    """Every name the tree gives a value itself: `set`, loops, macros and their arguments, imports."""
    found = {node.name for node in all_of(tree, nodes.Name) if node.ctx != "load"}
    found |= {node.name for node in all_of(tree, nodes.Macro)}
    found |= {node.target for node in all_of(tree, nodes.Import)}
    for node in all_of(tree, nodes.FromImport):
        found |= {name if isinstance(name, str) else name[1] for name in node.names}
    return found


def count_steps(tree: nodes.Template) -> nodes.Template:
    """The tree with its checks: a step per round of a loop, sizes of what `~` and `set` make.

    An `if` inside an expression that has no `else` prints nothing then. Imported macros may print
    what the importing template may.
    """
    for loop in all_of(tree, nodes.For):
        tick = nodes.Call(nodes.EnvironmentAttribute("tick"), [], [], None, None)
        loop.body.insert(0, nodes.ExprStmt(tick))
    for either in all_of(tree, nodes.CondExpr):
        if either.expr2 is None:
            either.expr2 = nodes.Const("")
    for importing in (*all_of(tree, nodes.Import), *all_of(tree, nodes.FromImport)):
        setattr(importing, "with_context", True)  # noqa: B010 - find_all knows no common type
    for block in all_of(tree, nodes.AssignBlock):
        block.filter = nodes.Filter(block.filter, "string", [], [], None, None)
    _replace_operators(tree)
    return tree


def _replace_operators(node: nodes.Node) -> None:
    """Make each `~` below the node a filter that counts, each comparison one that knows missing."""
    for field, value in node.iter_fields():
        if isinstance(value, list):
            setattr(node, field, [_replaced(v) if isinstance(v, nodes.Node) else v for v in value])
        elif isinstance(value, nodes.Node):
            setattr(node, field, _replaced(value))


def _replaced(node: nodes.Node) -> nodes.Node:
    _replace_operators(node)
    if isinstance(node, nodes.Concat):
        return nodes.Filter(nodes.List(node.nodes), "_concat", [], [], None, None)
    if isinstance(node, nodes.Compare) and any(o.op not in ("eq", "ne") for o in node.ops):
        sides = nodes.List([node.expr, *(operand.expr for operand in node.ops)])
        operators = [nodes.Const([operand.op for operand in node.ops])]
        return nodes.Filter(sides, "_compare", operators, [], None, None)
    return node
