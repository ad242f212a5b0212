"""Winners of tests that are due: counted, chosen once a run, and written down."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import Connection

from outreach.app.context import Context
from outreach.campaign.experiment import Measure, Variant
from outreach.decisions.ruling import Ruling
from outreach.errors import OutreachError
from outreach.logger import Logger
from outreach.reports.arms import Counted, counted
from outreach.reports.intervals import difference, wilson
from outreach.reports.journeys import goal_reached
from outreach.store.engine import reading, writing
from outreach.store.journal import record
from outreach.store.winners import choose, to_be_chosen

log = Logger(__name__)
SCHEDULER = "scheduler"


def choose_winners(context: Context) -> bool:
    """Choose the winner of every test whose time has come; whether there was any.

    Of several schedulers one chooses; a run whose rules are at fault is told, and waits.
    """
    with reading(context.engine) as conn:
        due = to_be_chosen(conn, context.now())
    chosen = [_choose(context, run_id, revision_id) for run_id, revision_id in due]
    return any(chosen)


def _choose(context: Context, run_id: int, revision_id: int) -> bool:
    now = context.now()
    try:
        with reading(context.engine) as conn:
            ruling = context.rulings.load(conn, revision_id)
            arms = _arms(conn, ruling, run_id, now)
    except OutreachError as error:
        log.error("winner can not be chosen", run=run_id, why=str(error))
        return False
    winner = ruling.campaign.winner
    if winner is None:
        return False
    name = better(ruling.campaign.variants, arms, winner.by)
    told = {variant: asdict(each) for variant, each in arms.items()}
    with writing(context.engine) as conn:  # counted before: nobody waits for that
        if not choose(conn, run_id, name, now, told):
            return False
        record(conn, now, SCHEDULER, "winner chosen", run_id, variant=name, arms=told)
    log.info("winner chosen", run=run_id, variant=name)
    return True


def _arms(conn: Connection, ruling: Ruling, run_id: int, now: datetime) -> Mapping[str, Counted]:
    """What became of a run's variants up to now; where the goal decides also who reached it."""
    campaign, arms = ruling.campaign, counted(conn, run_id=run_id, until=now)
    if campaign.winner is None or campaign.winner.by is not Measure.GOAL:
        return arms
    found = goal_reached(conn, ruling.company, campaign, now, run_id)
    reached = {} if found is None else {name: each.reached for name, each in found.arms.items()}
    return {
        name: replace(each, reached={**each.reached, Measure.GOAL: reached.get(name, 0)})
        for name, each in arms.items()
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
