"""A campaign file as a frozen model; positions stay beside what they belong to."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from outreach.campaign.experiment import Variant, Winner
from outreach.campaign.feasts import OnHoliday
from outreach.campaign.public_holidays import Holidays
from outreach.campaign.returning import Every, OnDate
from outreach.campaign.triggers import ALWAYS, Idle, Moment, OnStage, Reentry, ReentryKind
from outreach.documents import Passage
from outreach.settings.company import Utm
from outreach.spans import Cap, DaySpan
from outreach.vocabulary import Approval, Status


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file of the project; counts from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Expression:
    """A Jinja expression as written, with its place, and line and column of each character."""

    source: str
    place: Place = field(compare=False)
    marks: tuple[tuple[int, int], ...] = field(default=(), compare=False, repr=False)

    @classmethod
    def at(cls, file: str, passage: Passage) -> "Expression":
        """The expression that a passage of a file is."""
        place = Place(file, passage.line, passage.column)
        return cls(passage.source, place, passage.marks)

    def place_at(self, offset: int) -> Place:
        """Where a character stands; without marks later lines begin in the column of the first."""
        if not self.marks:
            before, place = self.source[:offset], self.place
            column = place.column + offset - (before.rfind("\n") + 1)
            return Place(place.file, place.line + before.count("\n"), column)
        return Place(self.place.file, *self.marks[min(offset, len(self.marks) - 1)])


@dataclass(frozen=True, slots=True)
class Selection:
    """Picks customers: every shorthand key given and `where` must hold; nothing given: everyone.

    A list is any of. `tags` holds if the customer has any of them.
    """

    stage: tuple[str, ...] = ()
    tier: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    locale: tuple[str, ...] = ()
    where: Expression | None = None
    place: Place | None = field(default=None, compare=False)


class ScheduleKind(StrEnum):
    """What makes an occurrence."""

    CRON = "cron"
    AT = "at"
    EVERY = "every"
    ON_DATE = "on_date"
    ON_HOLIDAY = "on_holiday"
    ON_EVENT = "on_event"
    ON_STAGE = "on_stage"
    IDLE = "idle"
    MANUAL = "manual"


TRIGGERED = (ScheduleKind.ON_EVENT, ScheduleKind.ON_STAGE, ScheduleKind.IDLE)


@dataclass(frozen=True, slots=True)
class OnEvent:
    """What happens to a customer starts it, so long after it."""

    kind: str
    where: Expression | None = None
    after: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Goal:
    """What is measured of who came in: whether it held within a span of that."""

    when: Expression
    within: timedelta


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a campaign goes out, and when it may."""

    kind: ScheduleKind
    cron: str = ""  # five fields
    at_local: datetime | None = None  # naive: wall clock in `timezone`
    at: datetime | None = None  # aware: `at` was given with an offset
    every: Every | None = None
    on_date: OnDate | None = None  # comes each day, for those whose date it is
    on_holiday: OnHoliday | None = None  # comes on its days, to those whose country has it
    on_event: OnEvent | None = None
    on_stage: OnStage | None = None
    idle: Idle | None = None
    backlog: int = 0  # of older cases, so many a day are let in
    timezone: str = "customer"  # or an IANA zone
    window: DaySpan | None = None
    days: frozenset[int] | None = None  # weekdays on which it may be sent, Monday 0
    starts: date | None = None  # first and last local date, both included
    ends: date | None = None
    holidays: Holidays = Holidays.IGNORE
    late: timedelta = timedelta(hours=24)
    place: Place | None = field(
        default=None, compare=False
    )  # where its date, feast or stage is named

    @property
    def is_of_days(self) -> bool:
        """Whether whom it comes to depends on the day that an occurrence is."""
        return self.on_date is not None or self.on_holiday is not None

    @property
    def is_triggered(self) -> bool:
        """Whether each customer's own case starts it, not a calendar and no person."""
        return self.kind in TRIGGERED

    @property
    def by_calendar(self) -> bool:
        """Whether its occurrences are known before they come."""
        return self.kind is not ScheduleKind.MANUAL and not self.is_triggered


