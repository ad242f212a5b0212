"""The functions of expressions: spans of time, and questions to a customer's history."""

from datetime import timedelta
from typing import TYPE_CHECKING

from jinja2 import nodes

from outreach.audience import tree
from outreach.audience.names import (
    BIRTHDAY,
    DATE_FUNCTIONS,
    FUNCTIONS,
    STEP_FUNCTIONS,
    Kind,
)
from outreach.audience.operators import LONGEST_SPAN, arithmetic, comparable
from outreach.audience.refused import for_call
from outreach.audience.syntax import begin
from outreach.documents import did_you_mean
from outreach.settings.date_names import date_name

if TYPE_CHECKING:
    from outreach.audience.analysis import Reader

_SPANS = {"hours": timedelta(hours=1), "days": timedelta(days=1), "weeks": timedelta(weeks=1)}
MOST_MONTHS = 1_200
_USAGE = {
    "days": "days(30)",
    "hours": "hours(36)",
    "weeks": "weeks(2)",
    "months": "now - months(3)",
    "count": "count('order', days(365))` or `count('order', since=stage_since)",
    "total": "total('order', days(365))` or `total('order', since=stage_since)",
    "last": "last('visit')",
    "first": "first('visit')",
    "received": "received('spring-offer', days(30))",
    "stage_in": "stage_in('value')",
    "in_stage_for": "in_stage_for(days(7))",
    "date": "date('contract_end') < today + days(30)",
    "days_until": "days_until('wedding') <= 7",
    **{name: f"{name}('greet')" for name in ("clicked", "opened", "replied")},
    "timed_out": "timed_out('patience')",
}
_KINDS = {
    "count": Kind.WHOLE,
    "total": Kind.MONEY,
    "last": Kind.DATETIME,
    "first": Kind.DATETIME,
    "stage_in": Kind.TEXT,
    "date": Kind.DATE,
    "days_until": Kind.WHOLE,
}
_TAKES = {
    "count": ("within", "since"),
    "total": ("within", "since"),
    "received": ("within",),
}


def read_call(reader: "Reader", node: nodes.Call) -> tree.Node | None:
    """The call as a constant span or a look-up; None after noting what is wrong."""
    if not isinstance(node.node, nodes.Name):
        message, hint = "only functions by their name are called", for_call(node.node, reader.names)
        reader.fault(begin(node), "not-allowed", message, hint)
        return None
    name, offset = node.node.name, node.node.lineno
    if name not in FUNCTIONS:
        if name in ("year", "years"):
            years = node.args[0] if node.args else None
            number = years.value if isinstance(years, nodes.Const) else 1
            days = 365 * number if isinstance(number, int) else 365
            message, hint = f"unknown function `{name}`", f"write `days({days})`"
            reader.fault(offset, "unknown-function", message, hint)
        else:
            reader.unknown(offset, "function", name, FUNCTIONS)
    elif name in _SPANS or name == "months":
        return _span(reader, node, name, offset)
    elif name == "in_stage_for":
        return _in_stage_for(reader, node, offset)
    else:
        return _lookup(reader, node, name, offset)
    return None


def _wrong(reader: "Reader", offset: int, message: str, name: str) -> None:
    reader.fault(offset, "bad-argument", message, f"write for example `{_USAGE[name]}`")


def _span(reader: "Reader", node: nodes.Call, name: str, offset: int) -> tree.Node | None:
    arguments = _arguments(node)
    count = reader.value(node.args[0]) if arguments == ["number"] else None
    if arguments == ["number"] and count is None:
        return None
    if not isinstance(count, tree.Literal) or count.kind is not Kind.WHOLE:
        _wrong(reader, offset, f"`{name}` takes one whole number, written out", name)
        return None
    assert isinstance(count.value, int)
    most = MOST_MONTHS if name == "months" else LONGEST_SPAN // _SPANS[name]
    if not 0 <= count.value <= most:
        _wrong(reader, offset, f"`{name}` takes 0 to {most}", name)
        return None
    if name == "months":
        return tree.Literal(Kind.MONTHS, offset, count.value)
    return tree.Literal(Kind.SPAN, offset, count.value * _SPANS[name])


def _in_stage_for(reader: "Reader", node: nodes.Call, offset: int) -> tree.Node | None:
    """Whether the customer is in a stage, and came to it so long ago or longer."""
    if not reader.asks_for_stage(offset, "in_stage_for"):
        return None
    one = _arguments(node) == ["number"]
    span = reader.value(node.args[0]) if one else None
    if one and span is None:
        return None
    if span is None or span.kind is not Kind.SPAN:
        _wrong(reader, offset, "`in_stage_for` takes one span of time", "in_stage_for")
        return None
    stage = tree.Name(Kind.TEXT, offset, "stage")
    placed = tree.Not(Kind.YES_NO, offset, tree.Missing(Kind.YES_NO, offset, stage))
    now, since = (tree.Name(Kind.DATETIME, offset, name) for name in ("now", "stage_since"))
    latest = reader.allowed(node, arithmetic, "-", now, span)
    came = latest and reader.allowed(node, comparable, "<=", since, latest)
    return came and tree.Several(Kind.YES_NO, offset, "and", (placed, came))


