"""Files in: customers, their dates, interests and events, words of consent, suppressions; of any size."""

from outreach.imports.consents import import_consents
from outreach.imports.customers import import_customers
from outreach.imports.events import import_events
from outreach.imports.interests import import_interests
from outreach.imports.named_dates import import_dates
from outreach.imports.outcome import (
    ConsentsResult,
    DatesResult,
    EventsResult,
    ImportResult,
    Intake,
    InterestsResult,
    Options,
    Reject,
    SuppressionsResult,
)
from outreach.imports.suppressions import import_suppressions

__all__ = [
    "ConsentsResult",
    "DatesResult",
    "EventsResult",
    "ImportResult",
    "Intake",
    "InterestsResult",
    "Options",
    "Reject",
    "SuppressionsResult",
    "import_consents",
    "import_customers",
    "import_dates",
    "import_events",
    "import_interests",
    "import_suppressions",
]
