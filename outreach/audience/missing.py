"""Whether a customer has nothing for a name that a template prints."""

from sqlalchemy import and_, false, or_
from sqlalchemy.sql import ColumnElement

from outreach.audience.lookups import happened
from outreach.audience.names import EVENT, Kind
from outreach.audience.row import Row
from outreach.settings.date_names import DATES
from outreach.store import spelling
from outreach.store.named_dates import asked_of_day


def name_is_missing(name: str, row: Row) -> ColumnElement[bool]:
    """Whether the customer has no value for the name, or an empty list; KeyError: nobody knows it.

    A named date, or a field of what started the campaign, is asked for as templates print it:
    `dates.wedding`, `event.amount`. In a plan for somebody whose event is yet to come it is there.
    """
    if name.startswith(f"{EVENT}."):
        lacks = happened(row, name.removeprefix(f"{EVENT}.")).is_(None)
        if row.enrolment_id is not None:
            return lacks
        return false() if row.event_id is None else and_(row.event_id.is_not(None), lacks)
    if name.startswith(f"{DATES}."):
        day = asked_of_day(row.id, name.removeprefix(f"{DATES}."), lambda day: day)
        return day.is_(None)
    column = row.column(name)
    missing = column.is_(None)
    if row.names.kinds[name] is Kind.LIST:
        return or_(missing, spelling.list_length(column) == 0)
    return missing
