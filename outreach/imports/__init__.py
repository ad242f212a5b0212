"""Files in: customers, events and words of consent, from CSV and JSON lines of any size."""

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
)

__all__ = [
    "ConsentsResult",
    "EventsResult",
    "ImportResult",
    "Intake",
    "Options",
    "Reject",
    "import_consents",
    "import_customers",
    "import_events",
]
