"""Looks at a fleet's deliveries after each step: what GUARANTEES say of them holds."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from fleet import Fleet
from fleet_base import CAP, WINDOW
from sqlalchemy import Row, select

from outreach.store.engine import reading
from outreach.store.tables import attempts, deliveries, runs, workers
from outreach.vocabulary import TOUCH_STATES

# docs/guarantees.md «States of a delivery», arrow by arrow; one transaction may take several.
ARROWS: dict[str, set[str]] = {
    "due": {"claimed", "held", "skipped", "expired", "cancelled", "sent"},
    "held": {"due", "claimed", "skipped", "expired", "cancelled"},
    "claimed": {"due", "handing", "failed", "cancelled"},
    "handing": {"due", "sent", "unknown", "failed", "expired", "cancelled"},
    "unknown": {"due", "sent", "failed", "expired", "cancelled"},
    "sent": {"failed", "delivered", "bounced", "complained"},
    "failed": {"delivered", "bounced", "complained"},  # receipts may come in any order
    "delivered": {"bounced", "complained"},
    "bounced": {"complained"},
}
BEFORE = {"due", "held", "claimed", "handing", "unknown"}
PROVEN = {"sent", "failed", "delivered", "bounced", "complained"}  # by a receipt, from any before


class Watch:
    """What was so before, what the provider told since, and what must hold now."""

    def __init__(self, fleet: Fleet, seen: Counter[tuple[str, str]]) -> None:
        """`seen` counts the arrows that were taken."""
        self.fleet = fleet
        self.seen = seen
        self.before: dict[int, Row[Any]] = {}
        self.receipts: set[int] = set()  # ids of deliveries that a receipt came for
        self.returned: set[int] = set()  # of them those that did not reach anyone
        self.freed: set[int] = set()  # said so once: what was sent since then is no fault of ours

    def told(self, id_: int, moved: Mapping[int, str]) -> None:
        """Take note of a receipt, and of what it moved."""
        self.receipts.add(id_)
        for each, state in moved.items():
            self.returned.discard(each)
            if state in ("failed", "bounced"):
                self.returned.add(each)
                self.freed.add(each)

    def look(self) -> None:
        """Fail where something does not hold."""
        with reading(self.fleet.engine) as conn:
            rows = {row.id: row for row in conn.execute(select(deliveries))}
            found = conn.execute(select(runs.c.id, runs.c.planned, runs.c.state)).all()
            told = Counter(conn.execute(select(attempts.c.delivery_id, attempts.c.fence)).all())
        assert all(count == 1 for count in told.values()), "an answer is counted twice"
        planned = Counter({row.id: row.planned for row in found})
        assert Counter(row.run_id for row in rows.values()) == planned
        for id_, was in self.before.items():
            self._is_not_lowered(was, rows[id_])
        self._slots_stand_for_touches(rows)
        self._nobody_got_more_than_allowed()
        waiting = {row.run_id for row in rows.values() if row.ready}
        ended = {row.id for row in found if row.state in ("cancelled", "done")}
        assert not waiting & ended, "something waits in a run that has ended"
        self.before = rows

    def swept(self) -> None:
        """Fail where the dead still hold something, or what they handed over is taken for unsent."""
        dead = select(workers.c.id).where(workers.c.swept_at.is_not(None))
        with reading(self.fleet.engine) as conn:
            gone = set(conn.execute(dead).scalars())
            rows = {row.id: row for row in conn.execute(select(deliveries))}
        assert not gone & {row.worker_id for row in rows.values()}
        for was in self.before.values():
            if was.state == "handing" and was.worker_id in gone:
                again = was.topic == "orders" and rows[was.id].state in ("due", "cancelled")
                assert rows[was.id].state == "unknown" or again

    def _is_not_lowered(self, was: Row[Any], now: Row[Any]) -> None:
        assert now.fence >= was.fence
        assert now.fence == was.fence or now.state == "claimed"
        if now.state != was.state:
            self.seen[was.state, now.state] += 1
            proven = now.id in self.receipts and was.state in BEFORE and now.state in PROVEN
            in_doubt = was.doubt and now.state == "unknown"  # not sent again after all
            drawn = now.state in ARROWS.get(was.state, set())
            assert proven or in_doubt or drawn, f"{was.state} -> {now.state}"

    def _slots_stand_for_touches(self, rows: dict[int, Row[Any]]) -> None:
        """A slot is free only when it is certain that nothing went out."""
        out = {one.id for one in self.fleet.taken} - self.returned
        for row in rows.values():
            assert (row.state in ("claimed", "handing")) == (row.worker_id is not None)
            asked_for = row.topic == "orders"  # such messages have no cap
            if row.state in TOUCH_STATES or (row.id in out and not asked_for):
                assert row.slot_at is not None
                assert row.firm

    def _nobody_got_more_than_allowed(self) -> None:
        taken = self.fleet.taken
        got = Counter(one.id for one in taken)
        for one in taken:
            asked_for = one.topic == "orders"
            assert got[one.id] <= 1 + (self.fleet.doubts.get(one.id, 0) if asked_for else 0)
            window = [
                other.id for other in taken
                if other.address == one.address and other.topic != "orders"
                and other.id not in self.freed and one.at - WINDOW < other.at <= one.at
            ]  # fmt: skip
            assert asked_for or len(window) <= CAP