@dataclass(frozen=True, slots=True)
class Step:
    """One message: the first channel that can reach the customer carries it."""

    id: str
    channels: tuple[str, ...]
    template: str
    when: Expression | None = None
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along with each mail whose template has it; `fill`: it is a template too."""

    file: str
    name: str  # what its reader sees
    fill: bool = False


@dataclass(frozen=True, slots=True)
class Tracking:
    """What a campaign says of its links; None: nothing, so the channel's settings hold."""

    links: bool | None = None
    opens: bool | None = None
    utm: Utm | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """A message that takes back another: to whom a run's message went by a channel, by the same.

    Caps let it pass; consent and all other rules hold.
    """

    run: int
    channel: str
    template: str
    step: str | None = None  # the message that went wrong; None: the campaign's first


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing until a span is over, a moment comes, or something is so; `at_most` ends the last."""

    id: str
    span: timedelta | None = None
    moment: Moment | None = None
    until: Expression | None = None
    at_most: timedelta | None = None
    is_named: bool = False  # `id` was written, not made
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Way:
    """One way of a branch: for whom it is (None: for all others), and where it leads."""

    when: Expression | None
    to: int


@dataclass(frozen=True, slots=True)
class Branch:
    """The first way that fits, decided once on arrival; none fits: on behind the branch."""

    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of a journey, and the position of the one behind it; the path's length is its end."""

    what: Step | Wait | Branch
    then: int


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign; `name` is its file's stem.

    `steps` are its messages in the file's order, those of branches too; `path` is the way that a
    customer takes through them and the waits and branches between.
    """

    name: str
    title: str
    owner: str
    topic: str
    audience: Selection
    schedule: Schedule
    steps: tuple[Step, ...]
    status: Status = Status.DRAFT
    priority: int = 50
    exclude: Selection | None = None
    cadence: tuple[Cap, ...] = ()
    when_capped: str = "skip"  # or hold
    on_unknown: str = "keep"  # or resend
    holdout: int = 0  # of 10,000
    variants: tuple[Variant, ...] = ()  # none: everybody gets the same
    budget: Decimal | None = None  # in brand.currency, of one run
    brake: int = 0  # of 10,000 more than last time
    approval: Approval = Approval.NONE
    winner: Winner | None = None  # None: each variant goes to its share
    tracking: Tracking = Tracking()
    attachments: tuple[Attachment, ...] = ()
    images: str = ""  # inline or hosted; "": as the channel's settings say
    corrects: Correction | None = None  # what went wrong before
    file: str = ""
    path: tuple[Stop, ...] = ()  # empty: the one step
    exit: Expression | None = None
    goal: Goal | None = None
    reentry: Reentry = ALWAYS
    migrates: bool = False  # who is under way changes to this version of the file

    @property
    def stops(self) -> tuple[Stop, ...]:
        """The way through it."""
        return self.path or (Stop(self.steps[0], 1),)

    @property
    def expressions_on_the_way(self) -> tuple[Expression, ...]:
        """What is asked between messages, and of who comes in, leaves or reaches the goal."""
        whats = [stop.what for stop in self.stops]
        ways = [way.when for what in whats if isinstance(what, Branch) for way in what.ways]
        untils = [what.until for what in whats if isinstance(what, Wait)]
        where = self.schedule.on_event.where if self.schedule.on_event else None
        goal = None if self.goal is None else self.goal.when
        return tuple(each for each in (where, *ways, *untils, self.exit, goal) if each)

    @property
    def is_journey(self) -> bool:
        """Whether customers are enrolled in it: each case has its own time, or several steps."""
        kept = self.schedule.is_triggered or len(self.stops) > 1 or self._is_kept
        return kept and self.corrects is None

    @property
    def _is_kept(self) -> bool:
        """Whether who was in it must be known: for leaving it, or for coming in again."""
        return self.exit is not None or self.reentry.kind is not ReentryKind.ALWAYS

    def at_step(self, step_id: str | None) -> "Campaign":
        """The same as one of its messages sees it: `steps` is that one alone (None: the first).

        KeyError where there is no such step.
        """
        if step_id is None:
            return self if len(self.steps) == 1 else replace(self, steps=self.steps[:1])
        for step in self.steps:
            if step.id == step_id:
                return replace(self, steps=(step,))
        raise KeyError(step_id)
