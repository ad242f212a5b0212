"""Files in: customers, events, words of consent and suppressions, from CSV and JSON lines of any size."""

from outreach.imports.consents import import_consents
from outreach.imports.customers import import_customers
from outreach.imports.events import import_events
from outreach.imports.outcome import (
    ConsentsResult,
    EventsResult,
    ImportResult,
    Intake,
    Options,
    Reject,
    SuppressionsResult,
)
from outreach.imports.suppressions import import_suppressions

__all__ = [
    "ConsentsResult",
    "EventsResult",
    "ImportResult",
    "Intake",
    "Options",
    "Reject",
    "SuppressionsResult",
    "import_consents",
    "import_customers",
    "import_events",
    "import_suppressions",
]
