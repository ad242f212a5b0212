"""Customers as rows: found by key, written in batches, told to templates and to people."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Select,
    bindparam,
    func,
    literal,
    not_,
    select,
    update,
)

from outreach.store import dialect
from outreach.store.facts import (
    fact_columns_as_of,
    last_contact,
    stage_as_of,
    stage_since_as_of,
)
from outreach.store.interests import origins_of
from outreach.store.keys import kept_keys
from outreach.store.marks import refreshed_at
from outreach.store.named_dates import Dates, dates_of
from outreach.store.reactions import latest_reactions
from outreach.store.spelling import listed_in
from outreach.store.stages import further_stays
from outreach.store.tables import (
    consents,
    customers,
    deliveries,
    events,
    places,
    stage_changes,
)
from outreach.store.tasks import tasks_about
from outreach.store.types import MONEY_SCALE, Ids, Instant

# What a file may say of a customer; also the order in which files are exported.
PLAIN_COLUMNS = (
    "first_name", "last_name", "nickname", "title", "gender", "email", "phone", "locale",
    "timezone", "country", "city", "tier", "owner", "tags", "interests", "birthday", "created_at",
)  # fmt: skip
WRITTEN_COLUMNS = (
    *PLAIN_COLUMNS, "phone_region", "stage", "stage_since", "attributes", "place_id", "updated_at",
)  # fmt: skip
MOST_SHOWN = 100  # of a kind, in a customer's history
ADDRESSES = {"email": "email", "sms": "phone", "whatsapp": "phone", "voice": "phone"}  # by channel


def address_column(channel: str) -> Column[Any] | None:
    """The column that holds a customer's address on the channel; None where there is none."""
    name = ADDRESSES.get(channel)
    return None if name is None else customers.c[name]


def by_keys(conn: Connection, keys: Iterable[str]) -> dict[str, int]:
    """The id of each customer that is there, by key."""
    t = customers.c
    rows = conn.execute(select(t.key, t.id).where(dialect.is_any_of(conn, t.key, list(keys))))
    return {row.key: row.id for row in rows}


