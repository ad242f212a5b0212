"""The zone table: for each place the planned instant, its local day, openings and cap windows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from outreach.campaign.model import Campaign
from outreach.decisions.awaiting import waiting, waits_until
from outreach.decisions.localities import Locality
from outreach.decisions.opening import Hours, Opening, hours_for, opening, zone_of
from outreach.decisions.windows import Window, leaves_at, window
from outreach.settings.company import Company
from outreach.spans import Cap, PerKind, QuietHours


@dataclass(frozen=True, slots=True)
class CapWindow:
    """One cap measured at the opening of one group of channels."""

    cap: Cap
    group: int


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One row of the zone table."""

    place_id: int
    asked_at: datetime
    today: date
    openings: tuple[Opening, ...]  # one a group of channels
    windows: tuple[Window, ...]  # one a CapWindow
    waits_until: datetime | None = None  # of those who wait for a winner: `late` starts then


@dataclass(slots=True)
class Grid:
    """What clocks and calendars say for one campaign; one object serves a revision's life.

    Channels whose quiet hours are the same form one group, so that a cap over all
    channels is counted once for them.
    """

    campaign: Campaign
    company: Company
    groups: tuple[int, ...] = ()  # the group of each channel, in the file's order
    cap_windows: tuple[CapWindow, ...] = ()
    _kept: dict[tuple[int, int], Opening] = field(default_factory=dict)
    _kept_windows: dict[tuple[int, int], tuple[datetime, datetime, Window]] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        self.groups = self._groups()
        caps = applicable_caps(self.campaign, self.company)
        found = [
            CapWindow(cap, group)
            for cap in caps
            for group in sorted(set(self.groups))
            if cap.channel is None or self._group_of(cap.channel) == group
        ]
        self.cap_windows = tuple(found)

    @property
    def channels(self) -> tuple[str, ...]:
        """The step's channels in the file's order."""
        return self.campaign.steps[0].channels

    def _groups(self) -> tuple[int, ...]:
        rules = [
            frozenset(rule for rule in self._quiet() if rule.holds(channel))
            for channel in self.channels
        ]
        kinds = list(dict.fromkeys(rules))
        return tuple(kinds.index(rule) for rule in rules)

    def _group_of(self, channel: str) -> int:
        return self.groups[self.channels.index(channel)]

    def _hours(self, group: int, country: str) -> Hours:
        return self.hours(self.channels[self.groups.index(group)], country)

    def hours(self, channel: str, country: str) -> Hours:
        """What the wall clock allows on a channel in a country."""
        home = self.company.brand.country
        return hours_for(self.campaign.schedule, self._quiet(), channel, country, home)

    def _quiet(self) -> tuple[QuietHours, ...]:
        topic = self.company.topics.get(self.campaign.topic)
        urgent = topic is not None and topic.transactional and topic.urgent
        return () if urgent else self.company.quiet_hours

    def calendar_zone(self, place: Locality) -> ZoneInfo:
        """The zone of a customer's own dates; company time where clocks they may have differ."""
        return zone_of(common_clock(place.zones) or self.company.brand.timezone)

    def clocks(self, place: Locality) -> Sequence[str]:
        """Every zone that must be awake."""
        return place.zones or (self.company.brand.timezone,)

    def opening(self, place: Locality, group: int, asked_at: datetime) -> Opening:
        """When a message may leave; the answer is kept until it may change."""
        kept = self._kept.get((place.id, group))
        if kept is not None and _still_open(kept, asked_at):
            return Opening(asked_at, None, kept.stays_until)
        hours = self._hours(group, place.country)
        limit_at = asked_at + self.campaign.schedule.late
        found = opening(hours, self.clocks(place), asked_at, limit_at)
        self._kept[place.id, group] = found
        return found

    def opening_after(
        self, place: Locality, group: int, at: datetime, limit_at: datetime, *, is_put_off: bool
    ) -> datetime | None:
        """The first instant from `at` on at which the clocks allow a message; None: not before the limit.

        `is_put_off`: until then by something else.
        """
        hours, clocks = self._hours(group, place.country), self.clocks(place)
        return opening(hours, clocks, at, limit_at, is_put_off=is_put_off).opens_at

    def row(self, place: Locality, asked_at: datetime) -> PlaceRow:
        """The zone table's row for a place asked at one instant."""
        openings = tuple(self.opening(place, group, asked_at) for group in sorted(set(self.groups)))
        return self._row(place, asked_at, openings)

    def waiting_row(self, place: Locality, asked_at: datetime, winner_at: datetime) -> PlaceRow:
        """The row of those there who wait for a winner that is chosen at another instant."""
        until = waits_until(winner_at, asked_at)
        groups = sorted(set(self.groups))
        openings = tuple(waiting(self.opening(place, group, until)) for group in groups)
        return replace(self._row(place, asked_at, openings), waits_until=until)

    def _row(self, place: Locality, asked_at: datetime, openings: tuple[Opening, ...]) -> PlaceRow:
        windows = tuple(
            self._window(place, number, openings[each.group], asked_at)
            for number, each in enumerate(self.cap_windows)
        )
        today = asked_at.astimezone(self.calendar_zone(place)).date()
        return PlaceRow(place.id, asked_at, today, openings, windows)

    def _window(
        self, place: Locality, number: int, opening_: Opening, asked_at: datetime
    ) -> Window:
        """The window of a cap where a message leaves at an opening; kept while the local day lasts."""
        cap, at = self.cap_windows[number].cap, opening_.opens_at or asked_at
        kept = self._kept_windows.get((place.id, number))
        if kept is not None and kept[0] <= at < kept[1]:
            return kept[2]
        found = self.window(cap, at, place)
        if opening_.why is None and cap.per.kind is not PerKind.SECONDS:
            # No midnight of any of its zones lies before `stays_until`: opening.py makes it end there.
            self._kept_windows[place.id, number] = at, opening_.stays_until, found
        return found

    def window(self, cap: Cap, at: datetime, place: Locality) -> Window:
        """The cap's window around an instant: where the zone is not known, that of any of them."""
        found = [window(cap.per, at, zone_of(name)) for name in self.clocks(place)]
        return Window(min(each.back_at for each in found), max(each.ahead_at for each in found))

    def leaves_at(self, cap: Cap, touched_at: datetime, place: Locality) -> datetime:
        """When a touch counts no more, whichever of the possible zones the customer is in."""
        return max(leaves_at(cap.per, touched_at, zone_of(name)) for name in self.clocks(place))

    def rows(self, places: Iterable[Locality], asked: Mapping[int, datetime]) -> list[PlaceRow]:
        """Rows for the places that have an instant in `asked`."""
        return [self.row(place, asked[place.id]) for place in places if place.id in asked]


