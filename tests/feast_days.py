"""When a feast begins in a country, in plain Python: the package's names read day by day."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

import holidays

from outreach.campaign.feasts import OnHoliday

DAY = timedelta(days=1)


def begins(feast: OnHoliday, country: str, day: date) -> bool:
    """Whether the feast's first day in a country (the company's where none is known) is this one."""
    country = country or feast.home
    own = [each for each in feast.own if each.country in ("", country)]
    if own:
        written = {text for each in own for text in each.days}
        return any(_is(text, day) for text in written) and not any(
            _is(text, day - n * DAY) for text in written for n in range(1, 8)
        )
    return any(
        feast.name in names(country, day, public)
        and not any(feast.name in names(country, day - n * DAY, public) for n in range(1, 8))
        and (public or not _is_public(feast.name, country, day))
        for public in (True, False)
    )


def _is_public(name: str, country: str, day: date) -> bool:
    return any(name in names(country, day + n * DAY, True) for n in range(-8, 9))


def _is(text: str, day: date) -> bool:
    return text in (day.isoformat(), f"{day:%m-%d}")


def names(country: str, day: date, public: bool) -> set[str]:
    """What the day is called there; not where another day only stands in for it."""
    calendar = _calendar(country, public)
    if calendar is None:
        return set()
    written = [name for name in (calendar.get(day) or "").split("; ") if name]
    proper = (name for name in written if not name.endswith(("observed)", "in lieu)", "pm)")))
    return {each for name in proper for each in _parts(name.removesuffix(" (estimated)"))}


def _parts(name: str) -> Iterator[str]:
    yield name
    if name.endswith(")"):
        outside, _, inside = name.removesuffix(")").partition(" (")
        yield from (outside, inside)


@lru_cache
def _calendar(country: str, public: bool) -> holidays.HolidayBase | None:
    if country not in holidays.list_supported_countries():
        return None
    kind = getattr(holidays, country)
    return kind(language="en_US", categories=None if public else kind.supported_categories)
