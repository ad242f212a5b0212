"""Pictures as SVG: a calendar heat map of messages, and a histogram of touches."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from html import escape

from outreach.vocabulary import number_of

CELL, GAP, LEFT, TOP = 22, 3, 170, 56
SHADES = ("#eef1f4", "#cfe3f5", "#9cc7ea", "#5fa3d8", "#2b78b8", "#0d4a80")  # none … most
BAR, HEIGHT = 34, 180
_FONT = 'font-family="system-ui, sans-serif" font-size="12" fill="#24292f"'
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def calendar(title: str, messages: Mapping[date, Mapping[str, int]]) -> str:
    """A heat map of messages by day: the whole as a calendar of weeks, then each campaign's days.

    `messages` by day and campaign; the days follow one another.
    """
    days = sorted(messages)
    totals = {day: sum(messages[day].values()) for day in days}
    names = sorted({name for each in messages.values() for name in each})
    weeks = (days[-1] - _monday(days[0])).days // 7 + 1
    width = LEFT + max(weeks, len(days)) * (CELL + GAP) + GAP
    below = TOP + 7 * (CELL + GAP) + 3 * CELL
    height = below + len(names) * (CELL + GAP) + CELL
    parts = [_text(GAP, CELL, title, bold=True), *_weeks(days, totals)]
    if names:
        parts.append(_text(GAP, below - CELL // 2, "by campaign, day by day", bold=True))
    for row, name in enumerate(names):
        counts = {day: messages[day].get(name, 0) for day in days}
        parts += _strip(name, counts, below + row * (CELL + GAP))
    return _svg(width, height, parts)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _weeks(days: Sequence[date], totals: Mapping[date, int]) -> Iterator[str]:
    first, most = _monday(days[0]), max(totals.values())
    for number, name in enumerate(_DAYS):
        yield _text(LEFT - 3 * CELL, TOP + number * (CELL + GAP) + CELL * 2 // 3, name)
    for day in days:
        week = (day - first).days // 7
        x, y = LEFT + week * (CELL + GAP), TOP + day.weekday() * (CELL + GAP)
        if day == days[0] or (day.day <= 7 and day.weekday() == 0):
            yield _text(x, TOP - GAP * 2, f"{day:%b %d}")
        yield _cell(
            x, y, f"{day:%a %Y-%m-%d}: {number_of(totals[day], 'message')}", totals[day], most
        )


def _strip(name: str, counts: Mapping[date, int], y: int) -> Iterator[str]:
    yield _text(GAP, y + CELL * 2 // 3, name if len(name) <= 24 else f"{name[:23]}…")
    most = max(counts.values())
    for number, (day, many) in enumerate(counts.items()):
        told = f"{name}, {day:%a %Y-%m-%d}: {number_of(many, 'message')}"
        yield _cell(LEFT + number * (CELL + GAP), y, told, many, most)


def _cell(x: int, y: int, told: str, many: int, most: int) -> str:
    shade = 0 if not many else 1 + (many * (len(SHADES) - 2)) // most
    return (
        f'<rect x="{x}" y="{y}" width="{CELL}" height="{CELL}" rx="3" '
        f'fill="{SHADES[min(shade, len(SHADES) - 1)]}"><title>{escape(told)}</title></rect>'
    )


def histogram(title: str, customers: Mapping[int, int]) -> str:
    """How many customers got how many messages: a bar for each number, from none on."""
    most_touches, most = max(customers, default=0), max(customers.values(), default=1)
    numbers = range(most_touches + 1)
    width = max(2 * BAR + len(numbers) * BAR, 360)
    parts = [_text(GAP, CELL, title, bold=True)]
    for number in numbers:
        people = customers.get(number, 0)
        high = -(-people * HEIGHT // most) if people else 0
        x, y = BAR + number * BAR, TOP + HEIGHT - high
        told = escape(f"{number_of(number, 'message')}: {number_of(people, 'customer')}")
        parts.append(
            f'<rect x="{x}" y="{y}" width="{BAR - GAP}" height="{high}" fill="{SHADES[3]}">'
            f"<title>{told}</title></rect>"
        )
        parts.append(_text(x + BAR // 3, TOP + HEIGHT + CELL, str(number)))
    parts.append(_text(BAR, TOP + HEIGHT + 2 * CELL, "messages in the span, by customer"))
    return _svg(width, TOP + HEIGHT + 3 * CELL, parts)


def _text(x: int, y: int, words: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x}" y="{y}" {_FONT}{weight}>{escape(words)}</text>'


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">'
    )
    ground = f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
    return "\n".join([opening, ground, *parts, "</svg>", ""])
