"""What an expression looks at: names and look-ups as they are written, with values as people know them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement

from outreach.audience import tree
from outreach.audience.check import typed
from outreach.audience.names import MOMENTS, Kind
from outreach.audience.row import Row
from outreach.audience.values import value
from outreach.campaign.model import Expression
from outreach.store.types import MONEY_SCALE

DAY_MICROSECONDS = 86_400_000_000
QUOTES = "'\""
Fact = str | int | float | bool | Decimal | datetime | list[str] | None


@dataclass(frozen=True, slots=True)
class Look:
    """Something that an expression looks at."""

    kind: Kind
    value: ColumnElement[Any]

    def told(self, found: Any) -> Fact:
        """A value as people know it: SQL counts money in ten-thousandths and spans in microseconds."""
        match self.kind:
            case _ if found is None:
                return None
            case Kind.MONEY:
                return Decimal(found) / MONEY_SCALE
            case Kind.SPAN:
                return round(int(found) / DAY_MICROSECONDS)
            case Kind.YES_NO:
                return bool(found)
            case Kind.LIST:
                return list(json.loads(found) if isinstance(found, str) else found)
        return found  # type: ignore[no-any-return]


def looks_of(expression: Expression, row: Row) -> Mapping[str, Look]:
    """Everything that the expression looks at but clocks, by how it is written."""
    return {
        _written(expression.source, node): Look(node.kind, value(node, row))
        for node in tree.walk(typed(expression, row.names))
        if isinstance(node, tree.Lookup)
        or (isinstance(node, tree.Name) and node.name not in MOMENTS)
    }


def _written(source: str, node: tree.Name | tree.Lookup) -> str:
    """A name, or a call up to its closing bracket."""
    if isinstance(node, tree.Name):
        return node.name
    depth, quote = 0, ""
    for place, letter in enumerate(source[node.offset :], start=node.offset):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in QUOTES:
            quote = letter
        depth += 0 if quote else {"(": 1, ")": -1}.get(letter, 0)
        if letter == ")" and not quote and depth == 0:
            return " ".join(source[node.offset : place + 1].split())
    return node.function
