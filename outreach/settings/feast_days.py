"""A company's own feasts: on which days, in which countries."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class FeastDays:
    """The days of one feast in one country, or for everyone: YYYY-MM-DD, or MM-DD of each year."""

    days: tuple[str, ...]
    country: str = ""  # everyone's

    def in_year(self, year: int) -> list[date]:
        """Those in one year; a 29 February that comes each year in leap years alone."""
        dated = (f"{year:04}-{day}" if len(day) == 5 else day for day in self.days)
        found = (_exact(day) for day in dated if day.startswith(f"{year:04}-"))
        return [day for day in found if day is not None]


def _exact(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
