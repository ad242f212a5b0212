"""Which kinds of values an operator takes, and what it gives."""

import operator
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from outreach.audience import tree
from outreach.audience.names import NUMBERS, Kind
from outreach.audience.operand_hints import compared_hint, meaning_hint
from outreach.audience.returning import is_from_today

LARGEST = 10**15  # of a number: sums and products of a few can not overflow
MOST_OPERATORS = 12  # of + - * / // % on one side of a comparison
MOST_PRODUCTS = 4  # of them * / // %
LONGEST_SPAN = timedelta(days=100_000)
LARGEST_FACTOR = 1_000  # of a span
_CHOICE_HINT = "give both sides values of one kind, for example `'A' if vip else 'B'`"
_MONTHS_HINT = "write for example `now - months(3)`"
_CONSTANT: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
_ORDERED = (Kind.TEXT, *NUMBERS, Kind.MONEY, Kind.DATE, Kind.DATETIME, Kind.SPAN)


class NotAllowed(Exception):  # noqa: N818  # caught by the reader, which knows the place
    """Raised when an operator does not take these operands."""

    def __init__(self, message: str, hint: str, code: str = "type-mismatch") -> None:
        super().__init__(message)
        self.message, self.hint, self.code = message, hint, code


def comparable(op: str, left: tree.Node, right: tree.Node) -> tree.Node:
    """`left op right`; beside none it asks whether the other is missing."""
    kinds = {left.kind, right.kind}
    if Kind.MONTHS in kinds:
        raise NotAllowed("months have no fixed length to compare", _MONTHS_HINT)
    if Kind.NONE in kinds:
        return _missing(op, left, right)
    if isinstance(left, tree.Literal):
        left = as_kind(left, right.kind)
    if isinstance(right, tree.Literal):
        right = as_kind(right, left.kind)
    if not _alike(left.kind, right.kind):
        raise NotAllowed(
            f"{left.kind.shown} is compared with {right.kind.shown}",
            compared_hint(left, right),
        )
    if left.kind is Kind.LIST:
        raise NotAllowed("a list is compared with a list", "write `'x' in tags`")
    if op not in ("==", "!=") and left.kind not in _ORDERED:
        raise NotAllowed(f"{left.kind.shown} has no order", "only == and != can be asked")
    return tree.Comparison(Kind.YES_NO, left.offset, op, left, right)


def as_kind(literal: tree.Literal, kind: Kind) -> tree.Literal:
    """A number written beside money is an amount; every other constant stays what it is."""
    if kind is not Kind.MONEY or literal.kind not in NUMBERS:
        return literal
    amount = Decimal(str(literal.value))
    if amount * 10_000 % 1 or abs(amount) > LARGEST // 10_000:
        raise NotAllowed(
            "an amount has at most four decimals and eleven digits before them",
            "round it, for example `99.95`",
        )
    return tree.Literal(Kind.MONEY, literal.offset, amount)


def unified(test: tree.Node, yes: tree.Node, no: tree.Node) -> tree.Node:
    """`yes if test else no`; both of one kind, or one of them missing."""
    if isinstance(yes, tree.Literal):
        yes = as_kind(yes, no.kind)
    if isinstance(no, tree.Literal):
        no = as_kind(no, yes.kind)
    kinds = [part.kind for part in (yes, no) if part.kind is not Kind.NONE]
    if not kinds or {Kind.LIST, Kind.MONTHS} & set(kinds):
        raise NotAllowed("`if` can not choose between these", _CHOICE_HINT)
    if not _alike(kinds[0], kinds[-1]):
        raise NotAllowed(
            f"`if` chooses between {kinds[0].shown} and {kinds[-1].shown}", _CHOICE_HINT
        )
    kind = kinds[0] if kinds[0] is kinds[-1] else Kind.NUMBER
    return tree.Choice(kind, yes.offset, test, yes, no)


def negative(offset: int, part: tree.Node) -> tree.Node:
    """`-part`."""
    if isinstance(part, tree.Literal) and isinstance(part.value, int | float | Decimal | timedelta):
        if part.kind is not Kind.YES_NO and part.kind is not Kind.MONTHS:
            return tree.Literal(part.kind, offset, -part.value)
    elif part.kind in (*NUMBERS, Kind.MONEY, Kind.SPAN):
        return _limited(tree.Negative(part.kind, offset, part))
    raise NotAllowed(f"{part.kind.shown} has no negative", "take the `-` off")


def arithmetic(op: str, left: tree.Node, right: tree.Node) -> tree.Node:
    """`left op right` for + - * / // %."""
    if Kind.MONTHS in (left.kind, right.kind):
        return _moved(op, left, right)
    if isinstance(left, tree.Literal) and isinstance(right, tree.Literal):
        return _folded(op, left, right)
    if op in "+-":
        if isinstance(left, tree.Literal):
            left = as_kind(left, right.kind)
        if isinstance(right, tree.Literal):
            right = as_kind(right, left.kind)
    kind = _result(op, left, right)
    if kind is None:
        raise NotAllowed(
            f"`{op}` has no meaning between {left.kind.shown} and {right.kind.shown}",
            meaning_hint(op, left.kind, right.kind),
        )
    return _limited(tree.Arithmetic(kind, left.offset, op, left, right))


def _missing(op: str, left: tree.Node, right: tree.Node) -> tree.Node:
    part = right if left.kind is Kind.NONE else left
    if op not in ("==", "!=") or part.kind is Kind.NONE:
        if part.kind is Kind.NONE:
            raise NotAllowed("none is always none", "ask it of a name, for example `city is none`")
        raise NotAllowed("none has no order", "ask `is none`, or `is defined`")
    missing = tree.Missing(Kind.YES_NO, part.offset, part)
    return missing if op == "==" else tree.Not(Kind.YES_NO, part.offset, missing)


