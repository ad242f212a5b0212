"""Where customers stand in their lifecycle: brought up to date, counted, their moves."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from outreach.app.context import Context
from outreach.app.project import save_rules
from outreach.documents import did_you_mean
from outreach.errors import ProblemsFound, UsageError
from outreach.lifecycle.load import load_lifecycles
from outreach.lifecycle.model import Lifecycle, Lifecycles
from outreach.lifecycle.refresh import Refreshed, refresh
from outreach.store import stages
from outreach.store.engine import reading
from outreach.store.stages import MAIN

LOOK_BACK = timedelta(days=30)
Move = tuple[str | None, str | None]  # from, to


@dataclass(frozen=True, slots=True)
class Standing:
    """Customers by stage in the lifecycle's order, and how many moved.

    Who stands in none comes last, as "". `further` holds the same of each further lifecycle.
    """

    counts: dict[str, int]
    moves: dict[Move, int]
    lifecycle: Lifecycle | None  # None: stages are given
    further: dict[str, "Standing"] = field(default_factory=dict)

    def of(self, model: str | None) -> "Standing":
        """What is told of one lifecycle, by its name under `lifecycles`; None: the main one.

        UsageError where there is none of that name.
        """
        if model is None or model == MAIN:
            return self
        if model not in self.further:
            raise no_lifecycle(model, self.further)
        return self.further[model]


def lifecycles_of(context: Context) -> Lifecycles:
    """The lifecycles in force. ProblemsFound where one is at fault."""
    found, problems = load_lifecycles(context.company(), context.files.contents)
    if problems:
        raise ProblemsFound(problems)
    return found


def no_lifecycle(name: str, known: Iterable[str]) -> UsageError:
    """The error for a name that is not under `lifecycles`."""
    hint = did_you_mean(name, [MAIN, *known], listing="there are")
    return UsageError(f"there is no `{name}` under `lifecycles`", hint)


def refresh_stages(
    context: Context,
    progress: Callable[[int], None] | None = None,
    at: datetime | None = None,
    *,
    stored: bool = False,
) -> Standing:
    """Bring everyone's facts and stages up to now; who stands where then, and who moved.

    `at`: up to an earlier instant, which moves carry; who has newer ones keeps them. `stored`: all
    stored facts are as of then.
    """
    lifecycles = lifecycles_of(context)
    save_rules(context)
    now = context.now()
    found = refresh(
        context.engine,
        context.company(),
        lifecycles.main,
        now if at is None else at,
        progress=progress,
        present=None if at is None else now,
        further=lifecycles.further,
        stored=stored,
    )
    return _told(lifecycles, found)


def refresh_touched(
    context: Context,
    customer_ids: Sequence[int] | None,
    progress: Callable[[int], None] | None = None,
    at: datetime | None = None,
) -> None:
    """Bring facts and stages of some customers up to now; None: of everyone. `at`: as above."""
    if customer_ids is None or len(customer_ids) > 0:
        company, lifecycles = context.company(), lifecycles_of(context)
        now, further = context.now(), lifecycles.further
        engine, main, present = context.engine, lifecycles.main, None if at is None else now
        refresh(engine, company, main, at or now, customer_ids, progress, present, further)


def stages_now(context: Context) -> Standing:
    """Who stands where as last refreshed, and the moves of the last 30 days."""
    lifecycles, now = lifecycles_of(context), context.now()
    with reading(context.engine) as conn:
        found = {
            name: Refreshed(
                stages.distribution(conn, name), stages.moves(conn, now - LOOK_BACK, now, name)
            )
            for name in (MAIN, *lifecycles.further)
        }
    main = found.pop(MAIN)
    return _told(lifecycles, Refreshed(main.counts, main.moves, found))


def _told(lifecycles: Lifecycles, found: Refreshed) -> Standing:
    further = {
        name: Standing(_ordered(each.counts, lifecycle), each.moves, lifecycle)
        for name, lifecycle in lifecycles.further.items()
        for each in [found.further[name]]
    }
    counts = _ordered(found.counts, lifecycles.main)
    return Standing(counts, found.moves, lifecycles.main, further)


def _ordered(counts: dict[str | None, int], lifecycle: Lifecycle | None) -> dict[str, int]:
    ids = [] if lifecycle is None else lifecycle.ids
    known = {stage: counts.get(stage, 0) for stage in ids}
    others = {stage: n for stage, n in counts.items() if stage and stage not in known}
    nowhere = {"": counts[None]} if counts.get(None) else {}
    return {**known, **others, **nowhere}
