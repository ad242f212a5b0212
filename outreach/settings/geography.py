"""The time zones and countries there are: one set of each for settings and imports."""

from collections.abc import Mapping
from functools import cache
from zoneinfo import available_timezones

# Of the tz database, but no place: what this machine is set to, and «not known».
_NO_ZONES = frozenset(["Etc/Unknown", "Factory", "localtime", "posixrules"])
_NO_COUNTRIES = frozenset(["EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"])


@cache
def zones() -> frozenset[str]:
    """The time zones by their IANA names."""
    return frozenset(available_timezones()) - _NO_ZONES


@cache
def countries() -> Mapping[str, str]:
    """The countries' English names by their two letters (ISO 3166 alpha-2)."""
    from babel import Locale  # slow to load, and most commands need no country

    names = {str(code): str(name) for code, name in Locale("en").territories.items()}
    return {
        code: name
        for code, name in names.items()
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES
    }
