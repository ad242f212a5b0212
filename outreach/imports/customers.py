"""Customers from a file: created, brought up to date, or left as they are, by key."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from outreach.imports.addresses import place
from outreach.imports.customer_change import CustomerChange, changed
from outreach.imports.customer_rows import CustomerRows
from outreach.imports.feed import Refused
from outreach.imports.intake import Progress, take_in
from outreach.imports.job import Job
from outreach.imports.named_dates import DateNames
from outreach.imports.newcomers import write_newcomers
from outreach.imports.outcome import ImportResult, Options, Touched
from outreach.imports.zeros import LostZeros
from outreach.lifecycle.model import Lifecycles
from outreach.lifecycle.newcomers import Placing
from outreach.settings.company import Company
from outreach.store import dialect, interests
from outreach.store.consents import Recorded, Word, record_consents
from outreach.store.customers import rows_by_key, update_customers
from outreach.store.erased import Erased
from outreach.store.first_words import Newcomers, record_first_words
from outreach.store.keys import kept_keys
from outreach.store.named_dates import Dates, dates_of, write_dates
from outreach.store.places import Place, place_ids
from outreach.store.sharing import Holders, lock_with_sharers, mark_sharing, unmark_sharing
from outreach.store.stages import StageMove, record_moves
from outreach.store.withdrawals import carry_refusals

MOST_PLACES_KEPT = 20_000
_WHERE = ("timezone", "country", "phone")
_ADDRESSES = ("email", "phone")


def import_customers(
    engine: Engine,
    path: Path,
    company: Company,
    now: datetime,
    options: Options | None = None,
    progress: Progress | None = None,
    touched: Touched | None = None,
    lifecycles: Lifecycles | None = None,
    erased: Erased | None = None,
) -> ImportResult:
    """Upsert customers from CSV or JSON lines; a second import of the same file changes nothing.

    Refused rows are reported and the rest imported. A blank cell leaves what is there and is
    never a consent; no no is lifted. UsageError when the file can not be read at all. `touched`
    holds the customers of what is committed, also when the import ends by an error, whose stages
    are to be refreshed. `erased` knows whom an erasure stands for: their keys are refused, and
    what stood against their addresses stands again. With `lifecycles` that have rules new ones are put in theirs at once.
    """
    options = options or Options()
    placing = None
    if lifecycles is not None and lifecycles.main is not None:
        placing = Placing(company, lifecycles, now)
    origin = options.interests_source or f"file {path.name}"
    customers = _Customers(now, options, touched, placing, erased or Erased(), origin)
    job = Job("customers", str(path), company, options, now)
    taken = take_in(engine, job, customers.apply, progress)
    for warning in (customers.zeros.warning(), *customers.date_names.warnings()):
        taken.warn(warning)
    return ImportResult(
        **taken.parts(),
        customers=customers.touched.ids(),
        created=customers.created,
        updated=customers.updated,
        unchanged=customers.unchanged,
        consents_recorded=customers.recorded,
        consents_unchanged=customers.repeated,
        consents_refused=customers.refused,
    )


def write_customers(
    conn: Connection,
    rows: CustomerRows,
    now: datetime,
    company: Company,
    lifecycles: Lifecycles | None = None,
) -> None:
    """Upsert customers that were read already, in the caller's transaction, as an import does."""
    placing = None
    if lifecycles is not None and lifecycles.main is not None:
        placing = Placing(company, lifecycles, now)
    options = Options(consent_source="given")
    _Customers(now, options, None, placing, Erased(), "given").apply(conn, rows)


