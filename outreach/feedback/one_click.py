"""Unsubscribing by a message's own link: many at once in one transaction.

RFC 8058: one POST, no more steps. The no is for the topic and channel of the message, and for the
address that it went to; of a message that fell over, for each channel that it went out by.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from outreach.store.acknowledgement import Handing, InHand, in_hand, wait_until_begun
from outreach.store.engine import reading, writing
from outreach.store.fallbacks import earlier
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
        against = opt_out(conn, [no for _, no in noes], now) if noes else []
    pending = dict.fromkeys(range(len(asked)), NOTHING)
    for (place, _), one in zip(noes, still_begun(engine, against), strict=True):
        handing = pending[place].handing | one.handing
        pending[place] = Pending(handing, one.since)
    return list(pending.values())


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


def _noes(conn: Connection, asked: Sequence[OneClick]) -> list[tuple[int, OptOut]]:
    """The noes, each with the place of what asked for it: one for each channel it went out by."""
    ids = {one.delivery_id for one in asked if one.delivery_id is not None}
    known, before = addressed(conn, ids), defaultdict(list)
    for (id_, channel), failed in sorted(earlier(conn, ids).items()):
        before[id_].append((channel, failed.address))
    found: list[tuple[int, OptOut]] = []
    for place, one in enumerate(asked):
        row = None if one.delivery_id is None else known.get(one.delivery_id)
        if row is not None:
            proof = proof_of(row.delivery_id, one.agent)
            went = dict([(row.channel, row.address), *before[row.delivery_id]])
            found += [
                (place, OptOut(row.customer_id, channel, row.topic, address, one.source, proof))
                for channel, address in went.items()
            ]
    return found


def proof_of(delivery_id: int, agent: str) -> str:
    """What shows that it was said: the message it was said by, and the beginning of its agent."""
    kept = "".join(each for each in agent if each.isprintable())[:LONGEST_AGENT].strip()
    return f"message {delivery_id}" + (f", {kept}" if kept else "")
