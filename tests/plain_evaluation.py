"""Expressions evaluated one customer at a time by Jinja itself: what their SQL must agree with.

Values wear classes whose operators know what CONTRACT.md says of missing values; money is
counted in ten-thousandths, instants and spans in microseconds since 1970.
"""

import calendar
import functools
import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from jinja2 import Environment, Template, nodes
from jinja2.parser import Parser
from jinja2.visitor import NodeTransformer

MICROSECOND = timedelta(microseconds=1)
DAY = 86_400_000_000


def instant(at: datetime | None) -> "Value":
    """An instant, or a missing one."""
    return Value(
        "at", None if at is None else (at - datetime(1970, 1, 1, tzinfo=UTC)) // MICROSECOND
    )


@dataclass(frozen=True, eq=False)
class Value:  # noqa: PLW1641
    """A value of a kind; None is missing."""

    kind: str  # text number money yes_no date at span list months
    plain: Any

    def _compared(self, other: Any, ask: Callable[[Any, Any], bool], if_missing: bool) -> bool:
        if other is None:
            return (self.plain is None) == (ask is operator.eq)
        a, b = _alike(self, other)
        return if_missing if a is None or b is None else ask(a, b)

    def __eq__(self, other: object) -> bool:
        return self._compared(other, operator.eq, False)

    def __ne__(self, other: object) -> bool:
        return self._compared(other, operator.ne, True)

    def __lt__(self, other: Any) -> bool:
        return self._compared(other, operator.lt, False)

    def __le__(self, other: Any) -> bool:
        return self._compared(other, operator.le, False)

    def __gt__(self, other: Any) -> bool:
        return self._compared(other, operator.gt, False)

    def __ge__(self, other: Any) -> bool:
        return self._compared(other, operator.ge, False)

    def __bool__(self) -> bool:
        return bool(self.plain)

    def __contains__(self, member: str) -> bool:
        return self.plain is not None and member in self.plain

    def __add__(self, other: Any) -> "Value":
        return _moved(self, other, 1) if _moves(self, other) else self._sum(other, operator.add)

    def __sub__(self, other: Any) -> "Value":
        return _moved(self, other, -1) if _moves(self, other) else self._sum(other, operator.sub)

    def _sum(self, other: Any, of: Callable[[Any, Any], Any]) -> "Value":
        a, b = _alike(self, other)
        both = self.kind == "at" and isinstance(other, Value) and other.kind == "at"
        kind = other.kind if self.kind == "number" else self.kind
        return Value("span" if both else kind, _of(of, a, b))

    def __mul__(self, other: Any) -> "Value":
        return self._scaled(other, operator.mul)

    def __truediv__(self, other: Any) -> "Value":
        if isinstance(other, Value) and other.kind == self.kind:
            return Value("number", _of(operator.truediv, self.plain, other.plain))
        return self._scaled(other, operator.truediv)

    def _scaled(self, other: Any, by: Callable[[Any, Any], Any]) -> "Value":
        found = _of(lambda a, b: by(float(a), float(b)), self.plain, other.plain)
        kind = other.kind if self.kind == "number" else self.kind
        return Value(kind, int(found) if kind == "span" and found is not None else found)

    def __mod__(self, other: Any) -> "Value":
        return Value(self.kind, _of(operator.mod, self.plain, other.plain))

    def __floordiv__(self, other: Any) -> "Value":
        return Value(self.kind, _of(operator.floordiv, self.plain, other.plain))

    def __neg__(self) -> "Value":
        return Value(self.kind, None if self.plain is None else -self.plain)


def _alike(one: Value, other: Any) -> tuple[Any, Any]:
    """Both plain; a number beside money is an amount."""
    if not isinstance(other, Value):
        return one.plain, other
    money = "money" in (one.kind, other.kind)
    scaled = [
        int(Decimal(str(value.plain)) * 10_000) if money and value.kind == "number" else value.plain
        for value in (one, other)
    ]
    return scaled[0], scaled[1]


