"""Simulate: every campaign over the coming days, on a copy of the base; nothing else changes."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from outreach.app.context import Context, read_span
from outreach.app.copy_asked import Said, ask_copy
from outreach.app.planning import Cost
from outreach.app.simulated import Simulated, simulated
from outreach.app.stages import lifecycles_of
from outreach.errors import ProblemsFound, UsageError
from outreach.reports.rows import check_place, decided_rows, write_rows
from outreach.simulation.assumptions import KINDS, Assumptions
from outreach.simulation.assumptions_file import read_assumptions
from outreach.simulation.counting import Counted, Forgotten, Pestered, Touches
from outreach.simulation.drift import Drift
from outreach.simulation.load import Load, busy_hours
from outreach.simulation.pictures import calendar, histogram
from outreach.simulation.silent import Looks, begun, silent
from outreach.simulation.span import HOUR, instants
from outreach.simulation.starving import Starved
from outreach.simulation.tasks import GivenOut
from outreach.store.engine import reading
from outreach.store.memory import share_arenas
from outreach.vocabulary import Status

LEAST, DAY = timedelta(minutes=1), timedelta(days=1)  # between two looks
Tell = Callable[[int], None]
HANDS = 2  # that work out what a copy is asked


@dataclass(frozen=True, slots=True)
class OfCampaign:
    """One campaign on one day: what went, what was put off, what was left out and why."""

    send: int
    hold: int
    skip: dict[str, int]
    channels: dict[str, int]  # of those that went


@dataclass(frozen=True, slots=True)
class Day:
    """One day in company time."""

    date: date
    campaigns: dict[str, OfCampaign]

    @property
    def send(self) -> int:
        """How many messages went."""
        return sum(each.send for each in self.campaigns.values())


@dataclass(frozen=True, slots=True)
class Spread:
    """Touches of a customer over the whole span, those of nobody's counted as 0."""

    median: float
    p95: int
    max: int
    histogram: dict[int, int]  # customers by touches


@dataclass(frozen=True, slots=True)
class Simulation:
    """What would come of the days from `start` on; every day of them is there."""

    start: datetime
    end: datetime
    timezone: str  # company time
    seed: int
    customers: int
    days: list[Day]
    cost: Cost
    touches: Spread
    starved: list[Starved]
    unreached: int
    channels: dict[str, int]
    hours: Sequence[int]  # messages by hour of the day in company time
    load: list[Load]
    stages: dict[str, Drift]
    deeds: dict[str, int]  # what customers did, as assumed; empty where nothing is
    silent: dict[str, str]  # active campaigns of which nothing came, and what they wait for
    tasks: list[GivenOut]
    pestered: list[Pestered]
    forgotten: list[Forgotten]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be simulated; `every` is how far apart the looks at the clock are."""

    days: int = 30
    seed: int = 0
    every: timedelta = HOUR
    rows_to: Path | None = None
    assume: Path | None = None  # a file of assumptions; None: nobody does anything


def simulate(context: Context, asked: Asked, tell: Tell = lambda _: None) -> Simulation:
    """Simulate the coming days; `tell` hears how many hours are done.

    ProblemsFound where the company's rules or the assumptions are at fault, UsageError where
    rows have no place.
    """
    if asked.rows_to is not None:
        check_place(asked.rows_to)
    share_arenas()
    context.engine.dispose()  # what its connections have mapped of the base stays until they end
    start = context.now()
    end = start + timedelta(days=asked.days)
    assumptions = None if asked.assume is None else assumptions_in(context, asked.assume)
    tell(0)  # to copy a large base takes a while
    with simulated(context, start, assumptions, asked.seed) as sim:
        last = start
        for at in instants(start, end, asked.every):
            sim.step(at)
            tell((at - start) // HOUR)
            last = at
        with ThreadPoolExecutor(HANDS, "report") as pool:
            said = ask_copy(sim, pool, start, asked.every)
            if asked.rows_to is not None:  # meanwhile: the answers are worked out by the database
                with reading(sim.context.engine) as conn:
                    write_rows(asked.rows_to, decided_rows(conn, only=sim.since.own))
            return _simulation(sim, said, asked, Looks(start, last, end))


def assumptions_in(context: Context, path: Path) -> Assumptions:
    """The assumptions in a file. ProblemsFound with all of its problems, UsageError: there is none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"`{path}` can not be read: {error.strerror}"
        raise UsageError(message, "name a file of assumptions: docs/simulating.md") from error
    model = lifecycles_of(context).main
    found, problems = read_assumptions(str(path), content, () if model is None else model.ids)
    if found is None:
        raise ProblemsFound(problems)
    return found


