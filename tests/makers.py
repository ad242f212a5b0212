"""Makers of rows for tests: what a test does not care about has a sound default."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select

from outreach.ids import bucket
from outreach.store import tables
from outreach.vocabulary import OPEN_STATES, TOUCH_STATES, ConsentState, State

NOW = datetime(2026, 7, 3, 9, 0, tzinfo=UTC)  # a Friday; 17:00 in Shanghai, 11:00 in Berlin


def make_place(
    conn: Connection, zones: str = "Europe/Berlin", country: str = "DE", known: bool = True
) -> int:
    """The id of the place, made when it is not there; several zones stand with `;` between."""
    t = tables.places
    found = conn.execute(
        select(t.c.id).where(t.c.zones == zones, t.c.country == country, t.c.known == known)
    ).scalar()
    if found is not None:
        return int(found)
    return _add(conn, t, zones=zones, country=country, known=known)


def make_customer(conn: Connection, key: str = "c1", **columns: Any) -> int:
    """A customer's id; `email` and `phone` are None unless given; `timezone` decides the place."""
    return _add(conn, tables.customers, **_customer(conn, key, columns))


def make_customers(conn: Connection, keys: Sequence[str]) -> list[int]:
    """The ids of as many customers, each with an address of its own, in one statement."""
    place_id = make_place(conn)
    each = [{"email": f"{key}@example.com", "place_id": place_id} for key in keys]
    rows = [_customer(conn, key, columns) for key, columns in zip(keys, each, strict=True)]
    return _add_all(conn, tables.customers, rows)


def _customer(conn: Connection, key: str, columns: dict[str, Any]) -> dict[str, Any]:
    zone = columns.get("timezone", "Europe/Berlin")
    country = columns.get("country", "DE")
    if "place_id" not in columns:
        columns["place_id"] = make_place(conn, zone or "UTC", country or "", known=zone is not None)
    defaults: dict[str, Any] = {
        "key": key, "first_name": "Ada", "last_name": "Muster", "locale": "en",
        "timezone": zone, "country": country, "created_at": NOW - timedelta(days=400),
        "updated_at": NOW - timedelta(days=400), "bucket": bucket(key), "tags": [],
        "interests": [], "attributes": {},
    }  # fmt: skip
    return defaults | columns


def grant(
    conn: Connection,
    customer_id: int,
    channel: str = "email",
    topic: str = "greetings",
    **columns: Any,
) -> int:
    """A yes in the ledger and as the last word; the consent's id."""
    return _consent(conn, customer_id, channel, topic, ConsentState.GRANTED, columns)


def withdraw(
    conn: Connection,
    customer_id: int,
    channel: str = "email",
    topic: str = "greetings",
    **columns: Any,
) -> int:
    """A no in the ledger, as the last word, and for whoever shares the address; the consent's id."""
    consent_id = _consent(conn, customer_id, channel, topic, ConsentState.WITHDRAWN, columns)
    t = tables.customers
    column = t.c.email if channel == "email" else t.c.phone
    address = conn.execute(select(column).where(t.c.id == customer_id)).scalar()
    if address is not None:
        conn.execute(
            insert(tables.refusals).values(
                channel=channel,
                address=address,
                topic=topic,
                at=columns.get("at", NOW - timedelta(days=30)),
                consent_id=consent_id,
            )
        )
    return consent_id


def _consent(
    conn: Connection,
    customer_id: int,
    channel: str,
    topic: str,
    state: ConsentState,
    columns: dict[str, Any],
) -> int:
    at = columns.get("at", NOW - timedelta(days=30))
    word = {
        "customer_id": customer_id,
        "channel": channel,
        "topic": topic,
        "state": state.value,
        "at": at,
    }
    consent_id = _add(
        conn, tables.consents, **word | {"source": "form", "recorded_at": at} | columns
    )
    t = tables.consent_states
    conn.execute(
        t.delete().where(t.c.customer_id == customer_id, t.c.channel == channel, t.c.topic == topic)
    )
    conn.execute(
        insert(t).values(**word, expires_at=columns.get("expires_at"), consent_id=consent_id)
    )
    return consent_id


def suppress(
    conn: Connection, channel: str, address: str, reason: str = "hard_bounce", at: datetime = NOW
) -> None:
    """An address that is never used again."""
    conn.execute(
        insert(tables.suppressions).values(
            channel=channel, address=address, reason=reason, source="test", at=at
        )
    )


