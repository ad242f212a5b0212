"""Days of the week on which a schedule comes and may not be sent: told by `check`, no fault."""

import re
from collections.abc import Iterator
from datetime import timedelta

from outreach.campaign.model import Campaign, Schedule, ScheduleKind
from outreach.campaign.occurrences import cron_weekdays, weekdays_of
from outreach.campaign.returning import Unit
from outreach.documents import Document
from outreach.errors import WARNING, Problem
from outreach.spans import WEEKDAYS

_NUMBER = re.compile(r"\d+")
_WEEKDAY = re.compile(r"[a-z]{3}", re.IGNORECASE)
_ORDINALS = ("", "first", "second", "third", "fourth")
_EVERY_DAY = frozenset(range(7))


def day_or_weekday(document: Document, campaign: Campaign) -> Iterator[Problem]:
    """A cron with a day of the month and a weekday: cron(5) goes by either, few mean that."""
    fields = campaign.schedule.cron.split()
    if len(fields) != 5 or fields[2].startswith("*") or fields[4].startswith("*"):
        return
    minute, hour, day, month, weekday = fields
    nth = (int(found[0]) + 6) // 7 if (found := _NUMBER.match(day)) else 0
    alone = _WEEKDAY.fullmatch(weekday) is not None
    meant = f"{weekday.upper()}#{nth}" if alone and 0 < nth < len(_ORDINALS) else "MON#1"
    name = next(each.capitalize() for each in WEEKDAYS if each.upper().startswith(meant[:3]))
    which = f"the {_ORDINALS[int(meant[-1])]} {name} of the month"
    message = f"days `{day}` and weekday `{weekday}`: it goes out on each of these days"
    hint = f"for {which} write `{minute} {hour} * {month} {meant}`"
    yield document.problem(("schedule", "cron"), f"{WARNING}cron-days", message, hint)


def outside_of_days(document: Document, campaign: Campaign) -> Iterator[Problem]:
    """A schedule that comes on days of the week on which nothing is sent: its messages wait."""
    schedule = campaign.schedule
    if schedule.days is None or schedule.kind is ScheduleKind.MANUAL:
        return
    comes = _weekdays(schedule)
    if comes is None:  # any day of the week: to wait for the next of `days` is meant
        yield from _lost_in_days(document, campaign)
        return
    outside = comes - schedule.days
    if not outside:
        return
    names = ", ".join(WEEKDAYS[each].capitalize() for each in sorted(outside))
    message = (
        f"it comes on {names}{' too' if comes & schedule.days else ''}, which is outside of `days`: "
        "its messages wait for the next of `days`, or are skipped where that is after `late`"
    )
    path = ("schedule", str(schedule.kind))
    yield document.problem(path, f"{WARNING}cron-days", message, _same_days(schedule, comes))


def _weekdays(schedule: Schedule) -> frozenset[int] | None:
    """The days of the week that a schedule names; None where it names others, and comes on any."""
    if schedule.kind is ScheduleKind.CRON:
        day, weekday = (schedule.cron.split()[place] for place in (2, 4))
        by_day = not day.startswith("*") and weekday.startswith("*")
        return None if by_day else weekdays_of(weekday)
    if schedule.kind is ScheduleKind.AT:
        at = schedule.at or schedule.at_local
        return None if at is None else frozenset({at.weekday()})
    every = schedule.every
    if every is None:
        return None
    if every.weekday is not None:
        return frozenset({every.weekday})
    return _EVERY_DAY if every.unit is Unit.DAY and every.step == 1 else None


def _same_days(schedule: Schedule, comes: frozenset[int]) -> str:
    fields = schedule.cron.split()
    meant = cron_weekdays(comes & (schedule.days or frozenset()))
    if fields and fields[2].startswith("*") and meant and not set("#L") & set(fields[4].upper()):
        return f'write `cron: "{" ".join((*fields[:4], meant))}"`'
    return f"let `{schedule.kind}` and `days` name the same days"


def _lost_in_days(document: Document, campaign: Campaign) -> Iterator[Problem]:
    """Messages of a day of the month that are late before the next of `days` comes."""
    days = campaign.schedule.days or frozenset()
    longest = max(
        next(step for step in range(1, 8) if (day + step) % 7 in days) - 1 for day in days
    )
    if campaign.schedule.late < timedelta(days=longest):
        message = (
            f"`days` leaves out {longest} days in a row: a message of the first is late by then"
        )
        hint = f"write `late: {longest + 1} days`"
        yield document.problem(("schedule", "days"), f"{WARNING}cron-days", message, hint)
