"""What dispatch asks of rules and templates: three questions, each for a batch."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection, Engine

from outreach.decisions.ruling import Ruling
from outreach.decisions.verdict import Verdict
from outreach.dispatch.held import Held, Ready


class Rulebook(Protocol):
    """The rules and templates of a project, as they stand in the database."""

    def ruling(self, conn: Connection, revision_id: int, step: str | None = None) -> Ruling:
        """What decides about one message of a campaign's revision, with the present rules.

        `step` None: its first.
        """
        ...

    def recheck(
        self,
        conn: Connection,
        ruling: Ruling,
        run_id: int,
        run_at: datetime,
        delivery_ids: Sequence[int],
        now: datetime,
    ) -> Mapping[int, Verdict]:
        """The chain's present verdict on each delivery, by id, in a statement of its own."""
        ...

    def write(
        self, engine: Engine, ruling: Ruling, held: Sequence[Held], now: datetime
    ) -> list[Ready]:
        """The messages of claimed deliveries; what can not be rendered is left out."""
        ...
