"""Where customers stand in their lifecycle: brought up to date, counted, their moves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from outreach.app.context import Context
from outreach.app.project import save_rules
from outreach.errors import ProblemsFound
from outreach.lifecycle.load import load_lifecycle
from outreach.lifecycle.model import Lifecycle
from outreach.lifecycle.refresh import refresh
from outreach.store import stages
from outreach.store.engine import reading

LOOK_BACK = timedelta(days=30)
Move = tuple[str | None, str | None]  # from, to


@dataclass(frozen=True, slots=True)
class Standing:
    """Customers by stage in the lifecycle's order, and how many moved.

    Who stands in none comes last, as "".
    """

    counts: dict[str, int]
    moves: dict[Move, int]
    lifecycle: Lifecycle | None  # None: stages are given


def lifecycle_of(context: Context) -> Lifecycle | None:
    """The lifecycle in force; None where stages are given. ProblemsFound where it is at fault."""
    found, problems = load_lifecycle(context.company(), context.files.contents)
    if problems:
        raise ProblemsFound(problems)
    return found


def refresh_stages(
    context: Context,
    progress: Callable[[int], None] | None = None,
    at: datetime | None = None,
) -> Standing:
    """Bring everyone's facts and stages up to now; who stands where then, and who moved.

    `at`: up to an earlier instant, which moves carry; who has newer ones keeps them.
    """
    lifecycle = lifecycle_of(context)
    save_rules(context)
    now = context.now()
    found = refresh(
        context.engine,
        context.company(),
        lifecycle,
        now if at is None else at,
        progress=progress,
        present=None if at is None else now,
    )
    return Standing(_ordered(found.counts, lifecycle), found.moves, lifecycle)


def refresh_touched(
    context: Context,
    customer_ids: Sequence[int] | None,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Bring facts and stages of some customers up to now; None: of everyone."""
    if customer_ids is None or len(customer_ids) > 0:
        company, lifecycle = context.company(), lifecycle_of(context)
        refresh(context.engine, company, lifecycle, context.now(), customer_ids, progress)


def stages_now(context: Context) -> Standing:
    """Who stands where as last refreshed, and the moves of the last 30 days."""
    lifecycle, now = lifecycle_of(context), context.now()
    with reading(context.engine) as conn:
        counts = stages.distribution(conn)
        moves = stages.moves(conn, now - LOOK_BACK, now)
    return Standing(_ordered(counts, lifecycle), moves, lifecycle)


def _ordered(counts: dict[str | None, int], lifecycle: Lifecycle | None) -> dict[str, int]:
    ids = [] if lifecycle is None else lifecycle.ids
    known = {stage: counts.get(stage, 0) for stage in ids}
    others = {stage: n for stage, n in counts.items() if stage and stage not in known}
    nowhere = {"": counts[None]} if counts.get(None) else {}
    return {**known, **others, **nowhere}
