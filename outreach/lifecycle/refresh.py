"""Facts and stages brought up to date: by ranges of customers, only rows that change."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Text,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    true,
    update,
)

from outreach.lifecycle.changes import FACTS, Found, Spot, changes, spots
from outreach.lifecycle.model import Lifecycle
from outreach.settings.company import Company
from outreach.store import dialect, stages
from outreach.store.engine import is_alone, let_others_write, pace_on, reading, writing
from outreach.store.facts import STORED_FACTS
from outreach.store.pace import Pace
from outreach.store.stages import MAIN
from outreach.store.tables import customer_stages, customers, marks, stage_changes
from outreach.store.types import MONEY_SCALE, BigId, Instant
from outreach.store.upserts import upsert

FIRST_PART = 2_000  # customers; on a first refresh, where every row changes, some 120 ms
MOST = 8_000  # of a part where few rows change
HANDS = 2  # connections that look through a copy
FACTS_MARK = "facts"  # the instant that the stored facts and stages of everyone are as of
Move = tuple[str | None, str | None]  # from, to
Moved = list[tuple[Found, str | None]]  # rows of `changes`, each with the new stage


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh found and did; `further` holds the same of each further lifecycle."""

    counts: dict[str | None, int]  # everyone by stage; empty when not all was made anew
    moves: dict[Move, int]  # (from, to) → customers that it moved
    further: dict[str, "Refreshed"] = field(default_factory=dict)


def refresh(
    engine: Engine,
    company: Company,
    model: Lifecycle | None,
    now: datetime,
    customer_ids: Sequence[int] | None = None,
    progress: Callable[[int], None] | None = None,
    present: datetime | None = None,
    further: Mapping[str, Lifecycle] | None = None,
    *,
    stored: bool = False,
) -> Refreshed:
    """Bring facts and stages up to `now`, for everyone or for some; moves carry `now`.

    Events dated after `now` are not seen. Without a model (stages are given) only facts change,
    and the stages of `further` lifecycles, by name. `progress` is told how many customers are
    done. With `present`, an instant after `now`, whose facts are newer than `now` already (as of
    an event that came since) stays as they are. `stored`: the stored facts are those of `now`, so that
    only stages are asked for.
    """
    models = {MAIN: model, **(further or {})}
    at = spots(models)
    moves: dict[str, Counter[Move]] = {name: Counter() for name in models}
    done, pace = 0, pace_on(engine, FIRST_PART, MOST) if stored else Pace(FIRST_PART, MOST)
    older = _are_older(now, present)
    ranges = changes(and_(_IN_RANGE, older), company, models, now, _ENDS, stored=stored)

    def changed(conn: Connection, part: Sequence[int]) -> Sequence[Found]:
        if isinstance(part, range):
            return conn.execute(ranges, _between(part[0], part[-1])).all()
        which = and_(dialect.is_any_of(conn, customers.c.id, part), older)
        return conn.execute(changes(which, company, models, now, stored=stored)).all()

    if customer_ids is None:
        with reading(engine) as conn:  # compiled here: it takes longer than a transaction should
            changed(conn, range(1))
    parts = _parts(engine, customer_ids, pace)
    ahead = _ahead if stored and is_alone(engine) else _unknown
    for part, known in ahead(engine, changed, parts):
        with writing(engine, pace) as conn:
            dialect.one_at_a_time(conn, "refresh stages")
            found = changed(conn, part) if known is None else known
            for name, moved in _write(conn, found, at, now).items():
                moves[name].update(moved)
        done += len(part)
        if progress is not None:
            progress(done)
        let_others_write(engine)
    counts: dict[str, dict[str | None, int]] = {name: {} for name in models}
    if customer_ids is None:
        with writing(engine) as conn:
            _mark(conn, now)
        if not stored:
            with reading(engine) as conn:
                counts = {name: stages.distribution(conn, name) for name in models}
    all_ = {name: Refreshed(counts[name], dict(moves[name])) for name in models}
    main = all_.pop(MAIN)
    return Refreshed(main.counts, main.moves, all_)


Part = Sequence[int]
Changed = Callable[[Connection, Part], Sequence[Found]]


def _unknown(
    _: Engine, __: Changed, parts: Iterable[Part]
) -> Iterator[tuple[Part, Sequence[Found] | None]]:
    """The parts: what has changed there is asked where it is written, for others write as well."""
    return ((part, None) for part in parts)


def _ahead(
    engine: Engine, changed: Changed, parts: Iterable[Part]
) -> Iterator[tuple[Part, Sequence[Found]]]:
    """The parts, each with what has changed there: two are looked through at once, nobody writes."""

    def look(part: Part) -> Sequence[Found]:
        with reading(engine) as conn:
            return changed(conn, part)

    coming: deque[tuple[Part, Future[Sequence[Found]]]] = deque()
    with ThreadPoolExecutor(HANDS, "refresh") as pool:
        for part in parts:
            coming.append((part, pool.submit(look, part)))
            if len(coming) > HANDS:
                first, found = coming.popleft()
                yield first, found.result()
        for last, found in coming:
            yield last, found.result()


def _parts(engine: Engine, ids: Sequence[int] | None, pace: Pace) -> Iterator[Sequence[int]]:
    """As many ids as fit a transaction: of the given ones, or as ranges over everyone."""
    everyone: Sequence[int] = sorted(set(ids or ()))
    if ids is None:
        with reading(engine) as conn:
            # Each by itself: both in one question SQLite answers by reading all ids.
            first, last = (
                conn.execute(select(end(customers.c.id))).scalar() for end in (func.min, func.max)
            )
        everyone = range(first or 1, (last or 0) + 1)
    start = 0
    while start < len(everyone):
        part = everyone[start : start + pace.rows]
        yield part
        start += len(part)