def _of(function: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    if a is None or b is None:
        return None
    try:
        return function(a, b)
    except ZeroDivisionError:
        return None


def _moves(value: Value, by: Any) -> bool:
    return value.kind == "date" or (isinstance(by, Value) and by.kind == "months")


def _moved(value: Value, by: Value, sign: int) -> Value:
    if by.kind == "span":
        day = date.fromisoformat(value.plain) + sign * timedelta(days=by.plain // DAY)
        return Value("date", day.isoformat())
    if value.kind == "date":
        return Value("date", _months(date.fromisoformat(value.plain), sign * by.plain).isoformat())
    day = date(1970, 1, 1) + timedelta(days=value.plain // DAY)
    days = (_months(day, sign * by.plain) - day).days
    return Value("at", value.plain + days * DAY)


def _months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def _with_year(day: str) -> str | None:
    return day if len(day) == 10 else None


def days_until(day: str, today: date) -> int:
    """Day after day is looked at until the one comes that is meant."""
    found, first = today, date.fromisoformat(day) if len(day) == 10 else date.min
    wanted = {day[-5:]} | ({"02-28"} if day[-5:] == "02-29" else set())
    while found < first or f"{found:%m-%d}" not in wanted or _is_early(found, day):
        found += timedelta(days=1)
    return (found - today).days


def _is_early(found: date, day: str) -> bool:
    """Whether the 28th of February stands before the 29th that is meant."""
    return day[-5:] == "02-29" and found.day == 28 and calendar.isleap(found.year)


@dataclass(frozen=True)
class History:
    """One customer's events (kind, at, amount) and touches (campaign, at), seen up to `now`.

    `placed_at` is when they came to their stage, None where they are in none; `days` are what
    `date` and `days_until` know, by name.
    """

    now: datetime
    today: date
    events: list[tuple[str, datetime, Decimal | None]]
    touches: list[tuple[str, datetime]]
    placed_at: datetime | None
    days: dict[str, str]

    def functions(self) -> dict[str, Any]:
        """The functions of expressions."""
        spans = {"days": DAY, "hours": DAY // 24, "weeks": 7 * DAY}
        return {
            **{name: lambda n, unit=unit: Value("span", n * unit) for name, unit in spans.items()},
            "months": lambda n: Value("months", n),
            "count": lambda kind, *a, **k: Value("number", len(self._seen(kind, *a, **k))),
            "total": lambda kind, *a, **k: Value(
                "money", sum(int((x[2] or 0) * 10_000) for x in self._seen(kind, *a, **k))
            ),
            "first": lambda kind: instant(min((x[1] for x in self._seen(kind)), default=None)),
            "last": lambda kind: instant(max((x[1] for x in self._seen(kind)), default=None)),
            "received": lambda name, within=None: Value(
                "yes_no", any(x[0] == name and self._is_in(x[1], within) for x in self.touches)
            ),
            "date": lambda name: Value("date", _with_year(self.days.get(name, ""))),
            "days_until": lambda name: Value(
                "number", days_until(self.days[name], self.today) if name in self.days else None
            ),
            "in_stage_for": lambda span: Value(
                "yes_no", instant(self.placed_at) <= instant(self.now) - span
            ),
        }

    def _seen(self, kind: str, within: Any = None, since: Any = None) -> list[Any]:
        found = [x for x in self.events if x[0] == kind and self._is_in(x[1], within)]
        return found if since is None else [x for x in found if instant(x[1]) >= since]

    def _is_in(self, at: datetime, within: Value | None) -> bool:
        return at <= self.now and (within is None or instant(at) > instant(self.now) - within)


_JINJA = Environment(autoescape=False)
_JINJA.tests |= {
    "none": lambda value: value.plain is None,
    "defined": lambda value: value.plain is not None,
}
_JINJA.filters |= {
    "lower": lambda value: Value("text", _of(lambda a, _: a.lower(), value.plain, 0)),
    "upper": lambda value: Value("text", _of(lambda a, _: a.upper(), value.plain, 0)),
    "length": lambda value: Value("number", _of(lambda a, _: len(a), value.plain, 0)),
}


class _Dressed(NodeTransformer):
    """Constants as values, so that operators are ours; `~` and missing branches likewise."""

    def visit_Const(self, node: nodes.Const) -> nodes.Expr:  # noqa: N802
        if isinstance(node.value, bool | None):
            return node
        return nodes.Call(nodes.Name("value_", "load"), [node], [], None, None)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Expr:  # noqa: N802
        parts = [self.visit(part) for part in node.nodes]
        return nodes.Call(nodes.Name("joined_", "load"), parts, [], None, None)

    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.Expr:  # noqa: N802
        missing = nodes.Name("missing_", "load")
        none = node.expr2 is None or node.expr2 == nodes.Const(None)
        no = missing if none else self.visit(node.expr2)
        return nodes.CondExpr(self.visit(node.test), self.visit(node.expr1), no)

    def visit_Call(self, node: nodes.Call) -> nodes.Expr:  # noqa: N802
        node.kwargs = [nodes.Keyword(one.key, self.visit(one.value)) for one in node.kwargs]
        plain = [part for part in node.args if isinstance(part, nodes.Const)]
        node.args = plain + [self.visit(part) for part in node.args[len(plain) :]]
        return node


_DRESSING = {
    "value_": lambda plain: Value("text" if isinstance(plain, str) else "number", plain),
    "joined_": lambda *parts: Value(
        "text", functools.reduce(lambda a, b: _of(operator.add, a, b), (p.plain for p in parts))
    ),
    "missing_": Value("none", None),
}


@functools.cache
def _compiled(source: str) -> Template:
    expression = Parser(_JINJA, source, state="variable").parse_expression()
    dressed = _Dressed().visit(expression)
    body = [nodes.Assign(nodes.Name("result", "store"), dressed, lineno=1)]
    template = nodes.Template(body, lineno=1)
    template.set_environment(_JINJA)
    for node in template.find_all(nodes.Node):
        node.lineno = 1
    return _JINJA.from_string(template)


def evaluate(source: str, known: dict[str, Value], history: History) -> bool:
    """Whether the expression holds for a customer of whom `known` says every name."""
    given = {**known, **history.functions(), **_DRESSING}
    return bool(_compiled(source).make_module(given).result)  # type: ignore[attr-defined]
