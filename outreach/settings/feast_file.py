"""The company's own feasts as they are written under `feasts` in outreach.yaml."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema

from outreach.documents import Path, RefusalError
from outreach.settings.feast_days import FeastDays
from outreach.settings.near_values import near_moment
from outreach.settings.written import parse_country

Days = tuple[FeastDays, ...]
_DAY = re.compile(r"(\d{4}-)?\d\d-\d\d", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_FORMS = "write its days, for example `[2026-03-03, 2027-02-20]`, or `09-09` for each year"


def _feast(written: object) -> Days:
    """Days for everyone; or by year; or by country, and there alike."""
    if not isinstance(written, dict):
        return (FeastDays(tuple(_days(written, ()))),)
    if not written:
        raise RefusalError("no day is named", _FORMS)
    if all(_YEAR.fullmatch(key) for key in written):
        return (FeastDays(tuple(_by_year(written, ()))),)
    return tuple(_in_countries(written))


def _in_countries(written: Mapping[str, object]) -> Iterator[FeastDays]:
    for key, value in written.items():
        try:
            country = parse_country(key)
        except RefusalError as refusal:
            raise RefusalError(refusal.message, refusal.hint, at=(key,), key=True) from None
        by_year = isinstance(value, dict)
        found = _by_year(value, (key,)) if isinstance(value, dict) else _days(value, (key,))
        if by_year and not value:
            raise RefusalError("no day is named", _FORMS, at=(key,))
        yield FeastDays(tuple(found), country)


def _by_year(written: Mapping[str, object], at: Path) -> Iterator[str]:
    for year, value in written.items():
        if _YEAR.fullmatch(year) is None:
            raise RefusalError(f"`{year}` is no year", _FORMS, at=(*at, year), key=True)
        for day in _days(value, (*at, year)):
            dated = day if len(day) == 10 else f"{year}-{day}"
            if not dated.startswith(year):
                raise RefusalError(f"`{day}` is not in {year}", "write it there", at=(*at, year))
            if not _exists(dated):
                message, hint = f"`{dated}` does not exist", "look at a calendar"
                raise RefusalError(message, hint, at=(*at, year))
            yield dated


def _days(written: object, at: Path) -> Iterator[str]:
    listed = written if isinstance(written, list) else [written]
    if not listed:
        raise RefusalError("no day is named", _FORMS, at=at)
    for number, each in enumerate(listed):
        place = (*at, number) if isinstance(written, list) else at
        if not isinstance(each, str):
            raise RefusalError("this must be a day", _FORMS, at=place)
        if _DAY.fullmatch(each) is None:
            meant = near_moment(each, with_time=False)
            raise RefusalError(
                f"`{each}` is no day", f"write `{meant}`" if meant else _FORMS, at=place
            )
        if not _exists(each if len(each) == 10 else f"2000-{each}"):
            raise RefusalError(f"`{each}` does not exist", "look at a calendar", at=place)
        yield each


def _exists(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


_SOME = {
    "anyOf": [
        {"type": "string", "pattern": rf"^{_DAY.pattern}$"},
        {"type": "array", "items": {"type": "string", "pattern": rf"^{_DAY.pattern}$"}},
    ]
}
_BY_KEY = {"type": "object", "additionalProperties": _SOME}
Feast = Annotated[
    Days,
    PlainValidator(_feast),
    WithJsonSchema(
        {
            "anyOf": [
                *_SOME["anyOf"],
                {"type": "object", "additionalProperties": {"anyOf": [*_SOME["anyOf"], _BY_KEY]}},
            ],
            "examples": [["2026-03-03", "2027-02-20"], "09-09", {"CN": ["2026-03-03"]}],
        }
    ),
]
