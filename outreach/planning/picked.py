"""Whether the audience picks one customer at a later instant: one small statement, before the chain."""

from datetime import datetime

from sqlalchemy import Connection, Date, and_, bindparam, not_, select

from outreach.audience.compile import compile_selection
from outreach.audience.names import names_in
from outreach.audience.row import Row
from outreach.decisions.localities import Locality
from outreach.decisions.ruling import Ruling
from outreach.store.marks import facts_for
from outreach.store.tables import customers
from outreach.store.types import Instant

_AT, _TODAY = bindparam("at", type_=Instant()), bindparam("today", type_=Date())


class Picked:
    """Asks `audience` and `exclude` alone about a customer, by what is known at `now`."""

    def __init__(
        self, conn: Connection, ruling: Ruling, customer_id: int, place: Locality, now: datetime
    ) -> None:
        self._conn = conn
        self._zone = ruling.grid.calendar_zone(place)
        self._now = now
        campaign = ruling.campaign
        stored = facts_for(conn, now, customer_id) == "stored"
        self._is_asked = stored and not campaign.is_journey and campaign.corrects is None
        entered_at = None if campaign.goal is None else _AT
        row = Row(customers.c, _AT, _TODAY, names_in(ruling.company, campaign), entered_at)
        picked = compile_selection(campaign.audience, row)
        if campaign.exclude is not None:
            picked = and_(picked, not_(compile_selection(campaign.exclude, row)))
        self._query = select(picked).where(customers.c.id == customer_id)

    def at(self, at: datetime) -> bool:
        """False: no message then, whatever else is asked; True also where that takes the chain."""
        if not self._is_asked or at < self._now:
            return True
        values = {"at": at, "today": at.astimezone(self._zone).date()}
        return bool(self._conn.execute(self._query, values).scalar_one())