def _simulation(sim: Simulated, said: Said, asked: Asked, looks: Looks) -> Simulation:
    brand = sim.context.company().brand
    zone, counted, touches = ZoneInfo(brand.timezone), said.counted.result(), said.touches.result()
    gone = [each for each in counted if each.outcome == "send"]
    return Simulation(
        start=looks.first,
        end=looks.end,
        timezone=brand.timezone,
        seed=asked.seed,
        customers=touches.customers,
        days=_days(counted, looks.first, looks.end, zone),
        cost=said.cost.result() or Cost(brand.currency, Decimal("0.00"), {}),
        touches=_spread(touches),
        starved=said.starved.result(),
        unreached=touches.number.get(0, 0),
        channels=_by_channel(gone),
        hours=busy_hours(((each.at, each.deliveries) for each in gone), zone),
        load=said.load.result(),
        stages=said.stages.result(),
        deeds=_deeds(sim),
        silent=_silent(sim, {each.campaign for each in counted}, looks),
        tasks=said.tasks.result(),
        pestered=said.pestered.result(),
        forgotten=said.forgotten.result(),
    )


def _silent(sim: Simulated, heard: set[str], looks: Looks) -> dict[str, str]:
    """What nothing came of, and why: those at fault are not among the campaigns that run."""
    campaigns, known = [each.campaign for each in sim.campaigns], sim.context.loaded.campaigns
    with reading(sim.context.engine) as conn:
        found = silent(campaigns, heard, begun(conn, sim.since), sim.context.company(), looks)
    for name, why in sim.faulty.items():
        if name not in known or known[name].status is Status.ACTIVE:
            found[name] = why
    return dict(sorted(found.items()))


def _deeds(sim: Simulated) -> dict[str, int]:
    if sim.behaviour is None:
        return {}
    done = {deed.value: sim.behaviour.done[deed] for deed in KINDS}
    events = sim.behaviour.assumptions.events_per_day
    return done | {kind: sim.behaviour.happened[kind] for kind in events}


def _spread(touches: Touches) -> Spread:
    return Spread(touches.median, touches.p95, touches.most, touches.number)


def _by_channel(gone: Iterable[Counted]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for each in gone:
        found[each.channel] += each.deliveries
    return dict(sorted(found.items()))


@dataclass(slots=True)
class _Sum:
    send: int = 0
    hold: int = 0
    skip: Counter[str] = field(default_factory=Counter)
    channels: Counter[str] = field(default_factory=Counter)

    def add(self, each: Counted) -> None:
        if each.outcome == "skip":
            self.skip[each.reason] += each.deliveries
        elif each.outcome == "hold":
            self.hold += each.deliveries
        else:
            self.send += each.deliveries
            self.channels[each.channel] += each.deliveries

    def done(self) -> OfCampaign:
        skip = dict(self.skip.most_common())
        return OfCampaign(self.send, self.hold, skip, dict(sorted(self.channels.items())))


def _days(counted: Iterable[Counted], start: datetime, end: datetime, zone: ZoneInfo) -> list[Day]:
    first = start.astimezone(zone).date()
    last = (end - timedelta(microseconds=1)).astimezone(zone).date()
    days: dict[date, dict[str, _Sum]] = {
        first + timedelta(days=number): {} for number in range((last - first).days + 1)
    }
    for each in counted:
        day = min(max(each.at.astimezone(zone).date(), first), last)
        days[day].setdefault(each.campaign, _Sum()).add(each)
    return [Day(day, _done(sums)) for day, sums in days.items()]


def _done(sums: Mapping[str, _Sum]) -> dict[str, OfCampaign]:
    return {name: each.done() for name, each in sorted(sums.items())}


def draw(found: Simulation, folder: Path) -> None:
    """Draw calendar.svg and touches.svg in a folder that `make_folder` made."""
    messages = {
        day.date: {name: each.send for name, each in day.campaigns.items() if each.send}
        for day in found.days
    }
    span = f"{found.days[0].date} to {found.days[-1].date}"
    pictures = {
        "calendar.svg": calendar(f"Messages by day, {span}", messages),
        "touches.svg": histogram(f"Customers by messages, {span}", found.touches.histogram),
    }
    for name, picture in pictures.items():
        (folder / name).write_text(picture, encoding="utf-8")


def make_folder(folder: Path) -> None:
    """Make a folder for pictures, unless it is there; UsageError where it can not be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"`{folder}` can not be made: {error.strerror}"
        raise UsageError(message, "name another folder") from error


def read_step(text: str) -> timedelta:
    """How far apart looks are, as written; UsageError for what does not part a day evenly."""
    span = read_span(text, "--every")
    if not LEAST <= span <= DAY or DAY % span:
        message = f"--every: `{text}` does not part a day evenly"
        raise UsageError(message, "write `1 hour`, `30 minutes`, `15 minutes` …")
    return span
