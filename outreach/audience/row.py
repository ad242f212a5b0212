"""The row that an expression speaks of: where each name comes from in a statement."""

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import BigInteger, Text, cast, literal, null, type_coerce
from sqlalchemy.sql import ColumnElement

from outreach.audience.names import FACTS, NO_ATTRIBUTES, Kind, Names
from outreach.store import facts, spelling
from outreach.store.types import Instant

_NEVER = cast(null(), Instant())  # a bare null is compared with nothing
_READERS: dict[Kind, Callable[..., ColumnElement[Any]]] = {
    Kind.TEXT: spelling.text_in,
    Kind.NUMBER: spelling.number_in,
    Kind.MONEY: spelling.money_in,
    Kind.YES_NO: spelling.yes_no_in,
    Kind.DATE: spelling.text_in,
    Kind.DATETIME: spelling.instant_in,
    Kind.LIST: spelling.list_in,
}


class Columns(Protocol):
    """The columns of `customers`, or of an alias or CTE that has those an expression needs."""

    def __getitem__(self, name: str, /) -> ColumnElement[Any]: ...


@dataclass(frozen=True, slots=True)
class Row:
    """One customer as an expression sees them.

    `now` and `today` are values, or columns where each customer has their own (`today`: a Date
    column). `facts` is "stored", or "as_of" to ask events, touches and moves up to `now` again,
    `stage` and `stage_since` included. Attributes are known by `names` only. `own_message` is the
    delivery that is decided about: no touch to its own rules. `event_id` is what started the
    campaign for the customer, `timed_out` the waits of their enrolment that nothing ended.
    """

    customer: Columns
    now: ColumnElement[datetime] | datetime
    today: ColumnElement[date] | date
    names: Names = NO_ATTRIBUTES
    entered_at: ColumnElement[datetime] | datetime | None = None
    facts: str = "stored"
    own_message: ColumnElement[int] | None = None
    event_id: ColumnElement[int] | None = None
    enrolment_id: ColumnElement[int] | None = None
    timed_out: ColumnElement[Any] | None = None

    @property
    def id(self) -> ColumnElement[int]:
        """The customer's id."""
        return self.customer["id"]

    def column(self, name: str) -> ColumnElement[Any]:
        """What the name stands for; null where it is missing.

        Money is in ten-thousandths, a span in microseconds, a date its text. KeyError: nobody
        knows the name.
        """
        match name:
            case "now":
                return facts.moment(self.now)
            case "entered_at":
                return _NEVER if self.entered_at is None else facts.moment(self.entered_at)
            case "today":
                return self._today()
            case "last_contact_at":
                heard_at = self._stored("last_heard_at")
                return facts.last_contact(self.id, heard_at, self.now, self.own_message)
            case "opted_out":
                return facts.opted_out(self.id)
            case "stage" if self.facts == "as_of":
                return facts.stage_as_of(self.id, self.now)
            case "stage_since" if self.facts == "as_of":
                return facts.stage_since_as_of(self.id, self.now)
        if name in self.names.own:
            return _READERS[self.names.own[name]](self.customer["attributes"], name)
        if name in FACTS:
            found = self._stored(name)
            return type_coerce(found, BigInteger) if name == "spend" else found
        if name not in self.names.kinds:
            raise KeyError(name)
        return self.customer[name]

    def _stored(self, name: str) -> ColumnElement[Any]:
        if self.facts == "as_of":
            return facts.fact_column_as_of(name, self.id, self.now)
        return self.customer[name]

    def _today(self) -> ColumnElement[str]:
        if isinstance(self.today, date):
            return literal(self.today.isoformat(), Text())
        return spelling.day_text(self.today)


def months_later(day: date, months: int) -> date:
    """The same day so many calendar months later, or the month's last; from year 1 to 9999."""
    count = min(max(day.year * 12 + day.month - 1 + months, 12), 9999 * 12 + 11)
    year, month = divmod(count, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return day.replace(year=year, month=month + 1, day=min(day.day, last))
