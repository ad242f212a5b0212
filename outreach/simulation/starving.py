"""Who takes whose place: messages that cadence left out, and the campaigns that filled the windows."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, FromClause, and_, func, or_, select, true

from outreach.campaign.model import Campaign
from outreach.decisions.grid import applicable_caps
from outreach.decisions.verdict import CADENCE
from outreach.settings.company import Company
from outreach.simulation.counting import Since
from outreach.spans import Cap, Per, PerKind
from outreach.store.dialect import shift
from outreach.store.sources import named
from outreach.store.tables import campaigns, deliveries, runs
from outreach.vocabulary import Reason, State

STEP = timedelta(hours=1)  # a message is decided up to so long after its instant
_DAYS = {PerKind.DAY: 1, PerKind.WEEK: 7, PerKind.MONTH: 31}


@dataclass(frozen=True, slots=True)
class Starved:
    """So many customers did not hear from `campaign`, having heard, or to hear, from `by`."""

    campaign: str
    by: str
    customers: int


def starved(
    conn: Connection, since: Since, project: Mapping[str, Campaign], company: Company
) -> list[Starved]:
    """Whom cadence starved, by whom, the most customers first; what was ordered takes nobody's place."""
    ordered = [name for name, topic in company.topics.items() if topic.transactional]
    known = conn.execute(select(campaigns.c.id, campaigns.c.name)).all()
    found = [
        each
        for id_, name in known
        if name in project
        for each in _of(conn, since, id_, name, applicable_caps(project[name], company), ordered)
    ]
    return sorted(found, key=lambda each: (-each.customers, each.campaign, each.by))


def _of(
    conn: Connection,
    since: Since,
    campaign_id: int,
    name: str,
    caps: Iterable[Cap],
    ordered: Collection[str],
) -> list[Starved]:
    theirs, others = deliveries.c, named(deliveries, "other")
    other = others.c
    at = func.coalesce(theirs.claimed_at, theirs.planned_at)
    windows = [_stands_in(others, at, cap) for cap in caps]
    if not windows:
        return []
    many = func.count(theirs.customer_id.distinct()).label("many")
    query = (
        select(campaigns.c.name, many)
        .select_from(deliveries)
        .join(others, other.customer_id == theirs.customer_id)
        .join(campaigns, campaigns.c.id == other.campaign_id)
        .where(
            theirs.run_id.in_(select(runs.c.id).where(runs.c.campaign_id == campaign_id)),
            theirs.state == State.SKIPPED.value,
            theirs.reason.in_([reason.value for reason in CADENCE]),
            since.own,
            other.id != theirs.id,
            other.firm,
            other.topic.not_in(ordered),
            or_(
                theirs.reason == Reason.RESERVED.value,
                other.slot_at <= shift(at, STEP),
            ),
            or_(*windows),
        )
        .group_by(campaigns.c.name)
    )
    return [Starved(name, by, customers) for by, customers in conn.execute(query)]


def _stands_in(others: FromClause, at: ColumnElement[object], cap: Cap) -> ColumnElement[bool]:
    """Whether a touch may stand in the window of a cap around an instant."""
    other = others.c
    width = _width(cap.per)
    return and_(
        other.slot_at > shift(at, -width),
        other.slot_at < shift(at, width),
        true() if cap.channel is None else other.channel == cap.channel,
        true() if cap.topic is None else other.topic == cap.topic,
    )


def _width(per: Per) -> timedelta:
    if per.kind is PerKind.SECONDS:
        return timedelta(seconds=per.length)
    return timedelta(days=_DAYS.get(per.kind, per.length))
