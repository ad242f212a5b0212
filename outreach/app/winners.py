"""Winners of tests that are due: counted, chosen once a run or journey, and written down."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from outreach.app.context import Context
from outreach.campaign.experiment import Measure, Variant
from outreach.decisions.ruling import Ruling
from outreach.errors import OutreachError
from outreach.logger import Logger
from outreach.reports.arms import Counted, counted, first_sent
from outreach.reports.intervals import difference, wilson
from outreach.reports.journeys import goal_reached
from outreach.store.engine import reading, writing
from outreach.store.journal import record
from outreach.store.journey_winners import Trial, choose_in_journey, put_off, trials_due
from outreach.store.winners import choose, to_be_chosen

log = Logger(__name__)
SCHEDULER = "scheduler"


def choose_winners(context: Context) -> bool:
    """Choose the winner of every test whose time has come; whether there was any.

    Of several schedulers one chooses; a test whose rules are at fault is told, and waits.
    """
    now = context.now()
    with reading(context.engine) as conn:
        of_runs, of_journeys = to_be_chosen(conn, now), trials_due(conn, now)
    chosen = [
        *(_choose_in_run(context, *each, now) for each in of_runs),
        *(_choose_in_journey(context, each, now) for each in of_journeys),
    ]
    return any(chosen)


def _choose_in_run(context: Context, run_id: int, revision_id: int, now: datetime) -> bool:
    found = _found(context, revision_id, now, run_id=run_id)
    if found is None:
        return False
    with writing(context.engine) as conn:  # counted before: nobody waits for that
        if not choose(conn, run_id, found.name, now, found.told):
            return False
        record(conn, now, SCHEDULER, "winner chosen", run_id, variant=found.name, arms=found.told)
    log.info("winner chosen", run=run_id, variant=found.name)
    return True


def _choose_in_journey(context: Context, trial: Trial, now: datetime) -> bool:
    """Choose it, unless its first message went out later than was expected, or did not yet."""
    if (due_at := _due_at(context, trial, now)) is None:
        return False
    if due_at > now:
        with writing(context.engine) as conn:
            put_off(conn, trial, due_at)
        return False
    found = _found(context, trial.revision_id, now, trial=trial.trial)
    if found is None:
        return False
    campaign = found.campaign
    with writing(context.engine) as conn:
        if not choose_in_journey(conn, trial, found.name, now, found.told):
            return False
        record(conn, now, SCHEDULER, "winner chosen", campaign, variant=found.name, arms=found.told)
    log.info("winner chosen", campaign=campaign, variant=found.name)
    return True


def _due_at(context: Context, trial: Trial, now: datetime) -> datetime | None:
    """When the winner is to be chosen, by what was sent; None where the rules are at fault."""
    try:
        with reading(context.engine) as conn:
            winner = context.rulings.load(conn, trial.revision_id).campaign.winner
            first = first_sent(conn, trial)
    except OutreachError as error:
        log.error("winner can not be chosen", revision=trial.revision_id, why=str(error))
        return None
    return None if winner is None else (first or now) + winner.after


@dataclass(frozen=True, slots=True)
class _Better:
    """The variant that did better, and by which counts."""

    campaign: str
    name: str
    told: dict[str, Any]


def _found(
    context: Context, revision_id: int, now: datetime,
    *, run_id: int | None = None, trial: str | None = None,
) -> _Better | None:  # fmt: skip
    """Of a run or of a journey's test; None where the rules are at fault."""
    try:
        with reading(context.engine) as conn:
            ruling = context.rulings.load(conn, revision_id)
            arms = _arms(conn, ruling, now, run_id, trial)
    except OutreachError as error:
        log.error("winner can not be chosen", revision=revision_id, run=run_id, why=str(error))
        return None
    campaign = ruling.campaign
    if campaign.winner is None:
        return None
    name = better(campaign.variants, arms, campaign.winner.by)
    return _Better(campaign.name, name, {variant: asdict(each) for variant, each in arms.items()})


def _arms(
    conn: Connection, ruling: Ruling, now: datetime, run_id: int | None, trial: str | None
) -> Mapping[str, Counted]:
    """What became of a test's variants up to now; where the goal decides also who reached it."""
    campaign = ruling.campaign
    name = campaign.name if run_id is None else None
    arms = counted(conn, name, run_id, until=now, trial=trial)
    if campaign.winner is None or campaign.winner.by is not Measure.GOAL:
        return arms
    found = goal_reached(conn, ruling.company, campaign, now, run_id=run_id, trial=trial)
    reached = {} if found is None else {arm: each.reached for arm, each in found.arms.items()}
    return {
        arm: replace(each, reached={**each.reached, Measure.GOAL: reached.get(arm, 0)})
        for arm, each in arms.items()
    }


def better(variants: tuple[Variant, ...], arms: Mapping[str, Counted], by: Measure) -> str:
    """The variant with the largest share of those that are clearly better than the first one.

    Clearly: the interval of the difference lies above 0. Else the first one.
    """
    first, *others = [each.name for each in variants]
    shares = {name: wilson(each.reached.get(by, 0), each.of) for name, each in arms.items()}
    base, best = shares.get(first), first
    for name in others:
        own, leading = shares.get(name), shares.get(best)
        if base is None or own is None or difference(own, base).low <= 0:
            continue
        if best == first or leading is None or own.rate > leading.rate:
            best = name
    return best
