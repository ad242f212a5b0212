"""Asks a provider that keeps a list what became of unknown deliveries.

What it has is sent, with its name for it. What it has not stays unknown: it may have been lost, or
be listed later, and only a person can say so.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from outreach.channels.adapter import Adapter, Inquirer, Listed, Sought
from outreach.dispatch.held import Held
from outreach.dispatch.shift import Shift
from outreach.logger import Logger
from outreach.store import deliveries, unknowns
from outreach.store.engine import reading
from outreach.store.receipts import Receipt, receive

log = Logger(__name__)
AT_ONCE = 5  # one request each


def has_unknowns(shift: Shift, channel: str, adapter: Adapter) -> bool:
    """Whether this adapter's provider can be asked about something now."""
    if not isinstance(adapter, Inquirer):
        return False
    with reading(shift.engine) as conn:
        return unknowns.are_any(conn, channel, shift.instants())


def reconcile(shift: Shift, channel: str, adapter: Adapter) -> int:
    """Ask about a few unknown deliveries; how many of them the provider has."""
    if not isinstance(adapter, Inquirer):
        return 0
    at = shift.instants()
    with shift.writing() as conn:
        rows = unknowns.take(conn, channel, at, AT_ONCE)
    sought = [one for row in rows for one in _sought(shift, row)]
    found = adapter.ask(sought) if sought else []
    said = _receipts(shift, channel, adapter.name, found)
    if not said:
        return 0
    with shift.writing() as conn:
        moved = receive(conn, said, at).moved
    log.info("unknown reconciled", channel=channel, asked=len(sought), found=len(moved))
    return len(moved)


def _sought(shift: Shift, row: Row[Any]) -> list[Sought]:
    """The message as it was rendered at its claim; none where it can not be any more."""
    held = Held(
        row.id, row.fence, row.run_id, row.customer_id, row.channel, row.address, row.locale,
        row.due_at, row.late_at, row.lapses, row.tries, resend=False,
    )  # fmt: skip
    with reading(shift.engine) as conn:
        pin = deliveries.pins_of(conn, [row.run_id])[row.run_id]
        ruling = shift.rulebook.ruling(conn, *pin)
    ready = shift.rulebook.write(shift.engine, ruling, [held], row.claimed_at)
    since = shift.real_clock.now() - unknowns.LAST_AFTER
    return [Sought(one.message, since) for one in ready]


def _receipts(shift: Shift, channel: str, adapter: str, found: Sequence[Listed]) -> list[Receipt]:
    """One for each delivery that is listed under a name that no other delivery has."""
    with reading(shift.engine) as conn:
        taken = unknowns.known_names(conn, {one.provider_id for one in found})
    said: dict[int, Receipt] = {}
    for one in found:
        if one.id not in said and one.provider_id not in taken:
            taken.add(one.provider_id)
            said[one.id] = Receipt(
                channel, one.kind, one.at, adapter, one.id, one.provider_id, one.hard,
                {"code": one.code},
            )  # fmt: skip
    return list(said.values())