@lru_cache(maxsize=1024)
def common_clock(zones: tuple[str, ...]) -> str:
    """The first of the zones if all show the same time, in winter and summer; "" if they differ."""
    moments = [datetime(2026, month, 15, tzinfo=UTC) for month in range(1, 13)]
    shown = {tuple(at.astimezone(zone_of(name)).utcoffset() for at in moments) for name in zones}
    return zones[0] if len(shown) == 1 else ""


def _still_open(kept: Opening, asked_at: datetime) -> bool:
    return (
        kept.why is None
        and kept.opens_at is not None
        and kept.opens_at <= asked_at < kept.stays_until
    )


def applicable_caps(campaign: Campaign, company: Company) -> tuple[Cap, ...]:
    """The caps that hold for a campaign: the company's and its own; none for what was ordered, or takes
    another message back."""
    topic = company.topics.get(campaign.topic)
    if (topic is not None and topic.transactional) or campaign.corrects is not None:
        return ()
    channels = campaign.steps[0].channels
    return tuple(
        cap
        for cap in dict.fromkeys((*company.cadence, *campaign.cadence))
        if cap.topic in (None, campaign.topic) and (cap.channel is None or cap.channel in channels)
    )


def widest(caps: Sequence[Cap]) -> timedelta:
    """A span that no cap's window exceeds, on either side of an instant."""
    days = {PerKind.DAY: 1, PerKind.WEEK: 7, PerKind.MONTH: 31}
    spans = [
        timedelta(seconds=cap.per.length)
        if cap.per.kind is PerKind.SECONDS
        else timedelta(days=days.get(cap.per.kind, cap.per.length))
        for cap in caps
    ]
    return max(spans, default=timedelta(0)) + timedelta(days=2)
