"""Puts the chain to a connection: the zone table filled, the base's own facts looked up."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Insert,
    Select,
    Table,
    TableValuedAlias,
    insert,
    select,
)

from outreach.campaign.returning import OnDate
from outreach.decisions import shapes
from outreach.decisions.candidate import Candidate, Rival, Scope
from outreach.decisions.chain import decide, outcomes
from outreach.decisions.in_parts import PART, part
from outreach.decisions.localities import Locality, localities
from outreach.decisions.lookahead import WHOSE, planning_values, tag_of, wanted, whose
from outreach.decisions.release import Occupied, Slot, release, slots_of
from outreach.decisions.reservations import Reservation, reservations
from outreach.decisions.rules import arms, dates, reach
from outreach.decisions.rules.dates import falling_in, feasts_in
from outreach.decisions.ruling import Ruling
from outreach.decisions.shapes import Built
from outreach.decisions.verdict import Verdict, verdict_of
from outreach.decisions.zonetable import zone_rows, zone_table
from outreach.store.dialect import fill_rows, joins_sets
from outreach.store.engine import is_alone
from outreach.store.tables import campaigns
from outreach.vocabulary import Reason


@dataclass(frozen=True, slots=True)
class Base:
    """What the chain needs to know of the base besides the zone table."""

    places: Mapping[int, Locality]
    earlier_names: Sequence[int]  # ids of campaigns whose names come before this one's
    reserved: Sequence[Reservation] = ()  # by campaigns above, where they may matter


@dataclass(frozen=True, slots=True)
class Settled:
    """A verdict in sight of the run's other messages.

    Where they change it: `occupied`, what occupies slots, these among it, and by channel the rule
    that it `fails` by them.
    """

    verdict: Verdict
    occupied: Occupied | None = None
    fails: Mapping[str, Reason] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """The chain ready to be asked on the connection that it was made on, or prepared for it.

    `values` are what its statements are executed with; each is built when it is first used.
    """

    ruling: Ruling
    scope: Scope
    base: Base
    zones: TableValuedAlias | Table
    zone_rows: Sequence[Sequence[object]]
    values: Mapping[str, Any]
    together: bool = False  # whom campaigns above want is asked of everyone at once
    settled: Mapping[int, Settled] = field(default_factory=dict)  # by customer; else the chain's

    def prepare(self, conn: Connection) -> None:
        """Make another connection ready for the same statements."""
        fill_rows(conn, self.zones, self.zone_rows)

    def candidate(self) -> Candidate:
        """The candidate row, for who asks rules one by one."""
        rivals = _rivals(self.base.reserved, together=self.together)
        return Candidate(self.ruling, self.scope.marks, self.zones, rivals)

    @property
    def statement(self) -> Select[Any]:
        """A row for each candidate, as chain.decide says; executed with `values`."""
        among = self.scope.marks.part
        return self.kept(("decided", among), lambda: decide(self.candidate(), among))

    def filled(self) -> Select[Any]:
        """The statement with its values in it, to be part of another one."""
        return self.statement.params(**self.values)

    def write_to(self, conn: Connection, table: Table) -> int:
        """Write the answers into a table of the statement's columns; how many."""

        def made() -> Insert:
            names = [column.name for column in table.columns]
            into = insert(table).from_select(names, self.statement)
            return into.execution_options(preserve_rowcount=True)

        return conn.execute(self.kept(("written", table), made), self.values).rowcount

    def among(self, first: int, last: int) -> Select[Any]:
        """As `filled`, of customers with ids in this range: first excluded, last included."""
        found = self.kept(("decided", PART), lambda: decide(self.candidate(), PART))
        return found.params(**{**self.values, **part(first, last)})

    def outcomes(
        self, among: tuple[int, int] | None = None, by: ColumnElement[int] | None = None
    ) -> Select[Any]:
        """As `filled`, with no more columns than are counted: a fifth cheaper over everyone.

        `among`: of customers with ids in this range, first excluded and last included. `by`: an
        expression over the columns of `customers`, also counted.
        """
        where = None if among is None else PART

        def made() -> Select[Any]:
            return outcomes(self.candidate(), where, by)

        found = made() if by is not None else self.kept(("outcomes", where), made)
        values = self.values if among is None else {**self.values, **part(*among)}
        return found.params(**values)

    def about_the_one(self) -> Select[Any]:
        """As `statement`, of the one customer whom the scope is about."""

        def made() -> Select[Any]:
            rows = self.statement.subquery()
            return select(rows).where(rows.c.id == self.scope.marks.about_id)

        return self.kept("about", made)

    def verdicts(self, conn: Connection, asked: CursorResult[Any] | None = None) -> list[Verdict]:
        """The verdicts of everyone asked about, or of answers with the same columns.

        `when_capped: hold` is worked out.
        """
        channels, variants = self.ruling.channels, self.ruling.variants
        if asked is None:
            asked = conn.execute(self.statement, self.values)
        names = tuple(asked.keys())
        rows = (dict(zip(names, row, strict=True)) for row in asked.all())
        if not self.settled:
            return self.released(conn, [verdict_of(row, channels, variants) for row in rows])
        alone = [
            each.verdict
            if (each := self.settled.get(row["id"]))
            else verdict_of(row, channels, variants)
            for row in rows
        ]
        return self.released(conn, alone)

    def released(self, conn: Connection, verdicts: list[Verdict]) -> list[Verdict]:
        """The same verdicts, with `when_capped: hold` worked out."""
        stopped = [each for each in verdicts if each.stopped]
        if not stopped or self.ruling.campaign.when_capped != "hold":
            return verdicts
        return release(self.ruling, verdicts, self.base.places, self.slots(conn, stopped))

    def slots(self, conn: Connection, verdicts: Sequence[Verdict]) -> dict[int, Occupied]:
        """By customer, what occupies cadence slots for each: touches, open messages, reservations."""
        found = slots_of(conn, self.ruling, self.scope, verdicts, self.base.earlier_names)
        if self.base.reserved:
            for customer_id, slots in self._reserved(conn, verdicts).items():
                found[customer_id].own += slots
        with_others = {id_: each.occupied for id_, each in self.settled.items() if each.occupied}
        return found | {id_: each for id_, each in with_others.items() if id_ in found}

    def _reserved(self, conn: Connection, verdicts: Sequence[Verdict]) -> dict[int, list[Slot]]:
        """What campaigns above would send these customers by their next occurrence."""
        candidate, ids = self.candidate(), [each.customer_id for each in verdicts]
        return {
            row.id: [
                Slot(at, channel, rival.ruling.campaign.topic, False, rival.ruling.campaign.name)
                for number, rival in enumerate(candidate.rivals)
                for day in range(rival.days)
                if (at := self.base.reserved[rival.first + day].at.get(row.place_id)) is not None
                for place, channel in enumerate(rival.ruling.channels)
                if (row[2 + number] or 0) >> (place * rival.days + day) & 1
            ]
            for row in conn.execute(self._wanting(candidate), {**self.values, WHOSE.key: ids})
        }

    def _wanting(self, candidate: Candidate) -> Select[Any]:
        """The statement of which campaigns above want whom."""

        def made() -> Select[Any]:
            rows = whose(self.zones)
            return select(rows.c.id, rows.c.place_id, *wanted(candidate, rows))

        return self.kept("wanting", made)

    def kept(self, what: object, make: Callable[[], Built]) -> Built:
        """A statement of this question, built once for all that are alike."""
        above = tuple(each.ruling.shape for each in self.base.reserved)
        key = (what, self.ruling.shape, self.scope.marks, self.zones, above, self.together)
        return shapes.kept(key, make)


