"""Moving feasts by country: on which day each begins, as the `holidays` package knows them."""

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cache, lru_cache

from outreach.settings.feast_days import FeastDays

DAY = timedelta(days=1)
_ENGLISH = "en_US"
_APART = 7 * DAY  # days of one name that lie further apart are feasts of their own
_IN_PLACE = 10 * DAY  # so near a feast a substitute for it lies
_YEARS_AHEAD = 12  # no feast that is known stays away longer
_LAST_YEAR = 9990
_KNOWN_YEAR = 2026  # names are looked up in it and the next: they hardly change
# Of a name's end: a day instead of the feast, or a part of the day before it.
_SUBSTITUTE = re.compile(
    r"\s*\((?:observed|observed, estimated|in lieu|substitute day|from \d+[ap]m|afternoon"
    r"|additional holiday)\)$",
    re.IGNORECASE,
)
_ESTIMATED = re.compile(r"\s*\(estimated\)$", re.IGNORECASE)
_OTHERWISE = re.compile(r"(.+?)\s*\((.+)\)")  # Chinese New Year (Spring Festival)
_DAY_OFF = "Day off"  # what the package calls a day that is swapped for a weekend
Own = tuple[FeastDays, ...]


@dataclass(frozen=True, slots=True)
class OnHoliday:
    """A feast that starts a message, so many days before or after the day on which it begins."""

    name: str
    at: time
    offset_days: int = 0  # before it where negative
    own: Own = ()  # the company's own days of that name
    home: str = ""  # the company's country, for customers whose own is not known

    def comes_to(self, country: str, day: date) -> bool:
        """Whether a customer of a country has the message on a day."""
        feast = day - self.offset_days * DAY
        return feast in _days_in(key_of(self.name), self.own, country or self.home, feast.year)

    def days_from(self, begin: date) -> Iterator[date]:
        """The days from `begin` on, in order, on which the message comes to any country."""
        first = (begin - self.offset_days * DAY).year
        quiet = 0
        for year in range(first, _LAST_YEAR):
            found = _days(key_of(self.name), self.own, year)
            yield from (on for feast in found if (on := feast + self.offset_days * DAY) >= begin)
            quiet = 0 if found else quiet + 1
            if quiet > _YEARS_AHEAD:
                return


@lru_cache(maxsize=8192)
def key_of(name: str) -> str:
    """A feast's name as it is compared: whatever its case and the form of its apostrophes."""
    return " ".join(name.replace("’", "'").casefold().split())


def is_known(name: str, own: Iterable[str]) -> bool:
    """Whether there is a feast of this name: one of the company's own, or of any country."""
    return key_of(name) in map(key_of, own) or next(_having(key_of(name)), None) is not None


@lru_cache(maxsize=256)
def countries_with(name: str) -> tuple[str, ...]:
    """The countries that have a feast of this name, not of the company's own."""
    return tuple(_having(key_of(name)))


def _having(key: str) -> Iterator[str]:
    for country in _countries():
        if any(key in _keys_in(country, _KNOWN_YEAR + step) for step in (0, 1)):
            yield country


@cache
def feast_names() -> tuple[str, ...]:
    """Every name of a feast of any country."""
    return tuple(sorted(set().union(*map(feasts_in, _countries()))))


def feasts_in(country: str) -> set[str]:
    """The names of one country's feasts."""
    names = {
        each for all_ in _written(country, _KNOWN_YEAR, public=False).values() for each in all_
    }
    return {spelt for name in names for spelt in _read(name).spellings}


@lru_cache(maxsize=4096)
def _days_in(key: str, own: Own, country: str, year: int) -> frozenset[date]:
    """The days in a year on which a feast begins in one country: the company's own, or its."""
    theirs = [each for each in own if each.country in ("", country)]
    if theirs:
        days = (day for each in theirs for near in (year - 1, year) for day in each.in_year(near))
        return frozenset(day for day in _first_days(days) if day.year == year)
    return _feasts(country, year).get(key, frozenset())