def rows_by_key(conn: Connection, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """All that an import may change of each customer that is there, as plain values."""
    t = customers.c
    names = ("id", "key", *WRITTEN_COLUMNS, "erased_at", "merged_into")
    rows = conn.execute(
        select(*(t[name] for name in names)).where(dialect.is_any_of(conn, t.key, keys))
    )
    return {row[1]: dict(zip(names, row, strict=True)) for row in rows.all()}


def insert_customers(conn: Connection, columns: Mapping[str, Sequence[Any]]) -> Sequence[int]:
    """Write new customers given by column, `key` and `bucket` among them; their ids, in order."""
    ids = dialect.reserve_ids(conn, customers, len(columns["key"]))
    if ids:
        dialect.insert_columns(conn, customers, {"id": ids, **columns})
    return ids


def update_customers(conn: Connection, changed: Sequence[Mapping[str, Any]]) -> None:
    """Write changed customers: each mapping has `id` and every one of WRITTEN_COLUMNS."""
    if not changed:
        return
    statement = (
        update(customers)
        .where(customers.c.id == bindparam("_id"))
        .values({name: bindparam(name) for name in WRITTEN_COLUMNS})
    )
    conn.execute(
        statement,
        [{"_id": row["id"], **{name: row[name] for name in WRITTEN_COLUMNS}} for row in changed],
    )


def contexts(
    conn: Connection,
    ids: Sequence[int],
    attributes: Mapping[str, str],
    but: Sequence[int] = (),
    *,
    names: Collection[str] | None = None,
    dates: bool = True,
) -> dict[int, dict[str, Any]]:
    """What a template may print of each customer: columns, facts and attributes in one mapping.

    `attributes` are the declared types (Company.attributes): money comes back as Decimal, dates
    and instants as such; a declared attribute that a customer lacks is None. `typical_gap` is a
    timedelta, `last_contact_at` includes touches, `but` not those deliveries: a message is no
    contact before it is written. `dates` has the days by name, none if they are not wanted.
    `names`: what is looked at besides id, key, locale and zone; None: all.
    """
    wanted = None if names is None else frozenset(names)
    declared = [name for name in attributes if wanted is None or name in wanted]
    statement = _printable(wanted, stored=bool(declared) or wanted is None)
    asked = {"printed": sorted(ids), "but": sorted(but)}
    found = conn.execute(statement, asked)
    keys = tuple(found.keys())
    days = dates_of(conn, ids) if dates else {}
    rows = [dict(zip(keys, row, strict=True)) for row in found.all()]
    kinds = {name: attributes[name] for name in declared}
    return {row["id"]: _context(row, kinds, days.get(row["id"], {})) for row in rows}


@lru_cache(maxsize=256)
def _printable(names: frozenset[str] | None, *, stored: bool) -> Select[Any]:
    """The statement of `contexts`, built once for a template: ids "printed", and "but"."""
    t = customers.c
    ids, but = (bindparam(name, type_=Ids()) for name in ("printed", "but"))
    if names is None:
        columns = [*customers.columns, places.c.zones.label("zones")]
    else:
        least = (t.id, t.key, t.locale, t.timezone, *([t.attributes] if stored else ()))
        columns = [*least, *(each for each in t if each.name in names and each not in set(least))]
    statement = select(*columns).where(listed_in(t.id, ids))
    if names is None:
        statement = statement.join(places, places.c.id == t.place_id)
    if names is None or "last_contact_at" in names:
        touched = select(func.max(deliveries.c.slot_at)).where(
            deliveries.c.customer_id == t.id,
            deliveries.c.slot_at.is_not(None),
            deliveries.c.firm,
            not_(listed_in(deliveries.c.id, but)),
        )
        heard_at = t.last_heard_at.label("heard_at")
        statement = statement.add_columns(touched.scalar_subquery().label("touched_at"), heard_at)
    return statement


def _context(found: dict[str, Any], attributes: Mapping[str, str], dates: Dates) -> dict[str, Any]:
    found["dates"] = {name: date.day for name, date in dates.items()}
    if "touched_at" in found:
        instants = [at for at in (found.pop("touched_at"), found.pop("heard_at")) if at is not None]
        found["last_contact_at"] = max(instants, default=None)
    if found.get("typical_gap") is not None:
        found["typical_gap"] = timedelta(microseconds=found["typical_gap"])
    stored = found.pop("attributes", {})
    for name, kind in attributes.items():
        found[name] = restore(kind, stored.get(name))
    return found


def restore(kind: str, value: Any) -> Any:
    """A value of `customers.attributes` as its declared type; None stays None."""
    if value is None:
        return None
    if kind == "money":
        return Decimal(value) / MONEY_SCALE
    if kind == "date":
        return date.fromisoformat(value)
    if kind == "datetime":
        return datetime.fromisoformat(value).astimezone(UTC)
    return value


def show(
    conn: Connection, key: str, attributes: Mapping[str, str], now: datetime
) -> dict[str, Any] | None:
    """One customer's history: who it is, every word of consent, stages, dates, where interests were
    learnt, deliveries and what became of them, moves, events counted.

    Newest first, at most 100 of a kind; None when there is no such customer. What is dated after
    `now` is left out, but for words of consent: those tell whether they have expired by then.
    Of who was merged, `merged_into` is a key, and the interests are told of whom that is.
    `facts_as_of` is the instant that facts and stage are of: when they were last brought up to
    date, or `now` where that was earlier; `last_contact_at` counts messages up to `now` in any case.
    """
    id_ = by_keys(conn, [key]).get(key)
    if id_ is None:
        return None
    customer = contexts(conn, [id_], attributes)[id_]
    kept_id, customer["merged_into"] = customer["merged_into"], kept_keys(conn, [key]).get(key)
    refreshed = [at for at in (refreshed_at(conn), customer["facts_at"]) if at is not None]
    as_of = max(refreshed, default=None)
    if as_of is not None and now < as_of:
        as_of = now
        customer |= _facts_as_of(conn, id_, now)
    customer["last_contact_at"] = conn.execute(
        select(last_contact(literal(id_), literal(customer["last_heard_at"], Instant()), now))
    ).scalar()
    return {
        "customer": {**customer, "facts_as_of": as_of},
        "consents": [
            {**word, "expired": word["expires_at"] is not None and word["expires_at"] <= now}
            for word in _latest(conn, id_, consents, consents.c.at)
        ],
        "lifecycles": [
            {"model": name, "stage": stay.stage, "since": stay.since}
            for name, stay in sorted(further_stays(conn, id_, now).items())
        ],
        "stages": _latest(conn, id_, stage_changes, stage_changes.c.at, now),
        "dates": [
            {"name": name, "date": date.day, "note": date.note}
            for name, date in dates_of(conn, [id_]).get(id_, {}).items()
        ],
        "interests": [] if kept_id else [e._asdict() for e in origins_of(conn, [id_])[id_]],
        "deliveries": _latest(conn, id_, deliveries, deliveries.c.planned_at, now),
        "reactions": latest_reactions(conn, id_, now, MOST_SHOWN),
        "tasks": tasks_about(conn, id_),
        "events": _event_counts(conn, id_, now),
    }


def _facts_as_of(conn: Connection, id_: int, now: datetime) -> dict[str, Any]:
    """Facts and stage as events and moves up to `now` say."""
    own = literal(id_)
    columns = {
        **fact_columns_as_of(own, now),
        "stage": stage_as_of(own, now),
        "stage_since": stage_since_as_of(own, now),
    }
    row = conn.execute(select(*(each.label(name) for name, each in columns.items()))).mappings()
    found = dict(row.one())
    gap = found["typical_gap"]
    return {**found, "typical_gap": None if gap is None else timedelta(microseconds=gap)}


def _latest(
    conn: Connection, id_: int, table: Any, at: Column[Any], until: datetime | None = None
) -> list[dict[str, Any]]:
    query = select(table).where(table.c.customer_id == id_)
    if until is not None:
        query = query.where(at <= until)
    rows = conn.execute(query.order_by(at.desc(), table.c.id.desc()).limit(MOST_SHOWN))
    return [dict(row) for row in rows.mappings()]


def _event_counts(conn: Connection, id_: int, now: datetime) -> list[dict[str, Any]]:
    rows = conn.execute(
        select(
            events.c.kind,
            func.count().label("count"),
            func.min(events.c.at).label("first_at"),
            func.max(events.c.at).label("last_at"),
        )
        .where(events.c.customer_id == id_, events.c.at <= now)
        .group_by(events.c.kind)
        .order_by(events.c.kind)
    )
    return [dict(row) for row in rows.mappings()]
