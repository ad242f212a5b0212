"""Puts the chain to a connection: the zone table filled, the base's own facts looked up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, FromClause, Select, select

from outreach.decisions.candidate import Candidate, Scope
from outreach.decisions.chain import Base, decide
from outreach.decisions.localities import Locality, localities
from outreach.decisions.release import release
from outreach.decisions.ruling import Ruling
from outreach.decisions.verdict import Verdict, verdict_of
from outreach.decisions.zonetable import zone_table
from outreach.store.tables import campaigns, customers


@dataclass(frozen=True, slots=True)
class Question:
    """The chain ready to be asked on the connection that it was made on."""

    ruling: Ruling
    scope: Scope
    base: Base
    zones: FromClause
    statement: Select[Any]

    def candidate(self) -> Candidate:
        """The candidate row, for who asks rules one by one."""
        return Candidate(self.ruling, self.scope, self.zones)

    def verdicts(self, conn: Connection, query: Select[Any]) -> list[Verdict]:
        """The verdicts of the rows of `query`, with `when_capped: hold` worked out."""
        channels = self.ruling.channels
        found = [verdict_of(row, channels) for row in conn.execute(query).mappings()]
        return release(conn, self.ruling, self.scope, found, self.base)


def ask(
    conn: Connection,
    ruling: Ruling,
    scope: Scope,
    asked: Mapping[int, datetime],
    locales: Sequence[str | None],
) -> Question:
    """The chain for the places in `asked`: each with the instant at which it is asked there."""
    places = localities(conn, None if len(asked) > 200 else asked.keys())
    zones = zone_table(conn, ruling.grid, ruling.grid.rows(places, asked), scope.seen_at)
    base = Base({place.id: place for place in places}, _earlier(conn, ruling), locales)
    return Question(ruling, scope, base, zones, decide(ruling, scope, zones, base))


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
