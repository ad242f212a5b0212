"""Mails that came back about our messages: each taken once, complaints counted by run."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
    union_all,
    update,
)

from outreach.store.attempts import storable
from outreach.store.dialect import insert
from outreach.store.tables import customers, deliveries, fallbacks, feedback_mails

d, f, b = deliveries.c, feedback_mails.c, fallbacks.c
COMPLAINT = "complaint"
BOUNCED = "bounced"


@dataclass(frozen=True, slots=True)
class FeedbackMail:
    """A mail that is about one of our messages; `detail` holds no address."""

    digest: str  # sha256 of its bytes, hexadecimal
    delivery_id: int
    run_id: int
    kind: str
    at: datetime
    status: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Complaints:
    """How many readers of a run complained on a channel, and how many since it was last held for it."""

    total: int
    since_held: int


def message_of(conn: Connection, delivery_id: int, channel: str) -> Row[Any] | None:
    """What a delivery sent by a channel, with its customer's `erased_at`; None: nothing.

    State and address are those of the channel, also where the delivery has another one since.
    """
    present = d.channel == channel
    of_it = and_(b.delivery_id == d.id, b.channel == channel)
    query: Select[Any] = (
        select(
            d.id,
            case((present, d.state), else_=b.state).label("state"),
            d.run_id,
            d.customer_id,
            case((present, d.address), else_=b.address).label("address"),
            customers.c.erased_at,
        )
        .join_from(deliveries, customers, customers.c.id == d.customer_id)
        .outerjoin(fallbacks, of_it)
        .where(d.id == delivery_id, or_(present, b.delivery_id.is_not(None)))
    )
    return conn.execute(query).one_or_none()


def run_of(conn: Connection, delivery_id: int) -> int:
    """The run of a delivery."""
    run_id: int = conn.execute(select(d.run_id).where(d.id == delivery_id)).scalar_one()
    return run_id


def keep(conn: Connection, mail: FeedbackMail) -> bool:
    """Keep a mail; False: it was taken before."""
    values = {
        "digest": mail.digest, "delivery_id": mail.delivery_id, "run_id": mail.run_id,
        "kind": mail.kind, "at": mail.at, "status": storable(mail.status),
        "detail": storable(mail.detail),
    }  # fmt: skip
    new = insert(conn, feedback_mails).values(values).on_conflict_do_nothing()
    return conn.execute(new.returning(f.digest)).scalar() is not None


def words_of(conn: Connection, digest: str) -> str | None:
    """The server's words in a mail that was kept."""
    return conn.execute(select(f.detail).where(f.digest == digest)).scalar()


def returned_by_run(
    conn: Connection, statuses: Collection[str], since: datetime, settled_after: datetime | None
) -> dict[int, int]:
    """By run, how many messages came back with one of these statuses since an instant.

    Without those settled before another one, by the real clock: what was sent by then says nothing.
    It reads all mails that ever came back, so ask it seldom.
    """
    query = (
        select(f.run_id, func.count(f.delivery_id.distinct()).label("mails"))
        .join_from(feedback_mails, deliveries, d.id == f.delivery_id)
        .outerjoin(fallbacks, and_(b.delivery_id == d.id, b.channel == "email"))
        .where(f.kind == BOUNCED, f.status.in_(sorted(statuses)), f.at > since)
        .group_by(f.run_id)
    )
    if settled_after is not None:
        query = query.where(func.coalesce(b.settled_at, d.settled_at) > settled_after)
    return {row.run_id: row.mails for row in conn.execute(query)}


def complaints_of(conn: Connection, run_id: int) -> Complaints:
    """Readers of a run that complained: deliveries, however often each was reported."""
    query = select(func.count(f.delivery_id.distinct()), func.max(f.held_with))
    total, held_with = conn.execute(query.where(_complaints(run_id))).one()
    return Complaints(total, total - (held_with or 0))


def _complaints(run_id: int) -> ColumnElement[bool]:
    # Written out as its index has it, or SQLite does not use that.
    return and_(f.run_id == run_id, f.kind == literal_column("'complaint'"))


def note_hold(conn: Connection, digest: str, total: int) -> None:
    """Note that a complaint, the `total`th, held its run: it takes new ones to hold it again."""
    conn.execute(update(feedback_mails).where(f.digest == digest).values(held_with=total))


def accepted_up_to(conn: Connection, run_id: int, channel: str, most: int) -> int:
    """How many messages of a run a provider accepted on a channel, counted up to `most`.

    A run of a million is so not read whole for a few complaints.
    """
    accepted = select(d.id).where(d.run_id == run_id, d.channel == channel, d.sent_at.is_not(None))
    before = (
        select(d.id)
        .join(fallbacks, b.delivery_id == d.id)
        .where(d.run_id == run_id, d.channel != channel)
        .where(b.channel == channel, b.sent_at.is_not(None))
    )
    some = union_all(accepted, before).limit(most).subquery()
    return conn.execute(select(func.count()).select_from(some)).scalar_one()
