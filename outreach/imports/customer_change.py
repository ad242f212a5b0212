"""What a file makes of one customer who is there."""

from dataclasses import dataclass
from typing import Any

from outreach.imports.customer_rows import CustomerRow
from outreach.imports.named_dates import lay_on
from outreach.store.named_dates import Dates, NamedDate


@dataclass(slots=True)
class CustomerChange:
    """What a row of the file makes of a customer."""

    base: dict[str, Any]  # as stored
    row: dict[str, Any]  # as it shall be
    dates_before: Dates
    dates: dict[str, NamedDate]  # as they shall be

    @property
    def id(self) -> int:
        """The customer's id."""
        return int(self.base["id"])

    @property
    def differs(self) -> bool:
        """Whether the file says anything new."""
        return self.row != self.base or self.dates != self.dates_before


def changed(base: dict[str, Any], dates: Dates, told: CustomerRow) -> CustomerChange:
    """What a row says on top of what is there; an emptied attribute or date is left out."""
    change = CustomerChange(base, {**base, **told.values}, dates, dict(dates))
    if told.attributes:
        change.row["attributes"] = without_emptied({**base["attributes"], **told.attributes})
    lay_on(change.dates, told.dates)
    return change


def without_emptied(attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes that have a value."""
    return {name: value for name, value in attributes.items() if value is not None}
