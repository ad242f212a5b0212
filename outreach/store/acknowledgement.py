"""When a withdrawal may be confirmed: from then on no message to its customers begins.

The withdrawal has taken back what was claimed. What was *handing* at its commit has begun, or
begins within `BEGIN_SECONDS` of its own commit, or never does.
"""

import time
from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Select, or_, select

from outreach.store.custody import BEGIN_SECONDS
from outreach.store.customers import address_column
from outreach.store.dialect import is_any_of, wait_for_hand_overs
from outreach.store.engine import reading, writing
from outreach.store.tables import customers, deliveries
from outreach.vocabulary import State

POLL_SECONDS = 0.05
GRACE_SECONDS = 0.1  # for a begin that was allowed in its last moment and is still on its way out

d = deliveries.c
Handing = set[tuple[int, int]]  # (delivery id, fence)


class InHand(NamedTuple):
    """A message that a worker is handing over."""

    id: int
    fence: int
    customer_id: int
    channel: str
    address: str


def acknowledged(
    engine: Engine,
    customer_ids: Collection[int],
    channel: str,
    begin_seconds: float = BEGIN_SECONDS,
) -> None:
    """Return once no message to the customers, or to who shares their address, begins any more.

    Call it after the commit of the withdrawal, suppression or erasure, and tell nobody before.
    Takes no longer than `begin_seconds` and a moment.
    """
    until = _until(begin_seconds)
    with reading(engine) as conn:
        theirs = _handing_to(conn, customer_ids, channel)
    _wait(engine, theirs, until)


def all_acknowledged(engine: Engine, begin_seconds: float = BEGIN_SECONDS) -> None:
    """As `acknowledged`, for whoever withdrew in a file: waits for all that is handing now."""
    until = _until(begin_seconds)
    with reading(engine) as conn:
        handing = _as_set(conn, _handing())
    _wait(engine, handing, until)


def run_acknowledged(engine: Engine, run_id: int, begin_seconds: float = BEGIN_SECONDS) -> None:
    """Return once no message of a run that was stopped begins any more.

    Who was handing over when it was stopped may have read the run's state before.
    """
    with writing(engine) as conn:
        wait_for_hand_overs(conn)
    until = _until(begin_seconds)
    with reading(engine) as conn:
        handing = _as_set(conn, _handing().where(d.run_id == run_id))
    _wait(engine, handing, until)


def in_hand(conn: Connection) -> list[InHand]:
    """All that is being handed over now: few rows, for whoever withdraws for many at once."""
    names = (d.id, d.fence, d.customer_id, d.channel, d.address)
    handing = select(*names).where(d.worker_id.is_not(None), d.state == State.HANDING.value)
    return [InHand(*row) for row in conn.execute(handing)]


def wait_until_begun(engine: Engine, handing: Handing, since: float) -> None:
    """Return once these messages have begun or never will; handing at `since` (time.monotonic)."""
    _wait(engine, handing, since + BEGIN_SECONDS + GRACE_SECONDS)


def _until(begin_seconds: float) -> float:
    return time.monotonic() + begin_seconds + GRACE_SECONDS


def _handing() -> Select[Any]:
    """What any worker hands over: few rows, and an index of them."""
    return select(d.id, d.fence).where(d.worker_id.is_not(None), d.state == State.HANDING.value)


def _handing_to(conn: Connection, customer_ids: Collection[int], channel: str) -> Handing:
    theirs = is_any_of(conn, d.customer_id, sorted(customer_ids))
    column = address_column(channel)
    if column is not None:
        picked = is_any_of(conn, customers.c.id, sorted(customer_ids))
        theirs = or_(theirs, d.address.in_(select(column).where(picked)))
    return _as_set(conn, _handing().where(d.channel == channel, theirs))


def _as_set(conn: Connection, query: Select[Any]) -> Handing:
    return {(row.id, row.fence) for row in conn.execute(query)}


def _wait(engine: Engine, handing: Handing, until: float) -> None:
    while handing and time.monotonic() < until:
        time.sleep(min(POLL_SECONDS, max(0.0, until - time.monotonic())))
        with reading(engine) as conn:
            some = is_any_of(conn, d.id, sorted(id_ for id_, _ in handing))
            handing &= _as_set(conn, _handing().where(some))
