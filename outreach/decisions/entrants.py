"""Who may come into a journey now: the audience as the chain sees it, before any message."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, not_, select

from outreach.audience.compile import compile_expression
from outreach.audience.row import Row
from outreach.campaign.model import Expression
from outreach.decisions.asking import everywhere
from outreach.decisions.candidate import Candidate, Scope
from outreach.decisions.localities import localities
from outreach.decisions.rules import dates, journeys, person
from outreach.decisions.rules.dates import falling_in, feasts_in
from outreach.decisions.ruling import Ruling
from outreach.decisions.winners import with_journey_winner
from outreach.decisions.zonetable import zone_rows, zone_table
from outreach.store.dialect import fill_rows, with_rows


@dataclass(frozen=True, slots=True)
class Entrants:
    """The candidates, ready to be asked on the connection that they were made on."""

    candidate: Candidate
    values: Mapping[str, Any]

    @property
    def row(self) -> Row:
        """A candidate as expressions see it."""
        return self.candidate.row

    def may_enter(self) -> list[ColumnElement[bool]]:
        """The audience picks them, they are there, and the journey takes them (again)."""
        candidate = self.candidate
        found = [person.in_audience(candidate), not_(person.erased(candidate))]
        if (blocked := journeys.may_not_enter(candidate)) is not None:
            found.append(not_(blocked))
        return found

    def joined(self) -> FromClause:
        """Customers with what their clocks say; of enrolments with these."""
        return self.candidate.located()

    def filled(self, query: Select[Any]) -> Select[Any]:
        """A question about the candidates with the values in it."""
        return query.params(**self.values)


def entrants(
    conn: Connection, ruling: Ruling, scope: Scope, asked: Mapping[int, datetime]
) -> Entrants:
    """The candidates of the places in `asked`, each at its instant there."""
    scope = with_journey_winner(conn, ruling, scope)
    places = [each for each in localities(conn) if each.id in asked]
    grid = ruling.grid
    rows, falling = grid.rows(places, asked), falling_in(grid, scope, places)
    zones = zone_table(conn.dialect.name, grid)
    filled = zone_rows(grid, rows, scope, (), falling, feasts_in(grid, scope, places))
    fill_rows(conn, zones, filled)
    values = {**scope.values(), **dates.values(falling.values())}
    return Entrants(Candidate(ruling, scope.marks, with_rows(zones, filled)), values)


def those_for_whom(
    conn: Connection, ruling: Ruling, expression: Expression, ids: list[int], now: datetime
) -> list[int]:
    """Those of the enrolments for whom an expression of their campaign holds at `now`."""
    if not ids:
        return []
    scope = Scope(now, seen_at=now, enrolled=tuple(ids))
    found = entrants(conn, ruling, scope, everywhere(localities(conn), now))
    enrolment = found.candidate.enrolment
    assert enrolment is not None
    query = select(enrolment.c.id).select_from(found.joined())
    holds = compile_expression(expression, found.row, certainly=False)
    query = query.where(found.candidate.is_enrolled, holds)
    return list(conn.execute(found.filled(query)).scalars())
