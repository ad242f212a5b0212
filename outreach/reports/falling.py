"""Messages that failed for good on a channel: which other one took over, or why none did."""

from dataclasses import dataclass

from sqlalchemy import Connection, case, func, select

from outreach.reports.funnel import which
from outreach.store.tables import deliveries, fallbacks


@dataclass(frozen=True, slots=True)
class FellOver:
    """How many messages failed on `channel`; `next` None: no other took over, for `stopped`.

    The next one is the channel on which a message waits, or was tried; what came of it is counted
    among the states.
    """

    channel: str
    next: str | None
    stopped: str | None
    messages: int


def fell_over(
    conn: Connection, campaign: str | None = None, run_id: int | None = None
) -> list[FellOver]:
    """Of one run, of one campaign, or of everything; the most frequent first."""
    d, f, later = deliveries.c, fallbacks.c, fallbacks.alias("later")
    tried = (
        select(later.c.channel)
        .where(later.c.delivery_id == f.delivery_id, later.c.fence > f.fence)
        .order_by(later.c.fence)
        .limit(1)
        .correlate(fallbacks)
        .scalar_subquery()
    )
    to = case((f.stopped.is_(None), func.coalesce(tried, d.channel)))
    rows = select(f.channel, to.label("to"), f.stopped)
    rows = rows.join(deliveries, d.id == f.delivery_id).where(which(campaign, run_id))
    each = rows.subquery().c
    parts, number = (each.channel, each.to, each.stopped), func.count()
    query = select(*parts, number).group_by(*parts).order_by(number.desc(), *parts)
    return [FellOver(*row) for row in conn.execute(query)]
