"""Facts and stages brought up to date: by ranges of customers, only rows that change."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    Subquery,
    Text,
    and_,
    case,
    func,
    literal,
    null,
    or_,
    select,
    true,
    type_coerce,
    update,
)

from outreach.audience.compile import compile_expression
from outreach.audience.names import names_of
from outreach.audience.row import Columns
from outreach.audience.row import Row as Spoken
from outreach.lifecycle.model import Lifecycle
from outreach.settings.company import Company
from outreach.store import dialect, stages
from outreach.store.engine import let_others_write, reading, writing
from outreach.store.facts import STORED_FACTS, facts_select
from outreach.store.pace import Pace
from outreach.store.tables import customers, marks, stage_changes
from outreach.store.types import MONEY_SCALE, BigId, Instant

FIRST_PART = 2_000  # customers; on a first refresh, where every row changes, some 120 ms
MOST = 8_000  # of a part where few rows change
FACTS_MARK = "facts"  # the instant that the stored facts and stages of everyone are as of


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh found and did."""

    counts: dict[str | None, int]  # everyone by stage; empty when only some were refreshed
    moves: dict[tuple[str | None, str | None], int]  # (from, to) → customers that it moved


def refresh(
    engine: Engine,
    company: Company,
    model: Lifecycle | None,
    now: datetime,
    customer_ids: Sequence[int] | None = None,
    progress: Callable[[int], None] | None = None,
    present: datetime | None = None,
) -> Refreshed:
    """Bring facts and stages up to `now`, for everyone or for some; moves carry `now`.

    Events dated after `now` are not seen. Without a model (stages are given) only facts change.
    `progress` is told how many customers are done. With `present`, an instant after `now`,
    whose facts are newer than `now` already (as of an event that came since) stays as they are.
    """
    moves: Counter[tuple[str | None, str | None]] = Counter()
    done, pace = 0, Pace(FIRST_PART, MOST)
    for part in _parts(engine, customer_ids, pace):
        with writing(engine, pace) as conn:
            dialect.one_at_a_time(conn, "refresh stages")
            which = and_(_are(conn, part), _are_older(now, present))
            found = conn.execute(_changes(which, company, model, now)).all()
            moves.update(_write(conn, found, now))
        done += len(part)
        if progress is not None:
            progress(done)
        let_others_write(engine)
    if customer_ids is not None:
        return Refreshed({}, dict(moves))
    with writing(engine) as conn:
        _mark(conn, now)
    with reading(engine) as conn:
        return Refreshed(stages.distribution(conn), dict(moves))


def _parts(engine: Engine, ids: Sequence[int] | None, pace: Pace) -> Iterator[Sequence[int]]:
    """As many ids as fit a transaction: of the given ones, or as ranges over everyone."""
    everyone: Sequence[int] = sorted(set(ids or ()))
    if ids is None:
        with reading(engine) as conn:
            first, last = conn.execute(
                select(func.min(customers.c.id), func.max(customers.c.id))
            ).one()
        everyone = range(first or 1, (last or 0) + 1)
    start = 0
    while start < len(everyone):
        part = everyone[start : start + pace.rows]
        yield part
        start += len(part)


def _are(conn: Connection, ids: Sequence[int]) -> ColumnElement[bool]:
    if isinstance(ids, range):
        return customers.c.id.between(ids[0], ids[-1])
    return dialect.is_any_of(conn, customers.c.id, ids)


def _are_older(now: datetime, present: datetime | None) -> ColumnElement[bool]:
    facts_at = customers.c.facts_at
    if present is None:
        return true()
    return or_(facts_at.is_(None), facts_at <= now, facts_at > present)


def _changes(
    which: ColumnElement[bool], company: Company, model: Lifecycle | None, now: datetime
) -> Select[Any]:
    """One row for each customer whose facts or stage are others than stored."""
    fresh = _fresh(which, now)
    stage = fresh.c.stage if model is None else stage_by_rules(fresh.c, company, model, now)
    placed = select(
        fresh.c.id,
        fresh.c.stage.label("old_stage"),
        stage.label("new_stage"),
        *(fresh.c[name] for name in STORED_FACTS),
        *(fresh.c[f"old_{name}"] for name in STORED_FACTS),
    ).cte("placed")
    other_facts = or_(
        *(placed.c[name].is_distinct_from(placed.c[f"old_{name}"]) for name in STORED_FACTS)
    )
    return select(
        placed.c.id,
        placed.c.old_stage,
        placed.c.new_stage,
        other_facts.label("other_facts"),
        *(placed.c[name] for name in STORED_FACTS),
    ).where(or_(placed.c.new_stage.is_distinct_from(placed.c.old_stage), other_facts))


