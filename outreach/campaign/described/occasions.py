"""When a campaign goes, until when, and when it may not, as sentences."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from outreach.campaign.described.speaker import Speaker
from outreach.campaign.model import Schedule, ScheduleKind
from outreach.campaign.public_holidays import Holidays
from outreach.campaign.returning import LAST, Every, Unit

_PLAIN = re.compile(r"(\d{1,2}) (\d{1,2}) \* \* (\*|[A-Za-z]{3}(?:,[A-Za-z]{3})*)")
_SHORT = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_DAY = timedelta(days=1)


def occasions(schedule: Schedule, speaker: Speaker, *, owed: bool = False) -> Iterator[str]:
    """The sentences about a schedule; `owed`: floors begin it as well, which is said before."""
    comes, at = _comes(schedule, speaker)
    if owed and schedule.kind is ScheduleKind.MANUAL:
        comes = speaker.say("by_hand_too")
    own = schedule.timezone == "customer"
    clock = speaker.say("theirs") if own else speaker.say("zone", zone=schedule.timezone)
    bare = not schedule.by_calendar or schedule.at is not None
    yield f"{comes}{'' if bare else clock}{_stop(speaker)}"
    yield _late(schedule, speaker, at)
    if schedule.window is not None:
        start, end = f"{schedule.window.start:%H:%M}", f"{schedule.window.end:%H:%M}"
        yield speaker.say("window", start=start, end=end)
    if schedule.days is not None:
        yield speaker.say("days", days=speaker.weekdays(schedule.days))
    if schedule.starts is not None:
        yield speaker.say("starts", starts=schedule.starts)
    if schedule.ends is not None:
        yield speaker.say("ends", ends=schedule.ends)
    if schedule.backlog:
        yield speaker.say("backlog", number=schedule.backlog)
    if schedule.holidays is not Holidays.IGNORE:
        yield speaker.say(f"holidays_{schedule.holidays.value}")


def _stop(speaker: Speaker) -> str:
    return "。" if speaker.language == "zh" else "."


def _late(schedule: Schedule, speaker: Speaker, at: str) -> str:
    """Until when it is worth sending: by the clock where that is within a day."""
    if at and schedule.late <= _DAY:
        begin = datetime.strptime(at, "%H:%M")  # noqa: DTZ007  a wall clock's time
        ends = begin + schedule.late
        key = "late_by" if ends.date() == begin.date() else "late_next"
        return speaker.say(key, by=f"{ends:%H:%M}")
    return speaker.say("late", span=speaker.span(schedule.late))


def _comes(schedule: Schedule, speaker: Speaker) -> tuple[str, str]:
    """When it comes, and the time of day where it is always the same."""
    if schedule.kind is ScheduleKind.CRON:
        return _cron(schedule.cron, speaker)
    if schedule.every is not None:
        return _every(schedule.every, speaker), f"{schedule.every.at:%H:%M}"
    if schedule.on_date is not None:
        day, at = schedule.on_date, f"{schedule.on_date.at:%H:%M}"
        repeat = speaker.say("yearly" if day.yearly else "just_once")
        leap = speaker.say(day.leap_day)
        offset = _offset(day.offset_days, speaker)
        return speaker.say(
            "on_date", field=day.field, offset=offset, at=at, repeat=repeat, leap=leap
        ), at
    if schedule.on_holiday is not None:
        feast, at = schedule.on_holiday, f"{schedule.on_holiday.at:%H:%M}"
        offset = _offset(feast.offset_days, speaker)
        return speaker.say("on_holiday", field=feast.name, offset=offset, at=at), at
    if schedule.at is not None:
        return speaker.say("once", at=schedule.at.isoformat(" ", "minutes")), ""
    if schedule.at_local is not None:
        local = schedule.at_local
        return speaker.say("once", at=f"{local:%Y-%m-%d %H:%M}"), f"{local:%H:%M}"
    return _case(schedule, speaker) or speaker.say("manual"), ""


def _case(schedule: Schedule, speaker: Speaker) -> str:
    """What starts it for each customer; empty where nothing does."""
    if (event := schedule.on_event) is not None:
        where = speaker.quoted(event.where.source) if event.where else ""
        only = speaker.say("of_which", where) if where else ""
        after = speaker.say("later", speaker.span(event.after)) if event.after else ""
        return speaker.say("on_event", kind=event.kind, only=only, after=after)
    if (move := schedule.on_stage) is not None:
        stages = ", ".join(move.enter or move.leave)
        return speaker.say("enter" if move.enter else "leave", stages=stages)
    if (idle := schedule.idle) is not None:
        return speaker.say("idle", since=idle.since, span=speaker.span(idle.span))
    return ""


def _offset(days: int, speaker: Speaker) -> str:
    if not days:
        return ""
    return speaker.say("before" if days < 0 else "after", abs(days))


def _cron(cron: str, speaker: Speaker) -> tuple[str, str]:
    plain = _PLAIN.fullmatch(" ".join(cron.split()))
    if plain is None:
        return speaker.say("cron", cron=speaker.quoted(cron)), ""
    minute, hour, days = plain.groups()
    at = f"{int(hour):02}:{int(minute):02}"
    if days == "*":
        return speaker.say("daily", at=at), at
    numbers = [_SHORT.index(day.upper()) for day in days.split(",")]
    return speaker.say("weekly", days=speaker.weekdays(numbers), at=at), at


def _every(every: Every, speaker: Speaker) -> str:
    at = f"{every.at:%H:%M}"
    days = "" if every.weekday is None else speaker.weekdays([every.weekday])
    since = "" if every.first is None else speaker.say("from", first=every.first)
    if every.unit is Unit.MONTH:
        if every.nth is None:
            on = speaker.say("on_day", day=every.day)
        else:
            on = speaker.say("on_last" if every.nth == LAST else f"on_nth_{every.nth}", days=days)
        key = "monthly" if every.step == 1 else "every_month"
        return speaker.say(key, step=every.step, at=at, on=on) + since
    if every.step == 1:
        key = "daily" if every.unit is Unit.DAY else "weekly"
        return speaker.say(key, days=days, at=at) + since
    key = "every_day" if every.unit is Unit.DAY else "every_week"
    return speaker.say(key, step=every.step, days=days, at=at) + since