def ask(
    conn: Connection,
    ruling: Ruling,
    scope: Scope,
    asked: Mapping[int, datetime],
    locales: Callable[[], Iterable[str | None]],
    *,
    again: bool = False,
) -> Question:
    """The chain for the places in `asked`: each with the instant at which it is asked there.

    `locales`: of all who may be asked about; called where a language variant needs data. `again`:
    the like of it is asked over and over, hour by hour.
    """
    if again and scope.mine is None and scope.enrolled is None and is_alone(conn.engine):
        scope = replace(scope, placed=True)
    places = localities(conn, None if len(asked) > 200 else asked.keys())
    rows = ruling.grid.rows(places, asked)
    if scope.marks.awaits and scope.winner_at is not None:
        there = (each for each in places if each.id in asked)
        rows += [ruling.grid.waiting_row(p, asked[p.id], scope.winner_at) for p in there]
    found = reservations(conn, ruling, scope, places, rows)
    falling = falling_in(ruling.grid, scope, places)
    feasts = feasts_in(ruling.grid, scope, places)
    filled = zone_rows(ruling.grid, rows, scope, found, falling, feasts)
    zones = zone_table(conn.dialect.name, ruling.grid, reserved=bool(found))
    base = Base({place.id: place for place in places}, _earlier(conn, ruling), found)
    values = {
        **scope.values(),
        **_readers(ruling, found, locales),
        **fill_rows(conn, zones, filled),
        **dates.values(falling[each.place_id] for each in rows if falling),
        "earlier": base.earlier_names,
    }
    for number, each in enumerate(found):
        values |= planning_values(number, each.run)
        values |= dates.values_of_day(each.ruling, each.day, number)
    for number, rival in enumerate(_rivals(found)):
        those = found[rival.first : rival.first + rival.days]
        values |= dates.values(
            [on_date.falling(each.day) for each in those if (on_date := _on_date(each))],
            tag_of(number),
        )
    everyone = scope.mine is None and scope.about is None and scope.enrolled is None
    together = everyone and joins_sets(conn)
    return Question(ruling, scope, base, zones, filled, values, together)


def _rivals(found: Sequence[Reservation], *, together: bool = False) -> tuple[Rival, ...]:
    """The campaigns of the reservations; of days of the customers' own all are one rival."""
    rivals: list[Rival] = []
    for number, each in enumerate(found):
        last = rivals[-1] if rivals else None
        dated = each.ruling.campaign.schedule.on_date is not None
        if dated and last is not None and last.ruling is each.ruling:
            rivals[-1] = replace(last, days=last.days + 1)
        else:
            rivals.append(Rival(each.ruling, number, together=together))
    return tuple(rivals)


def _readers(
    ruling: Ruling, found: Sequence[Reservation], locales: Callable[[], Iterable[str | None]]
) -> dict[str, object]:
    """Which locales read which language variant, of this campaign's template and of rivals'."""
    rivals = enumerate(_rivals(found))
    asked = {"": ruling} | {tag_of(number): each.ruling for number, each in rivals}
    known = list(locales()) if any(map(reach.has_variants, asked.values())) else []
    values: dict[str, object] = {}
    for tag, each in asked.items():
        values |= reach.readers(each, known, tag)
        if tag:
            values[arms.winner(tag).key] = None  # of campaigns above none is chosen yet
    return values


def _on_date(reservation: Reservation) -> OnDate | None:
    return reservation.ruling.campaign.schedule.on_date


def _earlier(conn: Connection, ruling: Ruling) -> list[int]:
    """Ids of the campaigns whose names come before this one's, by code point."""
    named = conn.execute(select(campaigns.c.id, campaigns.c.name))
    return [id_ for id_, name in named if name < ruling.campaign.name]


def everywhere(places: Sequence[Locality], at: datetime) -> dict[int, datetime]:
    """The same instant in every place."""
    return {place.id: at for place in places}
