"""What is to be read: a file, its sort, the options."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from outreach.imports.customer_rows import in_columns
from outreach.imports.date_rows import DateParser
from outreach.imports.interest_rows import InterestParser
from outreach.imports.outcome import Options
from outreach.imports.parsing import ConsentParser, CustomerParser, EventParser, Parser
from outreach.imports.refused_addresses import SuppressionParser
from outreach.settings.company import Company


@dataclass(frozen=True, slots=True)
class Job:
    """A file to be read, and how."""

    sort: str  # customers, events, consents, suppressions, dates or interests
    path: str
    company: Company
    options: Options
    now: datetime

    def parser(self) -> Parser:
        """The reader of its rows."""
        if self.sort == "customers":
            return CustomerParser(self.company, self.options)
        if self.sort == "events":
            return EventParser(self.company, self.options, self.now)
        if self.sort == "suppressions":
            return SuppressionParser(self.company, self.options, self.now)
        if self.sort == "dates":
            return DateParser(self.company, self.options)
        if self.sort == "interests":
            name = Path(self.path).name
            return InterestParser(self.company, self.options, self.now, name)
        return ConsentParser(self.company, self.options, self.now)

    def packed(self, rows: list[Any]) -> Any:
        """A batch of its rows as they are written: customers by columns."""
        return in_columns(rows) if self.sort == "customers" else rows
