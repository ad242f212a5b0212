"""How customers move between stages over a span."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection, select

from outreach.simulation.counting import Since
from outreach.store import stages
from outreach.store.stages import MAIN
from outreach.store.tables import stage_changes


@dataclass(frozen=True, slots=True)
class Moved:
    """So many customers moved from one stage to another; "" is none."""

    old: str
    new: str
    customers: int


@dataclass(frozen=True, slots=True)
class Drift:
    """Customers by stage at both ends of a span, and the moves between."""

    before: dict[str, int]
    after: dict[str, int]
    moves: list[Moved]


def drift(conn: Connection, since: Since) -> dict[str, Drift]:
    """By lifecycle; what it was before follows from what it is and the moves.

    Those of the first look too, by which a base is brought up to date that was not refreshed lately.
    """
    changed = stage_changes.c.model
    models = conn.execute(select(changed).distinct().order_by(changed)).scalars()
    return {name: _drift(conn, name, since) for name in dict.fromkeys([MAIN, *models])}


def _drift(conn: Connection, model: str, since: Since) -> Drift:
    after = Counter({_named(stage): n for stage, n in stages.distribution(conn, model).items()})
    before, moves = Counter(after), []
    for (old, new), number in sorted(
        stages.moves_behind(conn, since.last_move, model).items(),
        key=lambda each: (-each[1], str(each[0])),
    ):
        before[_named(old)] += number
        before[_named(new)] -= number
        moves.append(Moved(_named(old), _named(new), number))
    return Drift(_sorted(before), _sorted(after), moves)


def _named(stage: str | None) -> str:
    return stage or ""


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return {stage: n for stage, n in sorted(counts.items()) if n}
