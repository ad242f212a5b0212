"""What holidays, window and quiet hours say of one customer's message, in words."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from outreach.campaign.public_holidays import Holidays
from outreach.decisions.grid import Grid
from outreach.decisions.localities import Locality
from outreach.decisions.opening import Hours, Opening, zone_of
from outreach.decisions.verdict import Verdict
from outreach.vocabulary import Decision, Reason

_WELL = {
    Reason.HOLIDAY: "no holiday",
    Reason.OUTSIDE_WINDOW: "in time",
    Reason.QUIET_HOURS: "awake",
}


class ClocksSaid:
    """Answers of the rules of time at the instant that a verdict is about."""

    def __init__(self, grid: Grid, verdict: Verdict, place: Locality) -> None:
        self.grid = grid
        self.verdict = verdict
        self.place = place

    def rules(self) -> Iterator[Reason]:
        """The rules of time in the order asked; holidays only where they matter."""
        if self.grid.campaign.schedule.holidays is not Holidays.IGNORE:
            yield Reason.HOLIDAY
        yield from (Reason.OUTSIDE_WINDOW, Reason.QUIET_HOURS)

    def fails(self, rule: Reason, channel: str, opening: Opening) -> bool:
        """Whether a rule is in the way at the instant asked, also behind one asked before it."""
        if opening.why is None or opening.why is rule:
            return opening.why is rule
        hours = self._alone(rule, channel)
        return any(hours.in_the_way(clock) for clock in self._clocks())

    def of(self, rule: Reason, channel: str, opening: Opening, *, failed: bool) -> str:
        """The sentence for a rule; of a held message also when it is moved to."""
        local = self.local(self.verdict.asked_at)
        if len(self.place.zones) > 1:
            local += f" by company time; zone not known, one of {len(self.place.zones)}"
        if failed:
            said = f"{local}: {self._in_the_way(rule, channel)}"
            if opening.opens_at is not None:
                return f"{said}; moved to {self.local(opening.opens_at)}"
            final = "`ends: " in said or "left out" in said
            return said if final else f"{said}; opens not before `late`"
        said = f"{local}: {_WELL[rule]}"
        until = self.verdict.until or opening.opens_at
        if self.verdict.decision is Decision.HOLD and until and until > self.verdict.asked_at:
            said += f"; moved to {self.local(until)} all the same ({self.verdict.reason})"
        return said

    def _in_the_way(self, rule: Reason, channel: str) -> str:
        if rule is Reason.QUIET_HOURS:
            hours = self._hours(channel)
            found = (each for clock in self._clocks() if (each := hours.quiet_at(clock)))
            return f"quiet ({next(found, 'somewhere')})"
        return self._holiday(channel) if rule is Reason.HOLIDAY else self._outside(channel)

    def _holiday(self, channel: str) -> str:
        """Which holiday, of which country, on the first clock that has one."""
        hours = self._hours(channel)
        country = hours.off.country if hours.off else ""
        name = next((name for clock in self._clocks() if (name := hours.holiday(clock))), "")
        where = f"in {country}" + ("" if self.place.country else ", the company's country")
        if not name:
            return f"the first hour to go out is on a holiday {where}: left out (`holidays: skip`)"
        said = f"{name} {where}"
        return f"{said}: left out (`holidays: skip`)" if hours.skips_holidays else said

    def _outside(self, channel: str) -> str:
        """What of the schedule the instant is outside of, on the first clock that is."""
        hours = self._hours(channel)
        key = next((key for clock in self._clocks() if (key := hours.outside_of(clock))), None)
        if key == "ends":
            return f"after the campaign's last day (`ends: {hours.ends}`)"
        if key == "starts":
            return f"before the campaign's first day (`starts: {hours.starts}`)"
        if key == "days":
            return "on none of its `days`"
        return f"outside of the window ({hours.window})" if key else "outside of the window"

    def _alone(self, rule: Reason, channel: str) -> Hours:
        """The hours as if no other rule were there."""
        hours = self._hours(channel)
        if rule is Reason.HOLIDAY:
            return Hours(None, None, None, None, (), hours.off)
        if rule is Reason.QUIET_HOURS:
            return Hours(None, None, None, None, hours.quiet)
        return replace(hours, quiet=(), off=None)

    def _hours(self, channel: str) -> Hours:
        return self.grid.hours(channel, self.place.country)

    def _clocks(self) -> list[datetime]:
        """The wall clocks that must allow the message, at the instant asked."""
        at = self.verdict.asked_at
        return [
            at.astimezone(zone_of(name)).replace(tzinfo=None)
            for name in self.grid.clocks(self.place)
        ]

    def local(self, at: datetime) -> str:
        """An instant in the customer's calendar zone."""
        local = at.astimezone(self.grid.calendar_zone(self.place))
        return local.isoformat(" ", "minutes")
