"""Named dates of customers: from a file of their own, and laid on those that are known."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

from sqlalchemy import Connection, Engine

from outreach.imports.date_rows import DateRow
from outreach.imports.feed import Refused
from outreach.imports.fields import DAY, NOTE
from outreach.imports.intake import Progress, take_in
from outreach.imports.job import Job
from outreach.imports.outcome import DatesResult, Options, Touched
from outreach.imports.zeros import unknown_customers
from outreach.settings.company import Company
from outreach.store.keys import locked_in_force
from outreach.store.named_dates import NamedDate, dates_of, known_names, write_dates

NEAR = 0.8  # `weding` to `wedding`, not `first_order` to `first_visit`


def import_dates(
    engine: Engine,
    path: Path,
    company: Company,
    now: datetime,
    options: Options | None = None,
    progress: Progress | None = None,
    touched: Touched | None = None,
) -> DatesResult:
    """Keep `key,name,date,note` from CSV, workbooks or JSON lines; the same file changes nothing.

    A name that a customer has already takes the new day. UsageError when the file can not be read
    at all. `touched` holds the customers of what is committed also when it ends by an error.
    """
    dates = _Dates(touched)
    job = Job("dates", str(path), company, options or Options(), now)
    taken = take_in(engine, job, dates.apply, progress)
    for warning in dates.names.warnings():
        taken.warn(warning)
    return DatesResult(
        **taken.parts(),
        customers=dates.touched.ids(),
        created=dates.created,
        updated=dates.updated,
        unchanged=dates.unchanged,
    )


def lay_on(dates: dict[str, NamedDate], told: Mapping[tuple[str, str], str | None]) -> None:
    """What a row tells, by name and part, on top of a customer's dates; a day that is none goes."""
    for name in dict.fromkeys(name for name, _ in told):
        known = dates.get(name)
        day = told.get((name, DAY), known and known.day)
        if day is None:
            dates.pop(name, None)
        else:
            dates[name] = NamedDate(day, told.get((name, NOTE), known and known.note))


class DateNames:
    """Notes names that no customer's date had before."""

    def __init__(self) -> None:
        self._known: frozenset[str] | None = None
        self._new: dict[str, None] = {}

    def look(self, conn: Connection, names: Collection[str]) -> None:
        """Look at the names of a batch before it is written."""
        if self._known is None and names:
            self._known = frozenset(known_names(conn))
        self._new |= dict.fromkeys(sorted(set(names) - (self._known or frozenset())))

    def warnings(self) -> Iterator[str]:
        """Those that look like one that was there: most likely slips, but for `child_2`."""
        for name in self._new:
            near = get_close_matches(name, sorted(self._known or ()), n=1, cutoff=NEAR)
            if near and not name[-1].isdigit():
                yield f"no customer had a date `{name}` before; did you mean `{near[0]}`?"


class _Dates:
    """Applies batches and counts what came of them."""

    def __init__(self, touched: Touched | None) -> None:
        self.touched = touched or Touched()
        self.names = DateNames()
        self.created = self.updated = self.unchanged = 0

    def apply(self, conn: Connection, rows: list[DateRow]) -> list[Refused]:
        """Write one batch in the caller's transaction; the rows whose customer is not there."""
        ids = locked_in_force(conn, {row.key for row in rows})
        before = dates_of(conn, sorted(set(ids.values())))
        after = {id_: dict(before.get(id_, {})) for id_ in ids.values()}
        known = [row for row in rows if row.key in ids]
        self.names.look(conn, {row.name for row in known})
        for row in known:
            self._lay_on(after[ids[row.key]], row)
        differing = {id_: all_ for id_, all_ in after.items() if all_ != before.get(id_, {})}
        write_dates(conn, [(id_, before.get(id_, {}), all_) for id_, all_ in differing.items()])
        self.touched.add(differing)
        unknown = [(row.line, row.key, row.cells) for row in rows if row.key not in ids]
        return unknown_customers(conn, unknown)

    def _lay_on(self, dates: dict[str, NamedDate], row: DateRow) -> None:
        was = dates.get(row.name)
        lay_on(dates, row.told)
        if was is None:
            self.created += 1
        elif was == dates[row.name]:
            self.unchanged += 1
        else:
            self.updated += 1