# Of ranges the statement is built once: to build it takes as long as some hundred customers.
_ENDS = (bindparam("first_id", type_=BigId), bindparam("last_id", type_=BigId))
_IN_RANGE = customers.c.id.between(*_ENDS)


def _between(first: int, last: int) -> dict[str, int]:
    return {"first_id": first, "last_id": last}


def _are_older(now: datetime, present: datetime | None) -> ColumnElement[bool]:
    facts_at = customers.c.facts_at
    if present is None:
        return true()
    return or_(facts_at.is_(None), facts_at <= now, facts_at > present)


def _write(
    conn: Connection, changed: Sequence[Found], at: Sequence[Spot], now: datetime
) -> dict[str, Counter[Move]]:
    """Write the changed rows and the history of those who moved; how many, by model."""
    moved = {spot.name: spot.moved(changed, now) for spot in at}
    if not changed or not (any(moved.values()) or any(row[1] for row in changed)):
        return {}
    dialect.lock_customers(conn, [row[0] for row in changed])
    _set_stages(conn, [(row, new) for row, new in moved[MAIN] if not row[1]], now)
    _set_facts(conn, [row for row in changed if row[1]], at[0], moved[MAIN], now)
    told: dict[tuple[Any, ...], Mapping[str, Any]] = {}  # many have no event at all: the same facts
    for spot in at:
        _set_further(conn, spot, moved[spot.name], now)
        _add_moves(conn, spot, moved[spot.name], told, now)
    written = {row[0] for row in changed if row[1]} | {row[0] for row, _ in moved[MAIN]}
    others = {row[0] for spot in at for row, _ in moved[spot.name]} - written
    _note_as_of(conn, sorted(others), now)
    return {
        spot.name: Counter((row[spot.first], new) for row, new in moved[spot.name]) for spot in at
    }


def _set_stages(conn: Connection, moved: Moved, now: datetime) -> None:
    """Write the stages of customers whose facts are as stored: one statement a stage."""
    ids = defaultdict(list)
    for row, stage in moved:
        ids[stage].append(row[0])
    for stage, those in ids.items():
        conn.execute(
            update(customers)
            .where(dialect.is_any_of(conn, customers.c.id, those))
            .values(stage=stage, stage_since=now, facts_at=now)
        )


def _set_facts(
    conn: Connection, changed: Sequence[Found], main: Spot, moved: Moved, now: datetime
) -> None:
    """Write facts and stages of customers whose facts are others than stored."""
    if not changed:
        return
    t = customers.c
    columns = [("id", BigId), *((name, t[name].type) for name in STORED_FACTS), ("stage", Text())]
    stage_of = {row[0]: stage for row, stage in moved}
    rows = [(row[0], *row[FACTS], stage_of.get(row[0], row[main.first])) for row in changed]
    new = dialect.rows_from(conn, "refreshed", columns, rows)
    values = {name: new.c[name] for name in STORED_FACTS}
    since = case(
        (new.c.stage.is_distinct_from(t.stage), literal(now, Instant())), else_=t.stage_since
    )
    conn.execute(
        update(customers)
        .where(t.id == new.c.id)
        .values(**values, stage=new.c.stage, stage_since=since, facts_at=now)
    )


def _set_further(conn: Connection, spot: Spot, moved: Moved, now: datetime) -> None:
    """Write the stages of a lifecycle beside the main one."""
    if spot.name != MAIN:
        names = ("customer_id", "model", "stage", "since")
        rows = [(row[0], spot.name, stage, now) for row, stage in moved]
        upsert(conn, customer_stages, names, rows, lambda _: true())


def _note_as_of(conn: Connection, ids: Sequence[int], now: datetime) -> None:
    """Customers of whom only the stage in a further lifecycle is another."""
    if ids:
        those = dialect.is_any_of(conn, customers.c.id, ids)
        conn.execute(update(customers).where(those).values(facts_at=now))


def _add_moves(
    conn: Connection,
    spot: Spot,
    moved: Moved,
    told: dict[tuple[Any, ...], Mapping[str, Any]],
    now: datetime,
) -> None:
    names = ("customer_id", "model", "from_stage", "to_stage", "at", "facts")
    rows = []
    for row, stage in moved:
        facts = told.get(row[FACTS])
        if facts is None:
            facts = told[row[FACTS]] = _as_json(row[FACTS])
        rows.append((row[0], spot.name, row[spot.first], stage, now, facts))
    dialect.insert_rows(conn, stage_changes, names, rows)


def _as_json(values: tuple[Any, ...]) -> Mapping[str, Any]:
    """The facts as attributes are kept: money in ten-thousandths, instants as UTC text, a span in µs."""
    facts: dict[str, Any] = {}
    for name, value in zip(STORED_FACTS, values, strict=True):
        if isinstance(value, datetime):
            facts[name] = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        elif value is not None:
            facts[name] = int(value * MONEY_SCALE) if name == "spend" else value
    return facts


def _mark(conn: Connection, now: datetime) -> None:
    """Note what everyone's facts and stages are as of."""
    new = dialect.insert(conn, marks).values(name=FACTS_MARK, at=now)
    conn.execute(new.on_conflict_do_update(index_elements=[marks.c.name], set_={"at": now}))
