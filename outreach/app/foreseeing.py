"""An outlook: one customer's next months across all campaigns, on a copy of what is about them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, or_, select

from outreach.app.context import Context
from outreach.app.previewing import Chosen, Preview, messages_for
from outreach.app.simulated import simulated
from outreach.decisions.households import group_of
from outreach.decisions.ruling import Ruling
from outreach.dispatch.held import Held
from outreach.errors import UsageError
from outreach.reports.rows import DecidedRow, decided_rows
from outreach.simulation.span import HOUR, instants
from outreach.store.customers import by_keys
from outreach.store.dialect import is_any_of
from outreach.store.engine import reading
from outreach.store.stages import MAIN, stays
from outreach.store.tables import customers, deliveries
from outreach.vocabulary import Decision

Tell = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One message of a campaign to the customer; instants by the customer's own clock.

    `at`: when it goes; None where it is withheld, for `reason`. `until`: what it was put off to.
    """

    planned_at: datetime
    at: datetime | None
    campaign: str
    step: str
    channel: str
    decision: Decision
    reason: str
    until: datetime | None
    state: str
    subject: str  # of a mail, or a task's title
    text: str  # as it will be read; "" where it is withheld
    problem: str  # why it can not be rendered


@dataclass(frozen=True, slots=True)
class Turn:
    """The customer comes to another stage."""

    at: datetime
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """What comes to one customer in a span, in order; `timezone` is of all instants in it."""

    key: str
    start: datetime
    end: datetime
    timezone: str
    messages: list[Foreseen]
    stages: list[Turn]

    @property
    def arriving(self) -> list[Foreseen]:
        """What goes, in the order in which it goes."""
        return sorted(
            (each for each in self.messages if each.at is not None),
            key=lambda each: each.at or each.planned_at,
        )


def foresee(context: Context, key: str, days: int, tell: Tell = lambda _: None) -> Outlook:
    """What the coming days bring to a customer; nothing is written or sent.

    `tell` hears how many hours are done.

    Only they and those who share their addresses are looked at, so what depends on everyone (a
    budget, a brake) is not foreseen. UsageError where there is no such customer.
    """
    start = context.now()
    with reading(context.engine) as conn:
        id_ = _id_of(conn, key)
        only = _around(conn, id_)
    drawn: dict[int, Preview] = {}

    def draw(there: Context, ruling: Ruling, went: Sequence[Held]) -> None:
        with reading(there.engine) as conn:
            for held in went:
                if held.customer_id == id_:
                    variant = held.variant or ""
                    own = Chosen(id_, held.channel, held.late_at, variant, held.id)
                    for each in messages_for(there, conn, ruling, [own]):
                        drawn[held.id] = each

    with simulated(context, start, only=only, tell=draw) as sim:
        for at in instants(start, start + timedelta(days=days)):
            sim.step(at)
            tell((at - start) // HOUR)
        with reading(sim.context.engine) as conn:
            zone = _zone(context, conn, id_)
            own = sim.since.own & (deliveries.c.customer_id == id_)
            ids = conn.execute(
                select(deliveries.c.id, deliveries.c.sent_at).where(own).order_by(deliveries.c.id)
            )
            rows = zip(ids.all(), decided_rows(conn, only=own), strict=True)
            found = [_foreseen(row, sent_at, drawn.get(of), zone) for (of, sent_at), row in rows]
            moved = stays(conn, id_, MAIN, start + timedelta(days=days), days)
    turns = [
        Turn(each.since.astimezone(zone), each.old or "", each.stage or "")
        for each in reversed(moved)
        if each.since > start
    ]
    end = (start + timedelta(days=days)).astimezone(zone)
    messages = sorted(found, key=lambda each: (each.planned_at, each.campaign, each.step))
    return Outlook(key, start.astimezone(zone), end, str(zone), messages, turns)


def _id_of(conn: Connection, key: str) -> int:
    found = by_keys(conn, [key])
    if key not in found:
        raise UsageError(f"there is no customer `{key}`", "see the keys in the imported file")
    return found[key]


def _around(conn: Connection, id_: int) -> set[int]:
    """The customer, whom shared addresses lead to, and who was merged with any of them."""
    found = group_of(conn, id_)
    c = customers.c
    theirs = is_any_of(conn, c.merged_into, sorted(found))
    kept = select(c.merged_into).where(is_any_of(conn, c.id, sorted(found)))
    merged = select(c.id).where(or_(theirs, c.id.in_(kept)))
    return found | set(conn.execute(merged).scalars())


def _zone(context: Context, conn: Connection, id_: int) -> ZoneInfo:
    known = conn.execute(select(customers.c.timezone).where(customers.c.id == id_)).scalar()
    return ZoneInfo(known or context.company().brand.timezone)


def _foreseen(
    row: DecidedRow, sent_at: datetime | None, drawn: Preview | None, zone: ZoneInfo
) -> Foreseen:
    return Foreseen(
        planned_at=row.planned_at.astimezone(zone),
        at=None if sent_at is None else sent_at.astimezone(zone),
        campaign=row.campaign,
        step=row.step,
        channel=row.channel,
        decision=row.decision,
        reason=row.reason,
        until=None if row.until is None else row.until.astimezone(zone),
        state=row.state,
        subject="" if drawn is None else drawn.subject,
        text="" if drawn is None else drawn.body.replace("\r\n", "\n").strip(),
        problem="" if drawn is None else drawn.problem,
    )
