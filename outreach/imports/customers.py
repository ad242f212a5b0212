"""Customers from a file: created, brought up to date, or left as they are, by key."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from outreach.ids import bucket
from outreach.imports.addresses import place
from outreach.imports.customer_change import CustomerChange, begin
from outreach.imports.feed import Refused
from outreach.imports.intake import Progress, take_in
from outreach.imports.job import Job
from outreach.imports.named_dates import DateNames
from outreach.imports.outcome import ImportResult, Options, Touched
from outreach.imports.parsing import CustomerRow
from outreach.imports.zeros import LostZeros
from outreach.lifecycle.model import Lifecycles
from outreach.lifecycle.newcomers import place_newcomers
from outreach.settings.company import Company
from outreach.store import dialect, interests
from outreach.store.consents import Recorded, Word, record_consents
from outreach.store.customers import insert_customers, rows_by_key, update_customers
from outreach.store.erased import Erased
from outreach.store.keys import kept_keys
from outreach.store.named_dates import Dates, dates_of, write_dates
from outreach.store.places import Place, place_ids
from outreach.store.sharing import lock_with_sharers, mark_sharing, unmark_sharing
from outreach.store.stages import StageMove, record_moves
from outreach.store.withdrawals import carry_refusals

MOST_PLACES_KEPT = 20_000
_WHERE = ("timezone", "country", "phone")
_ADDRESSES = ("email", "phone")
PlaceNew = Callable[[Connection, list[int]], None]


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
    place_new = None
    if lifecycles is not None and lifecycles.main is not None:
        place_new = partial(_place_new, company, lifecycles, now)
    origin = options.interests_source or f"file {path.name}"
    customers = _Customers(now, options, touched, place_new, erased or Erased(), origin)
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


class _Customers:
    """Applies batches and counts what came of them."""

    def __init__(
        self,
        now: datetime,
        options: Options,
        touched: Touched | None,
        place_new: PlaceNew | None,
        erased: Erased,
        origin: str,
    ) -> None:
        self._now, self._options, self._place_new = now, options, place_new
        self._erased, self._origin = erased, origin
        self._places: dict[Place, int] = {}
        self.touched = touched or Touched()
        self.zeros = LostZeros()
        self.date_names = DateNames()
        self.created = self.updated = self.unchanged = 0
        self.recorded = self.repeated = self.refused = 0

    def apply(self, conn: Connection, rows: list[CustomerRow]) -> list[Refused]:
        """Write one batch in the caller's transaction; the rows that can not be meant."""
        dialect.one_at_a_time(conn, "import customers")
        keys = list({row.key for row in rows})
        emails = {row.values["email"] for row in rows if row.values.get("email")}
        phones = {row.values["phone"] for row in rows if row.values.get("phone")}
        locked = lock_with_sharers(conn, keys, emails, phones)
        stored = rows_by_key(conn, keys)
        erased = self._erased.erased_keys(conn, [key for key in keys if key not in stored])
        closed = _closed(conn, stored) | dict.fromkeys(erased, "was erased")
        changes, gone = self._changes(stored, self._dates(conn, stored, rows), closed, rows)
        self._settle_places(conn, changes)
        self._write(conn, changes, emails, phones)
        self._record_consents(conn, changes, locked)
        self._count(changes)
        return gone

    def _dates(
        self, conn: Connection, stored: dict[str, dict[str, Any]], rows: Iterable[CustomerRow]
    ) -> Mapping[int, Dates]:
        """The stored dates of customers, where the file tells of any."""
        told = {name for row in rows for name, _ in row.dates}
        if not told:
            return {}
        self.date_names.look(conn, told)
        return dates_of(conn, [base["id"] for base in stored.values()])

    def _changes(
        self,
        stored: dict[str, dict[str, Any]],
        dates: Mapping[int, Dates],
        closed: Mapping[str, str],
        rows: Iterable[CustomerRow],
    ) -> tuple[list[CustomerChange], list[Refused]]:
        changes: dict[str, CustomerChange] = {}
        gone: list[Refused] = []
        for row in rows:
            change = changes.get(row.key)
            if change is None:
                base = stored.get(row.key)
                if row.key in closed:
                    why = f"this customer {closed[row.key]}"
                    gone.append(Refused(row.line, [("key", why)], [row.key]))
                    continue
                known = {} if base is None else dates.get(base["id"], {})
                change = changes[row.key] = begin(base, known, row, self._now)
            else:
                change.place = None
            change.lay_on(row)
        for change in changes.values():
            if change.base is not None:
                change.place = None
                change.id = change.base["id"]
        return list(changes.values()), gone

    def _settle_places(self, conn: Connection, changes: Sequence[CustomerChange]) -> None:
        """Find the place of everyone who is new or moved."""
        moved = []
        for change in changes:
            base, row = change.base, change.row
            if base is None or any(base[name] != row[name] for name in _WHERE):
                if change.place is None:
                    change.place = place(*(row.get(name) for name in _WHERE))
                moved.append(change)
        if self._options.dry_run or len(self._places) > MOST_PLACES_KEPT:
            self._places.clear()
        missing = {change.place for change in moved if change.place} - self._places.keys()
        if missing:
            self._places |= place_ids(conn, missing)
        for change in moved:
            if change.place is not None:
                change.row["place_id"] = self._places[change.place]

    def _write(
        self,
        conn: Connection,
        changes: Sequence[CustomerChange],
        emails: set[str],
        phones: set[str],
    ) -> None:
        differing = [change for change in changes if change.differs]
        moved = [change for change in differing if change.stage_before != change.row.get("stage")]
        for change in differing:
            change.row["updated_at"] = self._now
        for change in moved:
            change.row["stage_since"] = self._now
        new = [change for change in differing if change.base is None]
        keyed = [(c.rows[0].key, bucket(c.rows[0].key), c.row) for c in new]
        for change, id_ in zip(new, insert_customers(conn, keyed), strict=True):
            change.id = id_
        self.zeros.look(conn, [change.rows[0].key for change in new])
        self._write_known(conn, differing)
        if self._place_new is not None:
            self._place_new(conn, [change.id for change in new])
        old = [change for change in differing if change.base is not None]
        update_customers(conn, [change.row for change in old])
        moves = [StageMove(c.id, c.stage_before, c.row["stage"]) for c in moved]
        record_moves(conn, moves, self._now)  # only where the file gives the stages
        self._share(conn, old, emails, phones)
        unplaced = differing if self._place_new is None else old
        self.touched.add(change.id for change in unplaced)

    def _write_known(self, conn: Connection, differing: Sequence[CustomerChange]) -> None:
        """Dates, which rules of stages may ask for, and where interests were learnt."""
        write_dates(conn, [(c.id, c.dates_before, c.dates) for c in differing])
        lists = [(c.id, c.interests_before, c.row["interests"]) for c in differing]
        interests.replaced(conn, lists, self._origin, self._now)

    def _share(
        self, conn: Connection, old: Sequence[CustomerChange], emails: set[str], phones: set[str]
    ) -> None:
        """Keep `shares` right, and the noes of whoever has a new address."""
        given_up: dict[str, set[str]] = {name: set() for name in _ADDRESSES}
        readdressed = set()
        for change in old:
            for name in _ADDRESSES:
                before = change.base[name] if change.base is not None else None
                if before != change.row[name]:
                    readdressed.add(change.id)
                    if before is not None:
                        given_up[name].add(before)
        if readdressed:
            unmark_sharing(conn, given_up["email"], given_up["phone"], readdressed)
            carry_refusals(conn, sorted(readdressed))
        mark_sharing(conn, emails, phones)
        if self._erased.any(conn):  # what stood against an address that comes back stands again
            self._erased.bring_back(conn, {"email": emails, "phone": phones})

    def _record_consents(
        self, conn: Connection, changes: Iterable[CustomerChange], locked: set[int]
    ) -> None:
        """The words of the file; nobody else sees the new customers, who are as good as locked."""
        source = self._options.consent_source or ""
        words = [
            Word(change.id, channel, topic, state, self._now, source, standing=True)
            for change in changes
            for row in change.rows
            for (channel, topic), state in row.consents.items()
        ]
        locked |= {word.customer_id for word in words}
        said: Recorded = record_consents(conn, words, self._now, locked)
        self.recorded += said.recorded
        self.repeated += said.unchanged
        self.refused += said.refused

    def _count(self, changes: Iterable[CustomerChange]) -> None:
        for change in changes:
            rows = len(change.rows)
            if change.base is None:
                self.created += 1
                self.updated += rows - 1
            elif change.differs:
                self.updated += rows
            else:
                self.unchanged += rows


def _closed(conn: Connection, stored: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """By key, why nothing is written any more to customers who are there."""
    merged = kept_keys(conn, [key for key, base in stored.items() if base["merged_into"]])
    why = {key: f"was merged into `{kept}`; give its row that key" for key, kept in merged.items()}
    return why | {key: "was erased" for key, base in stored.items() if base["erased_at"]}


def _place_new(
    company: Company, lifecycles: Lifecycles, now: datetime, conn: Connection, ids: list[int]
) -> None:
    place_newcomers(conn, company, lifecycles, now, ids)