@lru_cache(maxsize=1024)
def _days(key: str, own: Own, year: int) -> tuple[date, ...]:
    """The days in a year on which a feast begins in any country, in order."""
    if any(not each.country for each in own):
        countries: Iterable[str] = [""]
    else:
        countries = {*_countries(), *(each.country for each in own)}
    return tuple(sorted({d for each in countries for d in _days_in(key, own, each, year)}))


@lru_cache(maxsize=1024)
def _feasts(country: str, year: int) -> Mapping[str, frozenset[date]]:
    """By key, the days in a year of a country on which feasts begin.

    What is a public holiday too begins with that: others may have a day off before it.
    """
    found = _begun(country, year, public=False) | _begun(country, year, public=True)
    in_year = {
        key: frozenset(day for day in days if day.year == year) for key, days in found.items()
    }
    return {key: days for key, days in in_year.items() if days}


def _begun(country: str, year: int, *, public: bool) -> dict[str, list[date]]:
    """By key, the days on which feasts begin in a year or near it."""
    proper: dict[str, set[date]] = {}
    instead: dict[str, set[date]] = {}
    for near in (year - 1, year, year + 1):
        for day, names in _written(country, near, public=public).items():
            for read in map(_read, names):
                group = instead if read.is_substitute else proper
                for key in read.keys:
                    group.setdefault(key, set()).add(day)
    for key, days in instead.items():
        known = proper.get(key, set())
        lone = {day for day in days if all(abs(day - other) > _IN_PLACE for other in known)}
        proper.setdefault(key, set()).update(lone)
    return {key: _first_days(days) for key, days in proper.items()}


def _first_days(days: Iterable[date]) -> list[date]:
    """The first of each several days that lie near one another."""
    found: list[date] = []
    last = date.min
    for day in sorted(set(days)):
        if not found or day - last > _APART:
            found.append(day)
        last = day
    return found


@dataclass(frozen=True, slots=True)
class _Read:
    """What a name in the package says: itself, where it has another one in brackets each of the
    two; and whether its day only stands in for the feast.
    """

    spellings: tuple[str, ...]
    is_substitute: bool

    @property
    def keys(self) -> Iterator[str]:
        return map(key_of, self.spellings)


@lru_cache(maxsize=8192)
def _read(name: str) -> _Read:
    if name.startswith(_DAY_OFF):
        return _Read((), True)
    plain = _SUBSTITUTE.sub("", _ESTIMATED.sub("", name))
    match = _OTHERWISE.fullmatch(plain)
    spellings = (plain, *match.groups()) if match else (plain,)
    return _Read(spellings, _SUBSTITUTE.search(name) is not None)


def _keys_in(country: str, year: int) -> set[str]:
    names = {name for names in _written(country, year, public=False).values() for name in names}
    return {key for name in names for key in _read(name).keys}


@cache
def _countries() -> tuple[str, ...]:
    """The countries whose feasts are known, by their two letters."""
    import holidays  # a quarter of a second, and most campaigns ask for none

    return tuple(sorted(code for code in holidays.list_supported_countries() if len(code) == 2))


@lru_cache(maxsize=2048)
def _written(country: str, year: int, *, public: bool) -> Mapping[date, tuple[str, ...]]:
    """By day the names that the package gives it: of public holidays, or of all that it knows."""
    import holidays

    if country not in _countries():
        return {}
    kind = getattr(holidays, country)
    english = _ENGLISH if _ENGLISH in kind.supported_languages else None
    categories = None if public else kind.supported_categories
    # A country whose calendar ends before this year has no feasts there: nobody need be told how.
    warnings.filterwarnings("ignore", "Requested Holidays are available", UserWarning)
    found = kind(years=year, language=english, categories=categories, expand=False)
    return {day: tuple(names.split("; ")) for day, names in found.items()}
