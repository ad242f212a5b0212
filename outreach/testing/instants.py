"""Instants as a test writes them: with an offset, by a wall clock, or counted from `at`."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from outreach.campaign.occurrences import instant_in
from outreach.documents import RefusalError
from outreach.settings.near_values import near_span
from outreach.spans import parse_span

EARLIEST, LATEST = 1900, 2200
HINT = "write for example `2026-07-03T17:00+02:00`"


@dataclass(frozen=True, slots=True)
class Moments:
    """Reads the instants of one case; what has no offset is by the clock of `zone`."""

    zone: ZoneInfo
    at: datetime | None = None  # what `-3 days` is counted from

    def read(self, written: str) -> datetime:
        """The instant, aware UTC; RefusalError."""
        if self.at is not None and written[:1] in ("-", "+"):
            try:
                span = parse_span(written[1:].strip())
            except ValueError as error:
                meant = near_span(written[1:])
                hint = f"write `{written[0]}{meant}`" if meant else "write for example `-3 days`"
                raise RefusalError(f"`{written}` is no span", hint) from error
            return self.at + (span if written[0] == "+" else -span)
        try:
            found = datetime.fromisoformat(written)
        except ValueError:
            found = None
        if found is None or not EARLIEST <= found.year <= LATEST:
            hint = HINT if self.at is None else f"{HINT}, or `-3 days`"
            raise RefusalError(f"`{written}` is no date and time", hint)
        return instant_in(found, self.zone) if found.tzinfo is None else found.astimezone(UTC)
