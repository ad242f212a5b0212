"""What to write instead of operands that an operator does not take."""

import re

from outreach.audience import tree
from outreach.audience.names import EVENT_COLUMNS, NUMBERS, Kind
from outreach.audience.returning import return_hint
from outreach.documents import closest

_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def compared_hint(left: tree.Node, right: tree.Node) -> str:
    """A hint for values of two kinds that are compared."""
    return (
        return_hint(left, right)
        or return_hint(right, left)
        or _literal_hint(left, right)
        or _literal_hint(right, left)
        or _hint(left.kind, right.kind)
        or f"compare it with {left.kind.shown}"
    )


def meaning_hint(op: str, left: Kind, right: Kind) -> str:
    """A hint for kinds of values that `op` has no meaning between."""
    kinds = {left, right}
    if hint := _hint(left, right) if op in "+-" else "":
        return hint
    if Kind.NONE in kinds:
        return "take `none` out, or ask `is none`"
    if Kind.TEXT in kinds:
        return "join texts by `~`; a number stands without quotes"
    if Kind.LIST in kinds:
        return "the number of its members is `tags|length`"
    if Kind.YES_NO in kinds:
        return "join conditions by `and` or `or`"
    if kinds & {Kind.DATE, Kind.DATETIME}:
        return "write for example `last_order_at > now - days(30)`"
    return "reckon with numbers, for example `spend / orders > 50`"


def _literal_hint(part: tree.Node, literal: tree.Node) -> str:
    """How the literal is written so that it can stand beside the part; empty when not known."""
    if not isinstance(literal, tree.Literal):
        return ""
    text, kind = str(literal.value), part.kind
    if isinstance(part, tree.Happened) and (near := closest(part.column, EVENT_COLUMNS)):
        return f"did you mean `event.{near}`?"
    if kind is Kind.TEXT and literal.kind in NUMBERS:
        return f"put it in quotes: `'{text}'`"
    if literal.kind is not Kind.TEXT:
        return ""
    if kind is Kind.LIST:
        return f"write `'{text}' in {part.name if isinstance(part, tree.Name) else 'tags'}`"
    if kind in (*NUMBERS, Kind.MONEY):
        number = text.strip().replace(",", ".")
        return f"take the quotes off: `{number}`" if _NUMBER.fullmatch(number) else ""
    if kind is Kind.YES_NO and isinstance(part, tree.Name):
        return f"write `{part.name}`, or `not {part.name}`"
    if kind in (Kind.DATE, Kind.DATETIME):
        name = part.name if isinstance(part, tree.Name) else "last_order_at"
        return no_fixed_date(name, "today" if kind is Kind.DATE else "now")
    return ""


def no_fixed_date(name: str = "last_order_at", moment: str = "now") -> str:
    """A hint for whoever writes a date of the calendar."""
    return (
        "a fixed date can not stand in an expression; count the days back, for example "
        f"`{name} < {moment} - days(60)`"
    )


def _hint(left: Kind, right: Kind) -> str:
    kinds = {left, right}
    if kinds == {Kind.DATE, Kind.DATETIME}:
        return "a date goes with `today`, a datetime with `now`"
    if kinds <= {Kind.MONEY, *NUMBERS}:
        return "divide the money: `spend / orders > 50`"
    if kinds & {Kind.DATETIME} and kinds & {Kind.SPAN, *NUMBERS}:
        return "write for example `last_order_at > now - days(30)`"
    if Kind.SPAN in kinds:
        return "write for example `days(30)`"
    return ""
