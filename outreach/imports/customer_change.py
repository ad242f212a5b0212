"""What a file makes of one customer."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from outreach.imports.named_dates import lay_on
from outreach.imports.parsing import CustomerRow
from outreach.store.named_dates import Dates, NamedDate
from outreach.store.places import Place

_NOTHING: dict[str, Any] = {"tags": [], "interests": [], "attributes": {}}  # replaced, not changed


@dataclass(slots=True)
class CustomerChange:
    """What a batch makes of one customer; several rows may tell of it, the later on top."""

    base: dict[str, Any] | None  # as stored; None when new
    row: dict[str, Any]  # as it shall be
    dates_before: Dates
    dates: dict[str, NamedDate]  # as they shall be
    place: Place | None  # by the file's row alone, where that says all
    rows: list[CustomerRow] = field(default_factory=list)
    id: int = 0

    @property
    def differs(self) -> bool:
        """Whether the file says anything new."""
        return self.row != self.base or self.dates != self.dates_before

    @property
    def stage_before(self) -> str | None:
        """The stage as stored."""
        return None if self.base is None else self.base["stage"]

    @property
    def interests_before(self) -> list[str]:
        """The interests as stored."""
        return [] if self.base is None else self.base["interests"]

    def lay_on(self, told: CustomerRow) -> None:
        """What a row says on top of what is there; an emptied attribute or date is left out."""
        self.rows.append(told)
        self.row.update(told.values)
        if told.attributes:
            merged = {**self.row["attributes"], **told.attributes}
            self.row["attributes"] = {name: v for name, v in merged.items() if v is not None}
        lay_on(self.dates, told.dates)


def begin(
    base: dict[str, Any] | None, dates: Dates, first: CustomerRow, now: datetime
) -> CustomerChange:
    """A customer before any row is laid on it; a new one is theirs since `now` unless told."""
    row = {**_NOTHING, "created_at": now} if base is None else dict(base)
    return CustomerChange(base, row, dates, dict(dates), first.place)