class _Customers:
    """Applies batches and counts what came of them."""

    def __init__(
        self,
        now: datetime,
        options: Options,
        touched: Touched | None,
        placing: Placing | None,
        erased: Erased,
        origin: str,
    ) -> None:
        self._now, self._options, self._placing = now, options, placing
        self._erased, self._origin = erased, origin
        self._places: dict[Place, int] = {}
        self.touched = touched or Touched()
        self.zeros = LostZeros()
        self.date_names = DateNames()
        self.created = self.updated = self.unchanged = 0
        self.recorded = self.repeated = self.refused = 0

    def apply(self, conn: Connection, rows: CustomerRows) -> list[Refused]:
        """Write one batch in the caller's transaction; the rows that can not be meant."""
        dialect.one_at_a_time(conn, "import customers")
        emails, phones = rows.given("email"), rows.given("phone")
        holders = lock_with_sharers(conn, rows.keys, emails, phones)
        stored = rows_by_key(conn, rows.keys)
        erased = self._erased.erased_keys(conn, [key for key in rows.keys if key not in stored])
        closed = _closed(conn, stored) | dict.fromkeys(erased, "was erased")
        new = rows.only([key not in stored and key not in closed for key in rows.keys])
        known = rows.only([key in stored and key not in closed for key in rows.keys])
        self.date_names.look(conn, rows.names_of_dates())
        changes = self._changes(conn, stored, known)
        self._settle_places(conn, new.places, changes)
        ids = self._write_new(conn, new)
        self._write_known(conn, changes)
        for change in changes:
            holders.add(change.id, change.row["email"], change.row["phone"])
        for name, held in zip(_ADDRESSES, holders, strict=True):
            mark_sharing(conn, name, _shared(held, new.values.get(name, ())))
        if self._erased.any(conn):  # what stood against an address that comes back stands again
            self._erased.bring_back(conn, {"email": emails, "phone": phones})
        self._record_words(conn, known, changes, holders.ids().union(ids))
        self._record_first_words(conn, new, ids, holders)
        return [
            Refused(row.line, [("key", f"this customer {closed[row.key]}")], [row.key])
            for row in rows.only([key in closed for key in rows.keys])
        ]

    def _changes(
        self, conn: Connection, stored: dict[str, dict[str, Any]], known: CustomerRows
    ) -> list[CustomerChange]:
        dates: Mapping[int, Dates] = {}
        if known.dates is not None:
            dates = dates_of(conn, [stored[key]["id"] for key in known.keys])
        return [
            changed(stored[row.key], dates.get(stored[row.key]["id"], {}), row) for row in known
        ]

    def _settle_places(
        self, conn: Connection, new: Sequence[Place], changes: Sequence[CustomerChange]
    ) -> None:
        """Know the place of everyone who is new, and write that of whoever moved."""
        moved = [
            (change, place(*(change.row[name] for name in _WHERE)))
            for change in changes
            if any(change.base[name] != change.row[name] for name in _WHERE)
        ]
        if self._options.dry_run or len(self._places) > MOST_PLACES_KEPT:
            self._places.clear()
        missing = {*new, *(where for _, where in moved)} - self._places.keys()
        if missing:
            self._places |= place_ids(conn, missing)
        for change, where in moved:
            change.row["place_id"] = self._places[where]

    def _write_new(self, conn: Connection, new: CustomerRows) -> Sequence[int]:
        places = [self._places[where] for where in new.places]
        ids = write_newcomers(conn, new, places, self._placing, self._origin, self._now)
        self.zeros.look(conn, new.keys)
        self.created += len(new)
        if self._placing is None:
            self.touched.add(ids)
        return ids

    def _write_known(self, conn: Connection, changes: Sequence[CustomerChange]) -> None:
        differing = [change for change in changes if change.differs]
        moved = [each for each in differing if each.base["stage"] != each.row["stage"]]
        for change in differing:
            change.row["updated_at"] = self._now
        for change in moved:
            change.row["stage_since"] = self._now
        # Dates, which rules of stages may ask for, and where interests were learnt.
        write_dates(conn, [(c.id, c.dates_before, c.dates) for c in differing])
        lists = [(c.id, c.base["interests"], c.row["interests"]) for c in differing]
        interests.replaced(conn, lists, self._origin, self._now)
        update_customers(conn, [change.row for change in differing])
        moves = [StageMove(c.id, c.base["stage"], c.row["stage"]) for c in moved]
        record_moves(conn, moves, self._now)  # only where the file gives the stages
        _readdress(conn, differing)
        self.touched.add(change.id for change in differing)
        self.updated += len(differing)
        self.unchanged += len(changes) - len(differing)

    def _record_words(
        self,
        conn: Connection,
        known: CustomerRows,
        changes: Sequence[CustomerChange],
        locked: set[int],
    ) -> None:
        """The words of customers who were there, and are locked as all who share with them."""
        ids = {key: change.id for key, change in zip(known.keys, changes, strict=True)}
        source = self._options.consent_source or ""
        words = [
            Word(ids[key], channel, topic, state, self._now, source, standing=True)
            for key, channel, topic, state in known.words()
        ]
        self._count(record_consents(conn, words, self._now, locked.union(ids.values())))

    def _record_first_words(
        self, conn: Connection, new: CustomerRows, ids: Sequence[int], holders: Holders
    ) -> None:
        """The words of new customers, whom nobody else sees."""
        newcomers = Newcomers(
            ids,
            {name: new.values[name] for name in _ADDRESSES if name in new.values},
            dict(zip(_ADDRESSES, holders, strict=True)),
        )
        source = self._options.consent_source or ""
        self._count(record_first_words(conn, newcomers, new.consents, source, self._now))

    def _count(self, said: Recorded) -> None:
        self.recorded += said.recorded
        self.repeated += said.unchanged
        self.refused += said.refused


def _closed(conn: Connection, stored: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """By key, why nothing is written any more to customers who are there."""
    merged = kept_keys(conn, [key for key, base in stored.items() if base["merged_into"]])
    why = {key: f"was merged into `{kept}`; give its row that key" for key, kept in merged.items()}
    return why | {key: "was erased" for key, base in stored.items() if base["erased_at"]}


def _readdress(conn: Connection, differing: Iterable[CustomerChange]) -> None:
    """Let the noes of whoever has a new address hold for it; who shared the old one may do no more."""
    given_up: dict[str, set[str]] = {name: set() for name in _ADDRESSES}
    readdressed = set()
    for change in differing:
        for name in _ADDRESSES:
            before = change.base[name]
            if before != change.row[name]:
                readdressed.add(change.id)
                if before is not None:
                    given_up[name].add(before)
    if readdressed:
        unmark_sharing(conn, given_up["email"], given_up["phone"], readdressed)
        carry_refusals(conn, sorted(readdressed))


def _shared(held: Mapping[str, set[int]], new: Sequence[str | None]) -> set[str]:
    """The addresses that several may have: `held` by who was there, `new` by each newcomer."""
    several = {address for address, ids in held.items() if len(ids) > 1}
    given = [address for address in new if address is not None]
    once = set(given)
    if len(once) < len(given):
        several |= {address for address, count in Counter(given).items() if count > 1}
    return several | (held.keys() & once)
