"""The names that an expression may use, and what kind of value each stands for."""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from outreach.campaign.model import Campaign, Step, Wait
from outreach.settings.company import Company


class Kind(StrEnum):
    """What a value is; values of different kinds are never compared."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole number"  # a number without a fraction: counts, lengths
    MONEY = "money"
    YES_NO = "yes_no"
    DATE = "date"  # the customer's own day
    DATETIME = "datetime"
    LIST = "list"
    SPAN = "span"  # of time, to the microsecond
    MONTHS = "months"  # calendar months: no fixed length
    NONE = "none"

    @property
    def shown(self) -> str:
        """How messages call it."""
        return _SHOWN.get(self.value, f"a {self.value}")


_SHOWN = {
    "whole number": "a number",
    "money": "an amount of money",
    "yes_no": "yes or no",
    "months": "months",
    "none": "none",
}
NUMBERS = (Kind.NUMBER, Kind.WHOLE)
COLUMNS = {
    "key": Kind.TEXT,
    "first_name": Kind.TEXT,
    "last_name": Kind.TEXT,
    "nickname": Kind.TEXT,
    "title": Kind.TEXT,
    "gender": Kind.TEXT,
    "email": Kind.TEXT,
    "phone": Kind.TEXT,
    "locale": Kind.TEXT,
    "timezone": Kind.TEXT,
    "country": Kind.TEXT,
    "city": Kind.TEXT,
    "tier": Kind.TEXT,
    "stage": Kind.TEXT,
    "stage_since": Kind.DATETIME,
    "owner": Kind.TEXT,
    "tags": Kind.LIST,
    "interests": Kind.LIST,
    "birthday": Kind.TEXT,  # YYYY-MM-DD or MM-DD: no day of the calendar without its year
    "created_at": Kind.DATETIME,
}
FACTS = {
    "orders": Kind.WHOLE,
    "spend": Kind.MONEY,
    "first_order_at": Kind.DATETIME,
    "last_order_at": Kind.DATETIME,
    "last_contact_at": Kind.DATETIME,
    "last_engaged_at": Kind.DATETIME,
    "typical_gap": Kind.SPAN,
    "opted_out": Kind.YES_NO,  # never missing
}
MOMENTS = {"now": Kind.DATETIME, "today": Kind.DATE, "entered_at": Kind.DATETIME}
EVENT_FUNCTIONS = ("count", "total", "last", "first")
DATE_FUNCTIONS = ("date", "days_until")
STEP_FUNCTIONS = (
    "clicked",
    "opened",
    "replied",
    "timed_out",
)  # of a step, of a wait of the campaign itself
FUNCTIONS = (
    "days",
    "hours",
    "weeks",
    "months",
    *EVENT_FUNCTIONS,
    "received",
    "stage_in",
    "in_stage_for",
    *DATE_FUNCTIONS,
    *STEP_FUNCTIONS,
)
EVENT = "event"  # what started the campaign; its columns stand behind a `.`
EVENT_COLUMNS = {"kind": Kind.TEXT, "at": Kind.DATETIME, "amount": Kind.MONEY}  # else text
BIRTHDAY = "birthday"  # a column that `date` and `days_until` know as well
STAGES = ("stage", "stage_since")  # also `stage_in`, `in_stage_for`: not in a lifecycle's rules
FILTERS = ("lower", "upper", "length")
TESTS = ("none", "defined")


@dataclass(frozen=True)  # no slots: its look-ups are made once
class Names:
    """The names of one company; `attributes` are (name, kind) pairs.

    `entered`: whether `entered_at` has a meaning where the expression stands, and `happened`
    whether `event` has. `steps` and `waits` are those of the campaign. `lifecycles` are the
    further ones that `stage_in` may ask. `staged`: whether stages may be asked for at all.
    """

    attributes: tuple[tuple[str, Kind], ...] = ()
    entered: bool = False
    lifecycles: tuple[str, ...] = ()
    staged: bool = True
    happened: bool = False
    steps: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """Every name's kind; a column or fact goes before an attribute of the same name."""
        return dict(self.attributes) | COLUMNS | FACTS | MOMENTS

    @cached_property
    def own(self) -> dict[str, Kind]:
        """The declared attributes alone."""
        return {name: self.kinds[name] for name, _ in self.attributes if not is_built_in(name)}


NO_ATTRIBUTES = Names()


def is_built_in(name: str) -> bool:
    """Whether a column, fact, moment or function has this name, so that no attribute may."""
    return name in (*COLUMNS, *FACTS, *MOMENTS, *FUNCTIONS, EVENT)


def names_of(company: Company, *, staged: bool = True) -> Names:
    """The names that the company's expressions may use."""
    kinds = ((name, Kind(kind)) for name, kind in company.attributes.items())
    return Names(tuple(sorted(kinds)), False, tuple(sorted(company.lifecycles)), staged)


def names_in(company: Company, campaign: Campaign) -> Names:
    """The names that the expressions of one campaign may use."""
    waits = (stop.what.id for stop in campaign.stops if isinstance(stop.what, Wait))
    steps = (stop.what.id for stop in campaign.stops if isinstance(stop.what, Step))
    return replace(
        names_of(company),
        entered=campaign.is_journey or campaign.goal is not None,
        happened=campaign.schedule.on_event is not None,
        steps=tuple(steps),
        waits=tuple(waits),
    )
