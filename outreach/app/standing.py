"""Why one customer stands in a stage, and where a refresh would leave them."""

from dataclasses import dataclass
from datetime import datetime

from outreach.app.context import Context
from outreach.app.customers import no_customer
from outreach.app.stages import lifecycles_of, no_lifecycle
from outreach.errors import UsageError
from outreach.lifecycle.moving import Keeper, Standing
from outreach.lifecycle.why import RuleAnswer, answers_of, outcome
from outreach.store import stages
from outreach.store.customers import by_keys
from outreach.store.engine import reading
from outreach.store.stages import MAIN, Stay

MOVES_TOLD = 10


@dataclass(frozen=True, slots=True)
class Move:
    """One move in the history; None: from or to no stage."""

    at: datetime
    from_stage: str | None
    to_stage: str | None


@dataclass(frozen=True, slots=True)
class StageExplained:
    """A customer's stage with all that led to it; instants are aware UTC.

    `stage` and `since` as recorded, `said` by the rules at `at`, `next` where a refresh would leave
    the customer. `kept_by` says why that is not `said`, `kept_until` how long `least_days` does.
    """

    key: str
    model: str
    lifecycle: str  # "given": there are no rules
    at: datetime
    stage: str | None
    since: datetime | None
    said: str | None
    next: str | None
    kept_by: Keeper | None
    kept_until: datetime | None
    rules: tuple[RuleAnswer, ...]
    moves: tuple[Move, ...]  # newest first


def why_stage(context: Context, key: str, model: str | None) -> StageExplained:
    """What each rule says of a customer now, and what keeps them where they are; writes nothing.

    `model` is a name under `lifecycles`, None the main one. UsageError where there is no such
    lifecycle or customer.
    """
    name, now = model or MAIN, context.now()
    lifecycles = lifecycles_of(context)
    if name != MAIN and name not in lifecycles.further:
        raise no_lifecycle(name, lifecycles.further)
    lifecycle = lifecycles.main if name == MAIN else lifecycles.further[name]
    with reading(context.engine) as conn:
        id_ = by_keys(conn, [key]).get(key)
        if id_ is None:
            raise no_customer(key)
        history = stages.stays(conn, id_, name, now, MOVES_TOLD)
        rules: tuple[RuleAnswer, ...] | None = ()
        if lifecycle is not None:
            rules = answers_of(conn, context.company(), lifecycle, id_, now)
    if rules is None:
        raise UsageError(f"the customer `{key}` was erased or merged", "they are in no stage")
    last = history[0] if history else Stay(None, None, now)
    since = last.since if history else None
    moves = tuple(Move(each.since, each.old, each.stage) for each in history)
    if lifecycle is None:
        stage = last.stage
        return StageExplained(
            key, name, "given", now, stage, since, stage, stage, None, None, (), moves
        )
    found = outcome(lifecycle, Standing(last.stage, since), rules, now)
    return StageExplained(
        key, name, lifecycle.name, now, last.stage, since, found.said, found.stage,
        found.keeper, found.until, rules, moves,
    )  # fmt: skip
