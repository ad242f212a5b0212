"""When an occurrence falls in each place: one instant everywhere, or each place's own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from outreach.campaign.occurrences import EARLIEST_OFFSET, instant_in
from outreach.decisions.grid import Grid
from outreach.decisions.localities import Locality
from outreach.store.runs import Run

REPEAT = timedelta(hours=24)  # by hand: who got it within is a duplicate
LATEST_OFFSET = timedelta(hours=-12)  # Etc/GMT+12 sees any local time last
LONGEST_GAP = timedelta(hours=2)  # a local time that a clock skips comes so much later at most


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
        return self.local_at.replace(tzinfo=UTC) - EARLIEST_OFFSET

    @property
    def last_at(self) -> datetime:
        """The instant by which it has come everywhere."""
        if self.local_at is None:
            return self._fixed()
        return self.local_at.replace(tzinfo=UTC) - LATEST_OFFSET + LONGEST_GAP

    def _fixed(self) -> datetime:
        if self.at is None:
            raise ValueError("an occasion has an instant or a local time")
        return self.at

    def instants(self, grid: Grid, places: Iterable[Locality]) -> dict[int, datetime]:
        """The planned instant of each place, by the place's id."""
        if self.local_at is None:
            return {place.id: self._fixed() for place in places}
        return {place.id: instant_in(self.local_at, grid.calendar_zone(place)) for place in places}


def occasion_of_run(run: Run) -> Occasion:
    """The occurrence that a run was made for."""
    return Occasion(run.occurrence_at) if run.local_at is None else Occasion(None, run.local_at)


def come(
    instants: Mapping[int, datetime], after: datetime | None, now: datetime
) -> dict[int, datetime]:
    """Those whose instant has come since `after`."""
    return {
        place: at for place, at in instants.items() if at <= now and (after is None or at > after)
    }


def past(
    instants: Mapping[int, datetime],
    late: timedelta,
    now: datetime,
    active_since: datetime | None = None,
) -> frozenset[int]:
    """Places to which nothing is sent any more: nobody planned them within `late` of their instant,
    or it was over when the campaign became active.
    """
    return frozenset(
        place
        for place, at in instants.items()
        if at + late < now or (active_since is not None and at < active_since)
    )
