from datetime import date, timedelta
from xml.etree import ElementTree

from outreach.simulation.pictures import SHADES, calendar, histogram

FIRST = date(2026, 7, 3)  # a Friday
SVG = "{http://www.w3.org/2000/svg}"


def titles(picture: str) -> dict[str, str]:
    """Shade by what a cell tells."""
    cells = ElementTree.fromstring(picture).iter(f"{SVG}rect")
    return {
        told.text or "": cell.attrib["fill"]
        for cell in cells
        if (told := cell.find(f"{SVG}title")) is not None
    }


def test_each_day_is_a_cell_and_the_fullest_is_the_darkest() -> None:
    messages = {FIRST + timedelta(days=n): {"greeting": n * 10} for n in range(8)}

    found = titles(calendar("All", messages))

    assert found["Fri 2026-07-03: 0 messages"] == SHADES[0]
    assert found["Fri 2026-07-10: 70 messages"] == SHADES[-1]
    assert found["greeting, Sat 2026-07-04: 10 messages"] == SHADES[1]
    assert len(found) == 16


def test_a_calendar_without_messages_is_drawn_too() -> None:
    assert titles(calendar("None", {FIRST: {}})) == {"Fri 2026-07-03: 0 messages": SHADES[0]}


def test_names_are_escaped() -> None:
    assert "a &lt;b&gt;" in calendar("a <b>", {FIRST: {}})


def test_a_histogram_has_a_bar_for_each_number_from_none_on() -> None:
    found = titles(histogram("Touches", {0: 5, 2: 10}))

    assert list(found) == [
        "0 messages: 5 customers",
        "1 message: 0 customers",
        "2 messages: 10 customers",
    ]
