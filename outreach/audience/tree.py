"""An expression after its types were checked: what there is to translate, and nothing else.

`offset` is where a node begins, in characters from the expression's first.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import timedelta
from decimal import Decimal

from outreach.audience.names import Kind

Value = str | int | float | bool | Decimal | timedelta | None


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; a span is a timedelta, months an int, money a Decimal, none None."""

    kind: Kind
    offset: int
    value: Value


@dataclass(frozen=True, slots=True)
class Name:
    """A column, attribute, fact or moment."""

    kind: Kind
    offset: int
    name: str


@dataclass(frozen=True, slots=True)
class Happened:
    """`event.column`: of the event that started the campaign."""

    kind: Kind
    offset: int
    column: str


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`left op right`, op one of + - * / // %."""

    kind: Kind
    offset: int
    op: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Moved:
    """`now`, `today` or `entered_at`, so many calendar months later."""

    kind: Kind
    offset: int
    name: str
    months: int


@dataclass(frozen=True, slots=True)
class Negative:
    """`-part`."""

    kind: Kind
    offset: int
    part: "Node"


@dataclass(frozen=True, slots=True)
class Joined:
    """Texts one after the other."""

    kind: Kind
    offset: int
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Filtered:
    """`part|name`, name one of lower, upper, length."""

    kind: Kind
    offset: int
    name: str
    part: "Node"


@dataclass(frozen=True, slots=True)
class Lookup:
    """A question to a customer's history: count, total, last, first (subject: kind of event),
    received (subject: campaign), stage_in (subject: lifecycle), date or days_until (subject: name
    of a date), replied (subject: step), timed_out (subject: wait).
    """

    kind: Kind
    offset: int
    function: str
    subject: str
    within: "Node | None" = None  # a span, back from now
    since: "Node | None" = None  # an instant, included


@dataclass(frozen=True, slots=True)
class Choice:
    """`yes if test else no`; without else it is missing."""

    kind: Kind
    offset: int
    test: "Node"
    yes: "Node"
    no: "Node"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left op right`, op one of == != < <= > >=; both of one kind."""

    kind: Kind
    offset: int
    op: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Among:
    """`part in [literals]`."""

    kind: Kind
    offset: int
    part: "Node"
    literals: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Holds:
    """`'member' in list`."""

    kind: Kind
    offset: int
    member: str
    part: "Node"


@dataclass(frozen=True, slots=True)
class Missing:
    """`part is none`."""

    kind: Kind
    offset: int
    part: "Node"


@dataclass(frozen=True, slots=True)
class Not:
    """`not part`."""

    kind: Kind
    offset: int
    part: "Node"


@dataclass(frozen=True, slots=True)
class Several:
    """All of the parts hold, or any of them."""

    kind: Kind
    offset: int
    op: str  # and, or
    parts: tuple["Node", ...]


Node = (
    Literal
    | Name
    | Happened
    | Arithmetic
    | Moved
    | Negative
    | Joined
    | Filtered
    | Lookup
    | Choice
    | Comparison
    | Among
    | Holds
    | Missing
    | Not
    | Several
)


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, from the top."""
    yield node
    for spot in fields(node):
        below = getattr(node, spot.name)
        for part in below if isinstance(below, tuple) else (below,):
            if isinstance(part, Node):
                yield from walk(part)
