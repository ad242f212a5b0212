"""How a mail is shown by day and by night."""

import pytest

from outreach.app.mail_view import ALWAYS, NEVER, as_read, has_dark_rules, has_remote_pictures
from outreach.rendering.footer import with_pixel

RULED = "<!DOCTYPE html>\n<style>@media (prefers-color-scheme: dark) { body { color: white } }</style><p>Hi"


def test_rules_for_dark_hold_in_the_dark_and_not_by_day() -> None:
    assert f"@media {ALWAYS}" in as_read(RULED, dark=True)
    assert f"@media {NEVER}" in as_read(RULED, dark=False)


def test_rules_for_light_hold_by_day_only() -> None:
    html = "<style>@media (Prefers-Color-Scheme:light) { body { color: black } }</style>"

    assert f"@media {NEVER}" in as_read(html, dark=True)
    assert f"@media {ALWAYS}" in as_read(html, dark=False)


def test_a_mail_without_rules_is_turned_around_in_the_dark() -> None:
    assert "invert" in as_read("<p>Hi", dark=True)
    assert "invert" not in as_read(RULED, dark=True)
    assert "invert" not in as_read("<p>Hi", dark=False)


def test_the_doctype_stays_first() -> None:
    """A page whose doctype is not first is laid out by the rules of old browsers."""
    assert as_read(RULED, dark=False).startswith("<!DOCTYPE html><base")


@pytest.mark.parametrize(
    ("html", "has"),
    [
        (RULED, True),
        ('<meta name="color-scheme" content="light dark">', True),
        (":root { color-scheme: light dark; }", True),
        ("<p>My dark (prefers-color-scheme: light) side", False),
        ("", False),
    ],
)
def test_what_counts_as_rules_for_dark(html: str, has: bool) -> None:
    assert has_dark_rules(html) is has


@pytest.mark.parametrize(
    ("html", "has"),
    [
        ('<img alt="" src="https://a.example/b.png">', True),
        ("<img src=//a.example/b.png>", True),
        ('<td background="http://a.example/b.png">', True),
        ("<p style=\"background: url('https://a.example/b.png')\">", True),
        (with_pixel("<body></body>", "https://our.example/o/token.gif"), False),
        ('<img src="data:image/png;base64,AA==">', False),
        ('<a href="https://a.example/b.png">see it</a>', False),
    ],
)
def test_what_counts_as_pictures_from_elsewhere(html: str, has: bool) -> None:
    assert has_remote_pictures(html) is has


def test_to_look_at_a_mail_tells_of_no_opening() -> None:
    html = with_pixel("<body><p>Hi</body>", "https://our.example/o/token.gif")

    assert "our.example" not in as_read(html, dark=False)
