"""Puts the chain to a connection: the zone table filled, the base's own facts looked up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, TableValuedAlias, select

from outreach.decisions.candidate import Candidate, Marks, Scope
from outreach.decisions.chain import decide, outcomes
from outreach.decisions.localities import Locality, localities
from outreach.decisions.release import release
from outreach.decisions.rules import reach
from outreach.decisions.ruling import Ruling
from outreach.decisions.verdict import Verdict, verdict_of
from outreach.decisions.zonetable import zone_rows, zone_table
from outreach.store.dialect import fill_rows, with_rows
from outreach.store.tables import campaigns, customers


@dataclass(frozen=True, slots=True)
class Base:
    """What the chain needs to know of the base besides the zone table."""

    places: Mapping[int, Locality]
    earlier_names: Sequence[int]  # ids of campaigns whose names come before this one's


@dataclass(frozen=True, slots=True)
class Question:
    """The chain ready to be asked on the connection that it was made on, or prepared for it.

    `values` are what `statement` is executed with.
    """

    ruling: Ruling
    scope: Scope
    base: Base
    zones: TableValuedAlias | Table
    zone_rows: Sequence[Sequence[object]]
    statement: Select[Any]
    values: Mapping[str, Any]

    def prepare(self, conn: Connection) -> None:
        """Make another connection ready for the same statements."""
        fill_rows(conn, self.zones, self.zone_rows)

    def candidate(self) -> Candidate:
        """The candidate row, for who asks rules one by one."""
        return Candidate(self.ruling, self.scope.marks, self.zones)

    def filled(self) -> Select[Any]:
        """The statement with its values in it, to be part of another one."""
        return self.statement.params(**self.values)

    def outcomes(
        self, among: tuple[int, int] | None = None, by: ColumnElement[int] | None = None
    ) -> Select[Any]:
        """As `filled`, with no more columns than are counted: a fifth cheaper over everyone.

        `among`: of customers with ids in this range, first excluded and last included. `by`: an
        expression over the columns of `customers`, also counted.
        """
        found = outcomes(self.ruling, self.scope.marks, self.zones, among, by)
        return found.params(**self.values)

    def verdicts(self, conn: Connection, query: Select[Any] | None = None) -> list[Verdict]:
        """The verdicts of everyone asked about, or of the rows of `query` over the same columns.

        `when_capped: hold` is worked out.
        """
        channels = self.ruling.channels
        if query is None:
            rows = conn.execute(self.statement, self.values).mappings()
        else:
            rows = conn.execute(query).mappings()
        found = [verdict_of(row, channels) for row in rows]
        return release(
            conn, self.ruling, self.scope, found, self.base.places, self.base.earlier_names
        )


def ask(
    conn: Connection,
    ruling: Ruling,
    scope: Scope,
    asked: Mapping[int, datetime],
    locales: Iterable[str | None],
) -> Question:
    """The chain for the places in `asked`: each with the instant at which it is asked there."""
    places = localities(conn, None if len(asked) > 200 else asked.keys())
    rows = zone_rows(ruling.grid, ruling.grid.rows(places, asked), scope.seen_at)
    zones = zone_table(conn.dialect.name, ruling.grid)
    base = Base({place.id: place for place in places}, _earlier(conn, ruling))
    values = {
        **scope.values(),
        **reach.readers(ruling, locales),
        **fill_rows(conn, zones, rows),
        "earlier": base.earlier_names,
    }
    if scope.mine is None:
        zones = with_rows(zones, rows)
        statement = decide(ruling, scope.marks, zones)
    else:
        statement = _kept(ruling, scope.marks, zones)
    return Question(ruling, scope, base, zones, rows, statement, values)


def _kept(ruling: Ruling, marks: Marks, zones: TableValuedAlias | Table) -> Select[Any]:
    """The statement of a re-check: built once, or building would take longer than deciding."""
    kept = ruling.kept.get((marks, zones))
    if kept is None:
        kept = ruling.kept[marks, zones] = decide(ruling, marks, zones)
    return kept


def ask_base(
    conn: Connection, ruling: Ruling, scope: Scope, asked: Mapping[int, datetime]
) -> Question:
    """The chain over the whole base."""
    locales: list[str | None] = []
    if any(need.locales for channel in ruling.channels for need in ruling.compiled.needs(channel)):
        locales = list(conn.execute(select(customers.c.locale).distinct()).scalars())
    return ask(conn, ruling, scope, asked, locales)


def _earlier(conn: Connection, ruling: Ruling) -> list[int]:
    """Ids of the campaigns whose names come before this one's, by code point."""
    named = conn.execute(select(campaigns.c.id, campaigns.c.name))
    return [id_ for id_, name in named if name < ruling.campaign.name]


def everywhere(places: Sequence[Locality], at: datetime) -> dict[int, datetime]:
    """The same instant in every place."""
    return {place.id: at for place in places}
