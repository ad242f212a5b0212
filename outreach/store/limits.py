"""Rate limits, shared by all workers: tokens are bought of one row a limit, and counted by the day.

The pace is a theoretical arrival time (the generic cell rate algorithm of ITU-T I.371, as a
leaky bucket of one second): `full_at` says when all of a second's tokens are there again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select, update

from outreach.settings.rate_limits import RateLimit
from outreach.store.dialect import insert, is_any_of, rows_from
from outreach.store.tables import limits
from outreach.store.types import EPOCH

t = limits.c
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Today:
    """The company's date, and the instant at which it ends."""

    on: date
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What was bought of a limit: `used` on `day`, on `days` earlier days anything at all."""

    name: str
    full_at: datetime = EPOCH
    day: date | None = None
    used: int = 0
    days: int = 0

    def on(self, day: date) -> "Standing":
        """The same on that day, with nothing used if it is a new one.

        A clock that goes back over midnight goes on counting where it was; a row that is further
        ahead was written by a clock that was wrong.
        """
        if self.day is not None and self.day - ONE_DAY <= day <= self.day:
            return self
        return replace(self, day=day, used=0, days=self.days + (self.used > 0))


@dataclass(frozen=True, slots=True)
class Sale:
    """How many tokens were had, and when to ask for more if it was not all that was wanted."""

    count: int
    again_at: datetime | None = None
    spent_today: bool = False  # it is the day's quota that is used up


def today_in(zone: str, now: datetime) -> Today:
    """The date of an instant in a zone."""
    place = ZoneInfo(zone)
    on = now.astimezone(place).date()
    return Today(on, datetime.combine(on + ONE_DAY, time(), place).astimezone(now.tzinfo))


def sell(
    limit: RateLimit, standing: Standing, wanted: int, now: datetime, today: Today
) -> tuple[Sale, Standing]:
    """What a limit grants of `wanted` tokens, and how it stands after that."""
    here = standing.on(today.on)
    quota, spacing = limit.quota(here.days), limit.spacing
    left = wanted if quota is None else max(0, min(wanted, quota - here.used))
    if spacing is None:
        count, full_at = left, here.full_at
    else:
        whole = limit.burst * spacing
        # No further ahead than an empty bucket: a clock that was ahead must not stop us for long.
        full_at = min(max(here.full_at, now), now + whole)
        count = min(left, (now + whole - full_at) // spacing)
        full_at += count * spacing
    after = replace(here, full_at=full_at, used=here.used + count)
    if count == wanted:
        return Sale(count), after
    if count == left or spacing is None:
        return Sale(count, today.ends_at, True), after
    # A few at a time: a claim for each single token would cost more than the message.
    return Sale(count, full_at - (limit.burst - max(1, limit.burst // 4)) * spacing), after


def buy(
    conn: Connection, wanted: Mapping[RateLimit, int], now: datetime, today: Today
) -> dict[str, Sale]:
    """Buy up to so many tokens of each limit, at most a second's; by the limits' names.

    `now` is the database's clock. The rows are locked in the order of their names till the end
    of the transaction, so keep it short; who buys twice in one begins with the channel's own.
    """
    by_name = {limit.name: (limit, count) for limit, count in wanted.items() if count > 0}
    sales, changed = {}, []
    for standing in _locked(conn, sorted(by_name)):
        limit, count = by_name[standing.name]
        sales[limit.name], after = sell(limit, standing, count, now, today)
        if sales[limit.name].count:
            changed.append(after)
    _write(conn, changed)
    return sales


def take_back(conn: Connection, unused: Mapping[str, int], day: date) -> None:
    """Give tokens of a day back that were not used: its quota has them again, the pace has not."""
    standings = _locked(conn, sorted(name for name, count in unused.items() if count))
    _write(
        conn,
        [
            replace(one, used=max(0, one.used - unused[one.name]))
            for one in standings
            if one.day == day
        ],
    )


def standings(conn: Connection, names: Collection[str]) -> dict[str, Standing]:
    """How the limits stand of which anything was ever bought."""
    rows = conn.execute(select(limits).where(is_any_of(conn, t.name, sorted(names))))
    return {row.name: Standing(*row) for row in rows}


def busiest(conn: Connection, prefix: str, day: date, most: int) -> list[Standing]:
    """The limits below `prefix` of which most was bought on a day, most first."""
    query = (
        select(limits)
        .where(t.name.startswith(prefix, autoescape=True), t.day == day, t.used > 0)
        .order_by(t.used.desc(), t.name)
        .limit(most)
    )
    return [Standing(*row) for row in conn.execute(query)]


def _locked(conn: Connection, names: Sequence[str]) -> list[Standing]:
    """The limits' rows in the order of their names, made where missing, and locked."""
    if not names:
        return []
    query = select(limits).where(is_any_of(conn, t.name, names)).order_by(t.name).with_for_update()
    found = conn.execute(query).all()
    if len(found) < len(names):
        missing = sorted(set(names) - {row.name for row in found})
        made = insert(conn, limits).on_conflict_do_nothing()
        conn.execute(made, [{"name": name, "full_at": EPOCH} for name in missing])
        found = conn.execute(query).all()
    return [Standing(*row) for row in found]


def _write(conn: Connection, standings: Sequence[Standing]) -> None:
    if not standings:
        return
    columns = [(each.name, each.type) for each in limits.columns]
    rows = [(one.name, one.full_at, one.day, one.used, one.days) for one in standings]
    new = rows_from(conn, "bought", columns, rows).c
    values = {each.name: new[each.name] for each in limits.columns if each.name != "name"}
    conn.execute(update(limits).where(t.name == new.name).values(values))
