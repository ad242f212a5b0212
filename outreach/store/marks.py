"""Instants of the whole base: what the stored facts are as of, and until when it has sent."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from outreach.store.dialect import database_clock, insert, one_at_a_time, shift
from outreach.store.spelling import latest
from outreach.store.tables import customers, marks, runs
from outreach.vocabulary import RunState

FACTS = "facts"
FLOORS = "floors"
RESTORED = "restored"  # what was sent up to here, the base may know nothing of
_SENT = "sent "  # and the base's name, which no other has
_TICK = timedelta(microseconds=1)


def refreshed_at(conn: Connection) -> datetime | None:
    """The instant that the stored facts and stages of everyone are as of; None before the first."""
    return _instant(conn, FACTS)


def floors_looked_at(conn: Connection, campaign: str = "") -> datetime | None:
    """The instant of the last look at who is owed a touch, by their owner or a campaign.

    None before the first.
    """
    return _instant(conn, f"{FLOORS} {campaign}".strip())


def note_floors(conn: Connection, at: datetime, campaign: str = "") -> None:
    """Note that a look at who is owed a touch is done; an earlier one changes nothing."""
    noted = insert(conn, marks).values(name=f"{FLOORS} {campaign}".strip(), at=at)
    later = {"at": latest(marks.c.at, noted.excluded.at)}
    conn.execute(noted.on_conflict_do_update(index_elements=["name"], set_=later))


def facts_for(conn: Connection, at: datetime, customer_id: int | None = None) -> str:
    """How facts and stages are read for an instant: "stored", or "as_of" one before they were.

    With a customer also where theirs alone were brought up to date since, as by an import.
    """
    known = [_instant(conn, FACTS)]
    if customer_id is not None:
        query = select(customers.c.facts_at).where(customers.c.id == customer_id)
        known.append(conn.execute(query).scalar())
    stored_at = max((each for each in known if each is not None), default=None)
    return "as_of" if stored_at is not None and at < stored_at else "stored"


def _instant(conn: Connection, name: str) -> datetime | None:
    return conn.execute(select(marks.c.at).where(marks.c.name == name)).scalar()


@dataclass(frozen=True, slots=True)
class SentMark:
    """Until when a base has sent, by the database's clock. It only rises, but in a restored base."""

    base: str
    at: datetime


def sent_mark(conn: Connection) -> SentMark | None:
    """The base's own mark; None before the first process that sends."""
    own = marks.c.name.startswith(_SENT)
    row = conn.execute(select(marks).where(own).order_by(marks.c.name).limit(1)).first()
    return None if row is None else SentMark(row.name.removeprefix(_SENT), row.at)


def make_sent_mark(conn: Connection) -> SentMark:
    """The base's mark, with a new name where it has none."""
    one_at_a_time(conn, "make the base's mark")
    found = sent_mark(conn)
    if found is None:
        row = {"name": _SENT + secrets.token_hex(8), "at": database_clock(conn)}
        conn.execute(marks.insert().values(row))
        found = sent_mark(conn)
    if found is None:
        raise LookupError("a mark that was just made")
    return found


def raise_sent_mark(conn: Connection, base: str) -> SentMark | None:
    """Note that messages are sent until now; None: the base has another name by now."""
    risen = latest(shift(marks.c.at, _TICK), database_clock(conn))
    noted = update(marks).where(marks.c.name == _SENT + base).values(at=risen)
    at = conn.execute(noted.returning(marks.c.at)).scalar()
    return None if at is None else SentMark(base, at)


def write_again(conn: Connection) -> None:
    """Write what is there once more: whether anything can be written."""
    conn.execute(update(marks).values(at=marks.c.at))


def note_restored(conn: Connection, old: SentMark, until: datetime, why: str) -> list[int] | None:
    """Hold every run that is not at its end, for `why`; their ids. None: another process did so.

    The base gets a new name, so that marks of the old one say nothing of it any more. What its
    schedule brings up to `until` may have been sent too: `restored_until`.
    """
    name = _SENT + secrets.token_hex(8)
    renamed = update(marks).where(marks.c.name == _SENT + old.base, marks.c.at == old.at)
    if conn.execute(renamed.values(name=name).returning(marks.c.name)).scalar() is None:
        return None
    noted = insert(conn, marks).values(name=RESTORED, at=until)
    later = {"at": latest(marks.c.at, noted.excluded.at)}
    conn.execute(noted.on_conflict_do_update(index_elements=["name"], set_=later))
    going = (RunState.PLANNING, RunState.RUNNING, RunState.PAUSED)
    held = update(runs).where(runs.c.state.in_(going)).values(state=RunState.HELD, reason=why)
    return sorted(conn.execute(held.returning(runs.c.id)).scalars())


def restored_until(conn: Connection) -> datetime | None:
    """Up to when occurrences may have run that a restored base knows nothing of; None: none."""
    return _instant(conn, RESTORED)
