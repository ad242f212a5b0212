"""How long rows of dead workers wait until somebody claims them again."""

import time
from collections.abc import Sequence

from sqlalchemy import Engine, select

from outreach.store.dialect import is_any_of
from outreach.store.engine import reading
from outreach.store.tables import deliveries

LOOK_EVERY_SECONDS = 0.5
d = deliveries.c


class Reclaims:
    """Rows that were claimed by workers when these died, watched until each is claimed again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._looked = 0.0
        self.waiting: dict[int, tuple[int, float]] = {}  # by id: its fence, when its worker died
        self.longest_seconds = 0.0
        self.rows = 0

    def watch(self, worker_ids: Sequence[int]) -> None:
        """Watch what these workers, who have just died, had claimed."""
        died_at = time.monotonic()
        with reading(self._engine) as conn:
            theirs = is_any_of(conn, d.worker_id, sorted(worker_ids))
            held = conn.execute(select(d.id, d.fence).where(theirs, d.state == "claimed")).all()
        self.rows += len(held)
        self.waiting.update({row.id: (row.fence, died_at) for row in held})

    def begin_anew(self) -> None:
        """Count from now on: until now there was nobody who could have claimed anything."""
        now = time.monotonic()
        self.waiting = {id_: (fence, now) for id_, (fence, _) in self.waiting.items()}

    def look(self) -> None:
        """Let go of those that were claimed again, or came to an end otherwise."""
        now = time.monotonic()
        if not self.waiting or now < self._looked + LOOK_EVERY_SECONDS:
            return
        self._looked = now
        with reading(self._engine) as conn:
            mine = is_any_of(conn, d.id, sorted(self.waiting))
            rows = conn.execute(select(d.id, d.fence, d.state).where(mine)).all()
        for row in rows:
            fence, died_at = self.waiting[row.id]
            if row.fence > fence or row.state not in ("claimed", "due"):
                self.longest_seconds = max(self.longest_seconds, now - died_at)
                del self.waiting[row.id]
