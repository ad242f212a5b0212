"""What is to be read: a file, its sort, the options."""

from dataclasses import dataclass
from datetime import datetime

from outreach.imports.outcome import Options
from outreach.imports.parsing import ConsentParser, CustomerParser, EventParser, Parser
from outreach.imports.refused_addresses import SuppressionParser
from outreach.settings.company import Company


@dataclass(frozen=True, slots=True)
class Job:
    """A file to be read, and how."""

    sort: str  # customers, events, consents or suppressions
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
        return ConsentParser(self.company, self.options, self.now)
