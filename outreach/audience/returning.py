"""Days counted from today, and what to write for whoever asks when a day comes back."""

from datetime import timedelta

from outreach.audience import tree
from outreach.audience.names import BIRTHDAY, Kind

_DAYS = (Kind.DATE, Kind.DATETIME, Kind.SPAN)


def is_from_today(node: tree.Node) -> bool:
    """Whether it is `today`, perhaps moved."""
    if isinstance(node, tree.Arithmetic):
        return is_from_today(node.left)
    return isinstance(node, tree.Name | tree.Moved) and node.name == "today"


def days_ahead(day: tree.Node) -> int | None:
    """How many days after today it lies; None where no number says it."""
    if isinstance(day, tree.Name) and day.name == "today":
        return 0
    if isinstance(day, tree.Arithmetic) and day.op == "+" and isinstance(day.left, tree.Name):
        span = day.right.value if isinstance(day.right, tree.Literal) else None
        return span.days if isinstance(span, timedelta) else None
    return None


def return_hint(part: tree.Node, other: tree.Node) -> str:
    """A hint for whoever asks when a day comes back, a birthday most of all; else empty."""
    if isinstance(part, tree.Name) and part.name == BIRTHDAY and other.kind in _DAYS:
        days = days_ahead(other)
        asks = "== 0" if days == 0 else f"<= {7 if days is None else days}"
        return f"write `days_until('birthday') {asks}`"
    until = isinstance(part, tree.Lookup) and part.function == "days_until"
    if until and isinstance(other, tree.Literal) and isinstance(other.value, timedelta):
        return f"it is a number of days: write `{other.value.days}`"
    return ""
