"""Unsubscribing by a message's own link: many at once in one transaction.

RFC 8058: one POST, no more steps. The no is for the topic and channel of the message, and for the
address that it went to.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from outreach.store.acknowledgement import Handing, InHand, in_hand, wait_until_begun
from outreach.store.engine import reading, writing
from outreach.store.opt_outs import Against, OptOut, addressed, opt_out

LONGEST_AGENT = 80


@dataclass(frozen=True, slots=True)
class OneClick:
    """One request; `delivery_id` None: its token is nobody's. `agent`: what asked, as it says."""

    delivery_id: int | None
    source: str
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Pending:
    """Messages that were being handed over as a no was written; `since` by time.monotonic()."""

    handing: Handing
    since: float


NOTHING = Pending(set(), 0.0)


def unsubscribe(engine: Engine, asked: Sequence[OneClick], now: datetime) -> list[Pending]:
    """Write down what was asked for; in its order what to wait for before saying so (`begun`).

    Requests with a token of nobody's take the same way and change nothing.
    """
    with writing(engine) as conn:
        noes = _noes(conn, asked)
        places = [place for place, no in enumerate(noes) if no is not None]
        against = opt_out(conn, [no for no in noes if no is not None], now) if places else []
    pending = dict(zip(places, still_begun(engine, against), strict=True))
    return [pending.get(place, NOTHING) for place in range(len(asked))]


def still_begun(engine: Engine, against: Sequence[Against]) -> list[Pending]:
    """What is being handed over against noes that were just committed, in their order."""
    since = time.monotonic()
    with reading(engine) as conn:
        handing = in_hand(conn)
    return [
        Pending({(one.id, one.fence) for one in handing if _is_against(one, no)}, since)
        for no in against
    ]


def _is_against(one: InHand, no: Against) -> bool:
    own = one.customer_id in no.customer_ids or one.address in no.addresses
    return own and one.channel == no.channel


def begun(engine: Engine, pending: Pending) -> None:
    """Return when nothing that `pending` names begins any more: at once, or up to 2 s later."""
    wait_until_begun(engine, pending.handing, pending.since)


def _noes(conn: Connection, asked: Sequence[OneClick]) -> list[OptOut | None]:
    ids = {one.delivery_id for one in asked if one.delivery_id is not None}
    known = addressed(conn, ids)
    found: list[OptOut | None] = []
    for one in asked:
        row = None if one.delivery_id is None else known.get(one.delivery_id)
        if row is None:
            found.append(None)
        else:
            proof = proof_of(row.delivery_id, one.agent)
            about = (row.customer_id, row.channel, row.topic, row.address)
            found.append(OptOut(*about, one.source, proof))
    return found


def proof_of(delivery_id: int, agent: str) -> str:
    """What shows that it was said: the message it was said by, and the beginning of its agent."""
    kept = "".join(each for each in agent if each.isprintable())[:LONGEST_AGENT].strip()
    return f"message {delivery_id}" + (f", {kept}" if kept else "")