def _arguments(node: nodes.Call) -> list[str]:
    """The arguments' shape: `number` for one plain one, and the names of the others."""
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        return ["*"]
    return ["number"] * len(node.args) + [keyword.key for keyword in node.kwargs]


def _lookup(reader: "Reader", node: nodes.Call, name: str, offset: int) -> tree.Node | None:
    first = node.args[0] if node.args else None
    subject = reader.value(first) if isinstance(first, nodes.Const) else None
    if not isinstance(subject, tree.Literal) or not isinstance(subject.value, str):
        _wrong(reader, offset, f"`{name}` takes a text in quotes first", name)
        return None
    given = _window(reader, node, name, offset)
    if given is None or (name == "stage_in" and not _is_lifecycle(reader, offset, subject.value)):
        return None
    if name in DATE_FUNCTIONS and not _is_date(reader, subject, name):
        return None
    if name in STEP_FUNCTIONS and not _is_step(reader, subject, name):
        return None
    kind = _KINDS.get(name, Kind.YES_NO)
    return tree.Lookup(kind, offset, name, subject.value, given.get("within"), given.get("since"))


def _is_lifecycle(reader: "Reader", offset: int, name: str) -> bool:
    """Whether stages may be asked for here, and there is such a further lifecycle."""
    known = reader.names.lifecycles
    if reader.asks_for_stage(offset, "stage_in") and name not in known:
        hint = "the one under `lifecycle` is `stage`"
        if near := did_you_mean(name, known, listing="there are"):
            hint = near if near.endswith("?") else f"{near}; {hint}"
        message = f"there is no `{name}` under `lifecycles`"
        reader.fault(offset, "unknown-lifecycle", message, hint)
        return False
    return reader.names.staged


def _is_step(reader: "Reader", subject: tree.Literal, function: str) -> bool:
    """Whether the campaign has a step, or a wait, of this name."""
    name, of_waits = str(subject.value), function == "timed_out"
    known = reader.names.waits if of_waits else reader.names.steps
    if name in known:
        return True
    what = "wait" if of_waits else "step"
    hint = did_you_mean(name, known, listing="there are")
    if not known:
        hint = (
            "write `wait: {id: patience, until: …}`" if of_waits else "it is for steps of this file"
        )
    reader.fault(subject.offset, f"unknown-{what}", f"there is no {what} `{name}` here", hint)
    return False


def _is_date(reader: "Reader", subject: tree.Literal, function: str) -> bool:
    """Whether a date may be called so: whether anybody has it, the database alone knows."""
    name, names = str(subject.value), reader.names
    if name == BIRTHDAY or names.own.get(name) is Kind.DATE:
        return True
    if name in names.kinds:
        message = f"`{name}` is {names.kinds[name].shown}, no day of the calendar"
        _wrong(reader, subject.offset, message, function)
        return False
    meant = date_name(name)
    if meant != name:
        hint = f"write `{meant}`" if meant else "a letter first, then letters, digits and `_`"
        reader.fault(subject.offset, "bad-argument", f"no date is called `{name}`", hint)
    return meant == name


def _window(
    reader: "Reader", node: nodes.Call, name: str, offset: int
) -> dict[str, tree.Node] | None:
    """`within` or `since`, empty without either."""
    takes = _TAKES.get(name, ())
    plain = dict(zip(takes[:1], node.args[1:], strict=False))
    named = {keyword.key: keyword.value for keyword in node.kwargs}
    given = plain | named
    too_many = len(plain) < len(node.args) - 1 or len(given) < len(plain) + len(named)
    odd = node.dyn_args is not None or node.dyn_kwargs is not None or set(given) - set(takes)
    if too_many or odd or len(given) > 1:
        _wrong(reader, offset, f"`{name}` does not take these arguments", name)
        return None
    found: dict[str, tree.Node] = {}
    for key, value in given.items():
        part = reader.value(value)
        if part is None:
            return None
        wanted = Kind.SPAN if key == "within" else Kind.DATETIME
        if part.kind is not wanted:
            message = f"`{key}` of `{name}` is {wanted.shown}, this is {part.kind.shown}"
            _wrong(reader, begin(value), message, name)
            return None
        found[key] = part
    return found