def _fresh(which: ColumnElement[bool], now: datetime) -> Subquery:
    """The customers with the facts as of `now` in place of the stored ones, those as `old_…`."""
    t = customers.c
    facts = facts_select(now, which).subquery("facts")
    plain = [column for column in t if column.name not in STORED_FACTS]
    return (
        select(
            *plain,
            *(facts.c[name] for name in STORED_FACTS),
            *(t[name].label(f"old_{name}") for name in STORED_FACTS),
        )
        .join_from(customers, facts, facts.c.customer_id == t.id)
        .where(t.erased_at.is_(None), t.merged_into.is_(None))
        .subquery("fresh")
    )


def stage_by_rules(
    customer: Columns, company: Company, model: Lifecycle, now: datetime
) -> ColumnElement[str | None]:
    """The first stage whose rule holds for a customer's columns, as SQL."""
    today = now.astimezone(ZoneInfo(company.brand.timezone)).date()
    row = Spoken(customer, now, today, names_of(company))
    rules = [
        (compile_expression(stage.when, row, certainly=False), literal(stage.id, Text()))
        for stage in model.stages
        if stage.when is not None
    ]
    last = model.stages[-1]
    rest = literal(last.id, Text()) if last.when is None else null()
    if not rules:
        return type_coerce(rest, Text())
    return case(*rules, else_=rest)


def _write(
    conn: Connection, changed: Sequence[Row[*tuple[Any, ...]]], now: datetime
) -> Counter[tuple[str | None, str | None]]:
    """Write the changed rows and the history of those who moved; how many moved from where to where."""
    if not changed:
        return Counter()
    dialect.lock_customers(conn, [row[0] for row in changed])
    moved = [row for row in changed if row[1] != row[2]]  # by place: names are slow, rows many
    _set_stages(conn, [row for row in moved if not row[3]], now)
    _set_facts(conn, [row for row in changed if row[3]], now)
    _add_moves(conn, moved, now)
    return Counter((row[1], row[2]) for row in moved)


def _set_stages(conn: Connection, moved: Sequence[Row[*tuple[Any, ...]]], now: datetime) -> None:
    """Write the stages of customers whose facts are as stored: one statement a stage."""
    ids = defaultdict(list)
    for row in moved:
        ids[row[2]].append(row[0])
    for stage, those in ids.items():
        conn.execute(
            update(customers)
            .where(dialect.is_any_of(conn, customers.c.id, those))
            .values(stage=stage, stage_since=now, facts_at=now)
        )


def _set_facts(conn: Connection, changed: Sequence[Row[*tuple[Any, ...]]], now: datetime) -> None:
    """Write facts and stages of customers whose facts are others than stored."""
    if not changed:
        return
    t = customers.c
    columns = [("id", BigId), *((name, t[name].type) for name in STORED_FACTS), ("stage", Text())]
    rows = [(row[0], *row[4:], row[2]) for row in changed]
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


def _add_moves(conn: Connection, moved: Sequence[Row[*tuple[Any, ...]]], now: datetime) -> None:
    names = ("customer_id", "model", "from_stage", "to_stage", "at", "facts")
    told: dict[tuple[Any, ...], Mapping[str, Any]] = {}  # many have no event at all: the same facts
    rows = []
    for row in moved:
        facts = told.get(row[4:])
        if facts is None:
            facts = told[row[4:]] = _as_json(row)
        rows.append((row[0], stages.MAIN, row[1], row[2], now, facts))
    dialect.insert_rows(conn, stage_changes, names, rows)


def _as_json(row: Row[*tuple[Any, ...]]) -> Mapping[str, Any]:
    """The facts as attributes are kept: money in ten-thousandths, instants as UTC text, a span in µs."""
    facts: dict[str, Any] = {}
    for name in STORED_FACTS:
        value = getattr(row, name)
        if isinstance(value, datetime):
            value = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        elif name == "spend":
            value = int(value * MONEY_SCALE)
        if value is not None:
            facts[name] = value
    return facts


def _mark(conn: Connection, now: datetime) -> None:
    """Note what everyone's facts and stages are as of."""
    new = dialect.insert(conn, marks).values(name=FACTS_MARK, at=now)
    conn.execute(new.on_conflict_do_update(index_elements=[marks.c.name], set_={"at": now}))
