"""Where a customer goes from a stage: what the rules say, and what keeps them from it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from outreach.lifecycle.model import Lifecycle, Stage


class Keeper(StrEnum):
    """What keeps a customer from the stage that the rules say."""

    LEAST_DAYS = "least_days"  # she has not been in her stage for long enough
    MOVES = "moves"  # the model allows no such move
    HIGH_WATER = "high_water"  # it stands before hers


@dataclass(frozen=True, slots=True)
class Standing:
    """A stage and since when; None: in none, or never placed."""

    stage: str | None
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Answers:
    """What the rules say of one customer: bit n is about the n-th of the model's `rules`."""

    holds: int
    unless: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The stage that a customer is in, and what keeps them from the one that the rules say."""

    stage: str | None
    said: str | None
    keeper: Keeper | None = None
    until: datetime | None = None  # of `least_days`: the first instant at which it keeps nobody


def go(model: Lifecycle, old: Standing, answers: Answers, now: datetime) -> Outcome:
    """Where a customer stands at `now` who stood somewhere before.

    She goes to the first stage whose rule holds and that may be entered from hers, and from there
    on, until there is none before it: so a second look at the same instant changes nothing.
    Where no rule that holds can be followed she stays. A stage that the model does not have (it
    had another name, or was of another model) binds nobody.
    """
    holding = _chosen(model, answers.holds)
    said = holding[0].id if holding else None
    here = old if old.stage in model.ids else Standing(None, None)
    for _ in range(len(model.stages) + 1):  # each step leads up in the order of evaluation
        until = _kept_until(model, here, answers, now)
        if until is not None and here.stage != said:
            return Outcome(here.stage, said, Keeper.LEAST_DAYS, until)
        target = next((each.id for each in holding if may_go(model, here.stage, each.id)), None)
        if target is None and (holding or here.stage in model.moves or model.high_water):
            target = here.stage
        if target == here.stage:
            break
        here = Standing(target, now)
    if here.stage == said:
        return Outcome(said, said)
    return Outcome(here.stage, said, _keeper(model, here.stage, said))


def may_go(model: Lifecycle, old: str | None, new: str) -> bool:
    """Whether a customer may go from a stage of the model to another; to stay is always allowed."""
    if old is None or old == new:
        return True
    if model.high_water and model.ids.index(new) < model.ids.index(old):
        return False
    return old not in model.moves or new in model.moves[old]


def _chosen(model: Lifecycle, bits: int) -> list[Stage]:
    return [stage for place, stage in enumerate(model.rules) if bits >> place & 1]


def _kept_until(
    model: Lifecycle, here: Standing, answers: Answers, now: datetime
) -> datetime | None:
    """Until when `least_days` keeps a customer; None where it does not."""
    if here.stage is None or here.since is None:
        return None
    place = next(n for n, stage in enumerate(model.rules) if stage.id == here.stage)
    least = model.rules[place].least
    if not least or answers.unless >> place & 1:
        return None
    until = here.since + least
    return until if now < until else None


def _keeper(model: Lifecycle, here: str | None, said: str | None) -> Keeper:
    if not model.high_water or here is None:
        return Keeper.MOVES
    back = said is None or model.ids.index(said) < model.ids.index(here)
    return Keeper.HIGH_WATER if back else Keeper.MOVES
