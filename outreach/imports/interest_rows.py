"""Rows of a file of interests."""

from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from outreach.imports import values
from outreach.imports.fields import COLUMN, Fields
from outreach.imports.outcome import Options
from outreach.imports.parsing import CLOCK_SKEW, Cells, Fault, missing, read_cells
from outreach.imports.remembering import remembering
from outreach.settings.company import Company


class InterestRow(NamedTuple):
    """What was learnt of a customer at one time."""

    line: int
    key: str
    interests: list[str]
    source: str
    at: datetime
    cells: list[str]


class InterestParser:
    """Reads `key,interest,source,at`; without a source it is the options', without `at` now."""

    required: tuple[str, ...] = ("key", "interest")

    def __init__(self, company: Company, options: Options, now: datetime, file: str) -> None:
        self._now = now
        self._source = options.interests_source or f"file {file}"
        zone = ZoneInfo(company.brand.timezone)
        self.fields = Fields(
            reads={
                "key": values.code,
                "interest": remembering(values.interests),
                "source": remembering(values.text),
                "at": partial(values.instant, zone=zone, order=options.dates),
            },
            options=options,
        )

    def parse(self, line: int, cells: Cells, raw: list[str]) -> InterestRow | list[Fault]:
        """The interests, several split at `;`; none can be learnt in the future."""
        found: dict[str, Any] = {}
        faults = read_cells(cells, False, {COLUMN: found})
        faults += missing(found, self.required, faults)
        if "at" in found and found["at"] > self._now + CLOCK_SKEW:
            faults.append(("at", "lies in the future"))
        if faults:
            return faults
        source, at = found.get("source", self._source), found.get("at", self._now)
        return InterestRow(line, found["key"], found["interest"], source, at, raw)