def make_event(
    conn: Connection,
    customer_id: int,
    kind: str = "order",
    at: datetime = NOW - timedelta(days=10),
    **columns: Any,
) -> int:
    """An event's id; `amount` is None unless given."""
    return _add(
        conn,
        tables.events,
        **{"customer_id": customer_id, "kind": kind, "at": at, "recorded_at": at} | columns,
    )


def make_campaign(conn: Connection, name: str = "friday-greeting") -> int:
    """The id of the campaign, made when it is not there."""
    t = tables.campaigns
    found = conn.execute(select(t.c.id).where(t.c.name == name)).scalar()
    return int(found) if found is not None else _add(conn, t, name=name)


def make_revision(
    conn: Connection, campaign_id: int, digest: str = "d" * 64, **columns: Any
) -> int:
    """The id of a revision with no files unless given; the same digest gives the same row."""
    t = tables.revisions
    found = conn.execute(
        select(t.c.id).where(t.c.campaign_id == campaign_id, t.c.digest == digest)
    ).scalar()
    if found is not None:
        return int(found)
    return _add(
        conn, t, **{"campaign_id": campaign_id, "digest": digest, "files": {}, "at": NOW} | columns
    )


def make_run(conn: Connection, campaign: str = "friday-greeting", **columns: Any) -> int:
    """A planned run's id, its occurrence at NOW unless given."""
    campaign_id = make_campaign(conn, campaign)
    defaults: dict[str, Any] = {
        "campaign_id": campaign_id, "kind": "manual", "occurrence_at": NOW, "state": "running",
        "rank": 50, "params": {}, "created_at": NOW,
    }  # fmt: skip
    if "revision_id" not in columns:
        defaults["revision_id"] = make_revision(conn, campaign_id)
    return _add(conn, tables.runs, **defaults | columns)


def make_delivery(conn: Connection, customer_id: int, state: str = "sent", **columns: Any) -> int:
    """A delivery's id; `at` is when it became due and left.

    What follows from `state` is set with it: `ready`, `firm` and `slot_at`.
    Without `run_id` it belongs to a run of its own of `friday-greeting`.
    """
    [id_] = make_deliveries(conn, [customer_id], state, **columns)
    return id_


def make_deliveries(
    conn: Connection, customer_ids: Sequence[int], state: str, **columns: Any
) -> list[int]:
    """The ids of a delivery for each customer, alike, in one statement."""
    at: datetime = columns.pop("at", NOW)
    if "run_id" not in columns:
        columns["run_id"] = make_run(conn, occurrence_at=at)
    run = conn.execute(
        select(tables.runs.c.campaign_id, tables.runs.c.occurrence_at).where(
            tables.runs.c.id == columns["run_id"]
        )
    ).one()
    ready, touch = state in OPEN_STATES, state in TOUCH_STATES or state == State.BOUNCED
    slot = ready or state in TOUCH_STATES
    defaults: dict[str, Any] = {
        "campaign_id": run.campaign_id, "run_at": run.occurrence_at,
        "step": "greet", "topic": "greetings", "priority": 50, "channel": "email", "state": state,
        "planned_at": at, "due_at": at if ready or touch else None, "late_at": at + timedelta(days=1),
        "slot_at": at if slot else None, "firm": touch, "ready": ready,
        "claimed_at": at if touch else None, "sent_at": at if touch and state not in ("claimed", "handing") else None,
    }  # fmt: skip
    rows = [{"customer_id": each} | defaults | columns for each in customer_ids]
    return _add_all(conn, tables.deliveries, rows)


def make_worker(conn: Connection, name: str = "worker", **columns: Any) -> int:
    """A worker's id, alive for a minute after NOW."""
    return _add(
        conn, tables.workers,
        **{"name": name, "started_at": NOW, "alive_until": NOW + timedelta(minutes=1)} | columns,
    )  # fmt: skip


def _add(conn: Connection, table: Any, **columns: Any) -> int:
    [id_] = _add_all(conn, table, [columns])
    return id_


def _add_all(conn: Connection, table: Any, rows: Sequence[dict[str, Any]]) -> list[int]:
    added = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return list(conn.execute(added, rows).scalars())
