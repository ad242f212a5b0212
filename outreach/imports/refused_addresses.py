"""Rows of a file of suppressions: addresses that are not to be used again."""

from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from outreach.imports import addresses, values
from outreach.imports.fields import COLUMN, Fields, known_channels
from outreach.imports.outcome import Options
from outreach.imports.parsing import CLOCK_SKEW, Cells, Fault, missing, one_of, read_cells
from outreach.imports.remembering import remembering
from outreach.imports.values import BadValueError
from outreach.settings.company import Company
from outreach.store.customers import address_column
from outreach.store.listed_suppressions import COMPLAINT, HARD_BOUNCE, OPTED_OUT
from outreach.store.suppressions import LISTED

LONGEST_REASON = 60
# How other programs call what they export.
_MEANT = {
    **dict.fromkeys(("complaint", "complained", "spam", "abuse", "spam_complaint"), COMPLAINT),
    **dict.fromkeys(("unsubscribed", "unsubscribe", "opt_out", "optout", "stop"), OPTED_OUT),
    **dict.fromkeys(("bounce", "bounced", "hardbounce", "invalid"), HARD_BOUNCE),
}


class SuppressionRow(NamedTuple):
    """One address of the file."""

    line: int
    channel: str
    address: str
    reason: str
    at: datetime
    cells: list[str]


class SuppressionParser:
    """Reads `channel,address,reason,at`; without a reason it is «listed», without `at` now."""

    required: tuple[str, ...] = ("channel", "address")

    def __init__(self, company: Company, options: Options, now: datetime) -> None:
        self._now = now
        self._home = company.brand.country
        zone = ZoneInfo(company.brand.timezone)
        self.fields = Fields(
            reads={
                "channel": remembering(partial(one_of, known=addressed(company), what="channel")),
                "address": values.code,
                "reason": remembering(reason),
                "at": partial(values.instant, zone=zone, order=options.dates),
            },
            options=options,
        )

    def parse(self, line: int, cells: Cells, raw: list[str]) -> SuppressionRow | list[Fault]:
        """The address as customers have it; the number is read by the company's country."""
        found: dict[str, Any] = {}
        faults = read_cells(cells, False, {COLUMN: found})
        faults += missing(found, self.required, faults)
        if "at" in found and found["at"] > self._now + CLOCK_SKEW:
            faults.append(("at", "lies in the future"))
        if "channel" in found and "address" in found:
            try:
                address = normal_address(found["channel"], found["address"], self._home)
            except BadValueError as error:
                faults.append(("address", str(error)))
        if faults:
            return faults
        said = found.get("reason", LISTED)
        return SuppressionRow(
            line, found["channel"], address, said, found.get("at", self._now), raw
        )


def addressed(company: Company) -> frozenset[str]:
    """The channels on which customers have addresses."""
    channels = known_channels(company)
    return frozenset(each for each in channels if address_column(each) is not None)


def normal_address(channel: str, written: str, home: str | None) -> str:
    """The address as it is kept; BadValueError where it is none of the channel."""
    column = address_column(channel)
    is_email = column is not None and column.name == "email"
    found = addresses.email(written) if is_email else addresses.phone(written, home or "")
    if found is None:
        raise BadValueError("is blank")
    return found


def reason(raw: Any) -> str | None:
    """Why, in one word: `hard_bounce`, `complaint`, or whatever is written; None when blank."""
    word = values.clean(raw).casefold().replace(" ", "_").replace("-", "_")
    if len(word) > LONGEST_REASON:
        raise BadValueError(f"is too long: at most {LONGEST_REASON} characters")
    return _MEANT.get(word, word) or None
