"""How the window of a limit is told."""

import pytest

from outreach.spans import parse_per


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("1 day", "1 day"),
        ("7 days", "7 days"),
        ("1 week", "7 days"),
        ("1 hour", "1 hour"),
        ("24 hours", "24 hours"),
        ("90 minutes", "90 minutes"),
        ("45 seconds", "45 seconds"),
        ("calendar month", "calendar month"),
    ],
)
def test_a_window_is_told_as_people_write_it(written: str, told: str) -> None:
    assert str(parse_per(written)) == told