def _alike(left: Kind, right: Kind) -> bool:
    return left is right or (left in NUMBERS and right in NUMBERS)


def _result(op: str, left: tree.Node, right: tree.Node) -> Kind | None:
    """The kind that the operator gives, None where it has no meaning."""
    kinds = (left.kind, right.kind)
    if set(kinds) <= set(NUMBERS):
        return _of_numbers(op, kinds)
    if op in "+-":
        return _of_sum(op, left, right)
    if op == "*" and left.kind in NUMBERS:
        return _result(op, right, left)
    if op in "*/" and right.kind in NUMBERS:
        if left.kind is Kind.SPAN and not _is_factor(right):
            raise NotAllowed(
                f"a span is taken times or by a plain number up to {LARGEST_FACTOR} only",
                "write the span itself, for example `days(90)`",
            )
        return left.kind if left.kind in (Kind.MONEY, Kind.SPAN) else None
    if op == "/" and kinds in ((Kind.MONEY, Kind.MONEY), (Kind.SPAN, Kind.SPAN)):
        return Kind.NUMBER
    return None


def _of_numbers(op: str, kinds: tuple[Kind, Kind]) -> Kind:
    if kinds == (Kind.WHOLE, Kind.WHOLE) and op in ("+", "-", "//", "%"):
        return Kind.WHOLE
    if op in ("//", "%"):
        raise NotAllowed(f"`{op}` needs whole numbers", "for example orders, or count('order')")
    return Kind.NUMBER


def _of_sum(op: str, left: tree.Node, right: tree.Node) -> Kind | None:
    kinds = (left.kind, right.kind)
    if kinds in ((Kind.MONEY, Kind.MONEY), (Kind.SPAN, Kind.SPAN)):
        return left.kind
    if kinds == (Kind.DATETIME, Kind.SPAN) or (op == "+" and kinds == (Kind.SPAN, Kind.DATETIME)):
        return Kind.DATETIME
    if kinds == (Kind.DATETIME, Kind.DATETIME):
        return Kind.SPAN if op == "-" else None
    if kinds == (Kind.DATE, Kind.SPAN):
        return _of_day(left, right)
    if kinds == (Kind.DATE, Kind.DATE) and op == "-":
        raise NotAllowed("dates are not subtracted", "write `renews_on < today - days(30)`")
    return None


def _of_day(left: tree.Node, right: tree.Node) -> Kind:
    if not is_from_today(left):
        raise NotAllowed("only `today` is moved by a span", "write `renews_on < today - days(30)`")
    if (
        not isinstance(right, tree.Literal)
        or not isinstance(right.value, timedelta)
        or right.value % timedelta(days=1)
    ):
        raise NotAllowed("a date is moved by whole days only", "write `today - days(30)`")
    return Kind.DATE


def _is_factor(node: tree.Node) -> bool:
    if not isinstance(node, tree.Literal) or not isinstance(node.value, int | float):
        return False
    return 1 / LARGEST_FACTOR <= abs(node.value) <= LARGEST_FACTOR


def _moved(op: str, left: tree.Node, right: tree.Node) -> tree.Node:
    if op == "+" and left.kind is Kind.MONTHS:
        left, right = right, left
    beside = isinstance(left, tree.Name) and left.name in ("now", "today", "entered_at")
    if not beside or op not in "+-" or not isinstance(right, tree.Literal):
        raise NotAllowed(
            "`months` stands only beside `now`, `today` and `entered_at`", _MONTHS_HINT
        )
    assert isinstance(left, tree.Name)
    assert isinstance(right.value, int)
    months = right.value if op == "+" else -right.value
    return tree.Moved(left.kind, left.offset, left.name, months)


def _folded(op: str, left: tree.Literal, right: tree.Literal) -> tree.Node:
    """Arithmetic of two constants, now."""
    kind = _result(op, left, right)
    a, b = left.value, right.value
    if kind is None or not isinstance(a, int | float | timedelta):
        raise NotAllowed(
            f"`{op}` has no meaning between {left.kind.shown} and {right.kind.shown}",
            meaning_hint(op, left.kind, right.kind),
        )
    try:
        value = _CONSTANT[op](a, b)
    except ZeroDivisionError:
        raise NotAllowed("division by zero", "divide by another number", "bad-argument") from None
    if abs(value) > (LONGEST_SPAN if isinstance(value, timedelta) else LARGEST):
        most = "10^15" if not isinstance(value, timedelta) else f"`days({LONGEST_SPAN.days})`"
        raise NotAllowed("that is too much", f"stay below {most}", "bad-argument")
    if isinstance(value, int):
        kind = Kind.WHOLE
    return tree.Literal(kind, left.offset, value)


def _limited(node: tree.Node) -> tree.Node:
    """The node, if its arithmetic is short enough that nothing can overflow."""
    below = [part for part in tree.walk(node) if isinstance(part, tree.Arithmetic | tree.Negative)]
    products = [part for part in below if isinstance(part, tree.Arithmetic) and part.op not in "+-"]
    if len(below) > MOST_OPERATORS or len(products) > MOST_PRODUCTS:
        raise NotAllowed(
            f"too much arithmetic: at most {MOST_OPERATORS} operators, {MOST_PRODUCTS} of them"
            " `*`, `/`, `//` or `%`",
            "reckon it before, and import the result as one of your `attributes`",
            code="not-allowed",
        )
    return node
