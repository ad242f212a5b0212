"""When an occurrence falls in each place: one instant everywhere, or each place's own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from outreach.decisions.grid import Grid
from outreach.decisions.localities import Locality
from outreach.decisions.opening import instants_of

EASTMOST = timedelta(hours=14)  # Pacific/Kiritimati: the first to see a local time
WESTMOST = timedelta(hours=12)  # Etc/GMT+12: the last


@dataclass(frozen=True, slots=True)
class Occasion:
    """One occurrence: an instant, or a wall-clock time that each place meets in its turn."""

    at: datetime | None = None  # aware UTC
    local_at: datetime | None = None  # naive

    @property
    def first_at(self) -> datetime:
        """The instant at which it comes first anywhere: the run's own."""
        if self.local_at is None:
            return self._fixed()
        return self.local_at.replace(tzinfo=UTC) - EASTMOST

    @property
    def last_at(self) -> datetime:
        """The instant by which it has come everywhere."""
        if self.local_at is None:
            return self._fixed()
        return self.local_at.replace(tzinfo=UTC) + WESTMOST + timedelta(hours=2)  # DST gaps

    def _fixed(self) -> datetime:
        if self.at is None:
            raise ValueError("an occasion has an instant or a local time")
        return self.at

    def instants(self, grid: Grid, places: Iterable[Locality]) -> dict[int, datetime]:
        """The planned instant of each place, by the place's id."""
        if self.local_at is None:
            return {place.id: self._fixed() for place in places}
        return {
            place.id: instants_of(self.local_at, grid.calendar_zone(place))[0] for place in places
        }


def due_now(
    instants: Mapping[int, datetime], after: datetime | None, now: datetime, late: timedelta
) -> dict[int, datetime]:
    """Those whose instant has come since `after` and is not past `late`."""
    return {
        place: at
        for place, at in instants.items()
        if at <= now <= at + late and (after is None or at > after)
    }
