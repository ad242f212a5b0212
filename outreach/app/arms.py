"""What became of variants, side by side: shares with intervals, and differences to the first."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from outreach.campaign.experiment import Measure
from outreach.campaign.model import Campaign
from outreach.campaign.trials import trial_of
from outreach.reports.arms import Counted, after_winner, counted
from outreach.reports.intervals import Interval, difference, needed, wilson
from outreach.reports.journeys import Reached, goal_reached
from outreach.settings.company import Company
from outreach.store.journey_winners import journey_winner
from outreach.store.tables import campaigns, deliveries
from outreach.store.winners import winner_of

CHANGE = 0.2  # a difference worth knowing: a fifth of the rate
OF_MESSAGES = (Measure.CLICKED, Measure.REPLIED)  # the goal is told by itself
ASSUMED = {Measure.CLICKED: 0.05, Measure.REPLIED: 0.01, Measure.GOAL: 0.02}  # nothing measured yet


@dataclass(frozen=True, slots=True)
class Share:
    """How many of a variant's customers did something, between 0 and 1 of them, with 95 % intervals.

    `difference`: to the first variant; None for that one itself, and where there is nobody.
    """

    reached: int
    rate: float
    low: float
    high: float
    difference: Interval | None
    of: int = 0  # of how many


@dataclass(frozen=True, slots=True)
class Arm:
    """One variant; `sent` is what arrived as far as anybody knows, and is compared: messages.

    `customers` got one of them or more; the shares are of these, each counted once.
    `after_winner`: what went out once the winner had been chosen, which is not. Of `measures` None
    is what nothing counts.
    """

    sent: int
    customers: int
    after_winner: int
    measures: dict[str, Share | None]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The winner of a run's test."""

    variant: str | None  # None: it is to be chosen
    at: datetime


@dataclass(frozen=True, slots=True)
class SampleSize:
    """How many an arm it takes to see a difference of a fifth of the rate, and how many there are."""

    by: Measure
    rate: float
    measured: bool  # in earlier runs; else it is assumed
    needed: int
    smallest: int  # of the arms


def arms_of(
    conn: Connection,
    order: Sequence[str],
    campaign: str | None,
    run_id: int | None,
    *,
    clicks: bool = True,
    step: str | None = None,
    trial: str | None = None,
) -> dict[str, Arm]:
    """The variants of one run, campaign or step, the file's order first; empty where none were sent.

    Without `clicks` nothing counts them now: they are told only where some were counted before.
    `trial`: the present test of a journey, whose winner some got since.
    """
    found = counted(conn, campaign, run_id, step=step)
    later = {} if step is not None else after_winner(conn, campaign, run_id, trial)
    names = _ordered({*found, *later}, order)
    untold = {Measure.CLICKED}
    if clicks or any(each.reached.get(Measure.CLICKED) for each in found.values()):
        untold.clear()
    nobody = Counted(0, 0)
    arms = {}
    for name in names:
        first = found.get(names[0], nobody) if name != names[0] else None
        measures = _measures(found, name, first)
        told = {name: None if name in untold else share for name, share in measures.items()}
        one = found.get(name, nobody)
        arms[name] = Arm(one.sent, one.of, later.get(name, 0), told)
    return arms


def goal_of_arms(order: Sequence[str], arms: Mapping[str, Reached]) -> dict[str, Share]:
    """The goal of each variant, the file's order first, beside that of the first."""
    shares: dict[str, Share] = {}
    first: Interval | None = None
    for name in _ordered(arms.keys(), order):
        one = arms[name]
        own = wilson(one.reached, one.customers)
        if own is not None:
            apart = None if first is None else _rounded(difference(own, first))
            first = first or own
            shares[name] = Share(one.reached, *_three(own), apart, of=one.customers)
    return shares


def _ordered(known: Collection[str], order: Sequence[str]) -> list[str]:
    return [name for name in order if name in known] + sorted(set(known) - set(order))


def _measures(found: Mapping[str, Counted], name: str, first: Counted | None) -> dict[str, Share]:
    one = found.get(name)
    shares = {}
    for measure in OF_MESSAGES if one is not None else ():
        own = _share(one, measure)
        base = _share(first, measure)
        if one is None or own is None:
            continue
        apart = None if base is None else _rounded(difference(own, base))
        shares[measure.value] = Share(one.reached.get(measure, 0), *_three(own), apart, of=one.of)
    return shares


def _share(one: Counted | None, measure: Measure) -> Interval | None:
    return None if one is None else wilson(one.reached.get(measure, 0), one.of)


def _rounded(found: Interval) -> Interval:
    return Interval(*_three(found))


def _three(found: Interval) -> tuple[float, float, float]:
    return round(found.rate, 4), round(found.low, 4), round(found.high, 4)


def chosen_in(conn: Connection, run_id: int) -> Chosen | None:
    """The winner of a run's test; None where it has none."""
    found = winner_of(conn, run_id)
    if found is None:
        return None
    return Chosen(found.variant, found.chosen_at or found.due_at)


def chosen_in_journey(conn: Connection, campaign: Campaign) -> Chosen | None:
    """The same of a journey's test, by its file as it stands; None where none has begun."""
    trial = trial_of(campaign)
    if trial is None:
        return None
    number = conn.execute(select(campaigns.c.id).where(campaigns.c.name == campaign.name)).scalar()
    found = None if number is None else journey_winner(conn, number, trial)
    return None if found is None else Chosen(found.variant, found.chosen_at or found.due_at)


def sample_size(
    conn: Connection,
    campaign: str,
    by: Measure,
    planned: Mapping[str, int],
    arms: int,
    *,
    several: bool = False,
) -> SampleSize | None:
    """What a plan's arms can show, by the rate of the campaign's earlier runs; None of nobody.

    `several`: messages go to each customer, of a journey, by whom its variants are compared.
    """
    d = deliveries.c  # a run has one for each customer
    before = counted(conn, campaign, each=d.customer_id if several else d.id)
    of = sum(each.of for each in before.values())
    reached = sum(each.reached.get(by, 0) for each in before.values())
    return _sample_size(by, reached, of, planned, arms)


def sample_size_of_goal(
    conn: Connection,
    company: Company,
    campaign: Campaign,
    planned: Mapping[str, int],
    now: datetime,
) -> SampleSize | None:
    """The same where the goal decides, by how many of the customers reached it so far."""
    found = goal_reached(conn, company, campaign, now)
    before = [] if found is None else found.arms.values()
    reached, of = sum(each.reached for each in before), sum(each.customers for each in before)
    return _sample_size(Measure.GOAL, reached, of, planned, len(campaign.variants))


def _sample_size(
    by: Measure, reached: int, of: int, planned: Mapping[str, int], arms: int
) -> SampleSize | None:
    if not planned:
        return None
    rate = reached / of if reached else ASSUMED[by]
    smallest = min(planned.values()) if len(planned) == arms else 0
    return SampleSize(by, round(rate, 4), bool(reached), needed(rate, CHANGE), smallest)
